"""What every task of the house is: written down as it runs, skipped while the one before still runs."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, ParamSpec, TypeVar

from celery import Task, shared_task
from celery.exceptions import Ignore, Retry

LIMIT = timedelta(minutes=30)  # of a task that names none
MOST_LINES = 400

P = ParamSpec("P")
R = TypeVar("R")

logger = logging.getLogger(__name__)


def job(
    *, quiet: bool = False, time_limit_minutes: float = LIMIT.total_seconds() / 60
) -> Callable[[Callable[P, R]], Task[P, R]]:
    """`shared_task` with the options of `JobTask`, which the types of Celery do not know."""
    options: dict[str, Any] = {"quiet": quiet, "time_limit_minutes": time_limit_minutes}
    decorate: Callable[[Callable[P, R]], Task[P, R]] = shared_task(**options)
    return decorate


class JobTask(Task):  # type: ignore[type-arg]
    """A task whose runs are rows of `JobRun`; `job` sets its options.

    A quiet task leaves no row of a run that gave None: it runs every few seconds and mostly finds nothing.

    The worker's threads cannot be stopped from outside, so the limit ends no run: past it a run counts as
    lost and the next may begin. What may take long watches the clock by itself.
    """

    abstract = True
    time_limit_minutes: float = LIMIT.total_seconds() / 60
    quiet: bool = False

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self.request.called_directly:
            return super().__call__(*args, **kwargs)
        # Both need Django's apps, which Celery asks for this class before.
        from lucy.errors import LucyError
        from lucy.jobs import services

        headers = self.request.headers or {}
        run = services.begin(
            self.name,
            task_id=self.request.id or "",
            worker=self.request.hostname or "",
            job=headers.get("periodic_task_name") or "",
            asked_by=asked_by(self),
            limit=timedelta(minutes=self.time_limit_minutes),
        )
        if run is None:
            raise Ignore
        with _heard() as lines:
            try:
                result = self.run(*args, **kwargs)
            except Retry as turn:
                services.failed(run, str(turn.exc or turn), "\n".join(lines), again=True)
                raise
            except LucyError as refusal:  # in words, known and expected: without its way through the code
                logger.warning("%s: %s", self.name, refusal.message)
                services.failed(run, refusal.message, "\n".join(lines))
                raise
            except BaseException as failure:
                logger.exception("%s failed", self.name)
                services.failed(run, f"{type(failure).__name__}: {failure}", "\n".join(lines))
                raise
            if self.quiet and result is None:
                services.forget(run)
            else:
                services.done(run, "" if result is None else str(result), "\n".join(lines))
        return result


class _Listener(logging.Handler):
    """Keeps the lines of each thread that asks for them."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
        self.own = threading.local()

    def emit(self, record: logging.LogRecord) -> None:
        lines = getattr(self.own, "lines", None)
        if lines is not None and len(lines) < MOST_LINES:
            lines.append(self.format(record))


_listener = _Listener()


def asked_by(task: "Task[..., Any]") -> str:
    """The user who asked for this run by hand; empty: the clock did."""
    return (task.request.headers or {}).get("asked_by") or ""


@contextmanager
def _heard() -> Iterator[list[str]]:
    """What this thread logs meanwhile."""
    root = logging.getLogger()
    if _listener not in root.handlers:
        root.addHandler(_listener)
    lines: list[str] = []
    _listener.own.lines = lines
    try:
        yield lines
    finally:
        _listener.own.lines = None
