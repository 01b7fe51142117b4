"""A screen is asked; its answer is kept, and stands in when the source is silent the next time."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django import forms
from django.db import IntegrityError
from django.http import QueryDict

from accounts.models import User
from lucy import clock
from lucy.errors import LucyError
from screener import questions
from screener.models import ScreenResult
from screener.models.results import columns_of
from screener.questions import Asked
from screener.screens import Result, Screen


@dataclass(frozen=True, slots=True)
class Question:
    """A screen and a valid form of it."""

    screen: Screen
    user: User
    form: forms.Form
    asked: Asked

    @property
    def scope(self) -> str:
        return "" if self.screen.shared else str(self.user.pk)

    @property
    def hash(self) -> str:
        return questions.hash_of(self.asked)

    @property
    def query(self) -> str:
        return questions.query_of(self.asked).urlencode()

    @property
    def sentence(self) -> str:
        return questions.sentence(self.form)


@dataclass(frozen=True, slots=True)
class Answer:
    """What there is to show. `result` is None when nothing was ever read.

    `silence`: why the source did not answer now; `result` is then the last good one. `partial`: how many rows
    were read before a half-read run broke off; `result` is then the last good one, or, when there is none,
    the half-read one itself, which says so (`complete` is False).
    """

    result: Result | None
    read_at: datetime | None
    silence: LucyError | None = None
    partial: int | None = field(default=None)

    @property
    def is_good(self) -> bool:
        """Read just now, and whole: what is compared, kept and told."""
        return self.silence is None and self.partial is None and self.result is not None


def question(screen: Screen, user: User, query: QueryDict) -> Question | forms.Form:
    """The question in a query, or the form that says what is wrong with it.

    Raises `LucyError` when the form's own choices could not be fetched.
    """
    form = screen.form_class(questions.data_for(screen.form_class, query), user=user)
    if not form.is_valid():
        return form
    return Question(screen, user, form, questions.asked_of(form))


def sentence_of(screen: Screen, user: User, asked: Asked) -> str:
    """What was asked, for a reader; empty where the form's choices cannot be fetched now."""
    try:
        found = question(screen, user, questions.query_of(asked))
    except LucyError:
        return ""
    return found.sentence if isinstance(found, Question) else ""


def ask(asked: Question) -> Answer:
    """Ask the source now, and keep what it answers."""
    try:
        result = asked.screen.fetch(asked.user, asked.form.cleaned_data)
    except LucyError as silence:
        return _last(asked, silence=silence)
    now = clock.now()
    _keep(asked, result, now)
    if result.complete:
        return Answer(result, now)
    return _last(asked, partial=len(result.rows))


def known(asked: Question) -> Answer:
    """What was read last; no source is asked."""
    return _last(asked)


def is_fresh(answer: Answer, screen: Screen) -> bool:
    good = answer.result is not None and answer.result.complete
    return good and answer.read_at is not None and clock.now() - answer.read_at <= screen.fresh


def _last(asked: Question, *, silence: LucyError | None = None, partial: int | None = None) -> Answer:
    good, half = _stored(asked, complete=True), _stored(asked, complete=False)
    newer = half is not None and (good is None or half.read_at > good.read_at)
    if half is not None and newer and partial is None:
        partial = half.count
    shown = good or half
    if shown is None:
        return Answer(None, None, silence)
    return Answer(shown.result(), shown.read_at, silence, partial)


def _stored(asked: Question, *, complete: bool) -> ScreenResult | None:
    return ScreenResult.objects.filter(**_name(asked, complete)).first()


def _name(asked: Question, complete: bool) -> dict[str, object]:
    return {
        "screen": asked.screen.key,
        "scope": asked.scope,
        "question": asked.hash,
        "complete": complete,
    }


def _keep(asked: Question, result: Result, now: datetime) -> None:
    """The newest answer in its place; of two readers at once the later one stays."""
    name = _name(asked, result.complete)
    values = {**columns_of(result), "asked": asked.asked, "read_at": now}
    if ScreenResult.objects.filter(**name, read_at__lte=now).update(**values):
        return
    try:
        ScreenResult.objects.create(**name, **values)
    except IntegrityError:  # another reader was quicker, or its answer is newer
        ScreenResult.objects.filter(**name, read_at__lt=now).update(**values)


def newest_good(user: User, screen: Screen) -> ScreenResult | None:
    """The last good result of a screen, whatever it was asked: what own screens look into."""
    scope = "" if screen.shared else str(user.pk)
    found = ScreenResult.objects.filter(screen=screen.key, scope=scope, complete=True)
    return found.order_by("-read_at").first()


KEPT_DAYS = 30


def forget_old_results() -> int:
    """Answers to questions that nobody has asked for a month; snapshots stay."""
    return ScreenResult.objects.filter(read_at__lt=clock.now() - timedelta(days=KEPT_DAYS)).delete()[0]
