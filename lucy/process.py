"""Processes: run until told to stop, and keep children whose lines go to one log."""

import asyncio
import os
import signal
import subprocess
import threading
import urllib.error
import urllib.request
from collections import deque
from collections.abc import Callable, Coroutine, Iterable, Mapping
from pathlib import Path
from typing import Any

from lucy.embedded import ServiceError, tethered

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
KEPT_LINES = 20


def told_to_stop() -> asyncio.Event:
    """An event that the first SIGTERM, SIGINT or SIGHUP sets; further ones change nothing."""
    told = asyncio.Event()
    for signum in STOP_SIGNALS:
        asyncio.get_running_loop().add_signal_handler(signum, told.set)
    return told


async def run_until_told(jobs: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Run the jobs side by side until SIGTERM or SIGINT; each job looks after its own restarts."""
    told = told_to_stop()
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(job) for job in jobs]
        await told.wait()
        for task in tasks:
            task.cancel()


class Child:
    """A process that dies with us; `heard` gets each of its lines, `ended` is called in the event loop."""

    def __init__(
        self,
        name: str,
        command: list[str],
        *,
        directory: Path,
        environment: Mapping[str, str],
        heard: Callable[[str, str], None],
    ) -> None:
        self.name = name
        self.command = command
        self.directory = directory
        self.environment = environment
        self.heard = heard
        self.lines: deque[str] = deque(maxlen=KEPT_LINES)
        self.process: subprocess.Popen[bytes] | None = None
        self._listener = threading.Thread(target=self._listen, name=f"listen-{name}", daemon=True)

    def start(self) -> None:
        """Spawn it; call from the main thread."""
        try:
            self.process = subprocess.Popen(  # noqa: S603
                tethered(self.command),
                cwd=self.directory,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C reaches us alone; we stop the others in order
            )
        except OSError as error:
            raise ServiceError(f"{self.name} cannot be started: {error.strerror}.") from error
        self._listener.start()

    def wait(self) -> int:
        """Block until it has ended and all its lines were heard."""
        code = self.running().wait()
        self._listener.join()
        return code

    def stop(self, patience_seconds: float) -> bool:
        """Ask it to end; after `patience_seconds` end it. Says whether asking was enough."""
        process = self.process
        if process is None:
            return True
        process.terminate()
        try:
            process.wait(patience_seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            self.wait()
            return False
        self._listener.join(patience_seconds)
        return True

    def running(self) -> subprocess.Popen[bytes]:
        if self.process is None:
            raise ServiceError(f"{self.name} was not started.")
        return self.process

    def why_it_ended(self) -> str:
        return (
            f"{self.name} ended with {ending(self.running().returncode)}; its last words: {self.last_words()}"
        )

    def last_words(self) -> str:
        return self.lines[-1] if self.lines else "none"

    def _listen(self) -> None:
        with self.running() as process:
            for raw in process.stdout or ():
                line = raw.decode(errors="replace").rstrip()
                if line:
                    self.lines.append(line)
                    self.heard(self.name, line)


def ending(code: int | None) -> str:
    return f"signal {signal.Signals(-code).name}" if code is not None and code < 0 else f"exit code {code}"


def answers(url: str) -> bool:
    """Whether the site gives any page, a refusal included, but not a failure."""
    try:
        with urllib.request.urlopen(url, timeout=5):  # noqa: S310  (our own http address)
            return True
    except urllib.error.HTTPError as reply:
        return reply.code < 500
    except OSError:
        return False
