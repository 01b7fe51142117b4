"""Saved searches: kept by name, run by the clock, telling their user who entered and who left."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError
from django.urls import reverse

from accounts.models import User
from brokers.models import UserNoticeKind
from brokers.services.notices import notify
from lucy import clock
from lucy.errors import LucyError
from lucy.mongo import transactional
from screener import questions
from screener.models import SavedScreen, Schedule, ScreenChange
from screener.rights import saved_of
from screener.screens import Screen
from screener.selectors import OWN, find_screen
from screener.services import results
from screener.services.due import is_due
from screener.services.results import Answer, Question

logger = logging.getLogger(__name__)

MOST_SAVED = 50
TOLD_FAILURE = 3  # runs in a row that failed before the user hears of it
NAMED_IN_NOTICE = 5
KEPT_CHANGES = timedelta(days=180)

Member = tuple[str, str]  # what names a row, and how people call it


def save(user: User, asked: Question, name: str, schedule: Schedule, *, tell: bool) -> SavedScreen:
    """Keep a question by name. Raises `LucyError` for a name that is taken and a screen without schedule."""
    _may_run(asked.screen, schedule)
    if saved_of(user).count() >= MOST_SAVED:
        raise LucyError("too_many_searches", f"검색은 {MOST_SAVED}개까지 저장할 수 있습니다.")
    row = SavedScreen(user=user, screen=asked.screen.key, asked=asked.asked, created_at=clock.now())
    return _named_and_timed(row, name, schedule, tell=tell)


def change(saved: SavedScreen, name: str, schedule: Schedule, *, tell: bool) -> SavedScreen:
    """Another name, schedule or word of it; whom the last run found stays. Raises as `save` does."""
    screen = find_screen(saved.user, saved.screen)
    if screen is not None:
        _may_run(screen, schedule)
    return _named_and_timed(saved, name, schedule, tell=tell)


def _named_and_timed(row: SavedScreen, name: str, schedule: Schedule, *, tell: bool) -> SavedScreen:
    """Written with these alone, so that a run that is under way loses nothing."""
    row.name, row.schedule, row.tell = name.strip(), schedule, tell
    if not row.name:
        raise LucyError("invalid", "이름을 넣으세요.", field="name")
    try:
        row.save(update_fields=["name", "schedule", "tell"] if row.pk else None)
    except IntegrityError as taken:
        raise LucyError("name_taken", f"‘{row.name}’(이)라는 검색이 이미 있습니다.", status=409) from taken
    return row


def _may_run(screen: Screen, schedule: Schedule) -> None:
    if schedule != Schedule.NONE and not screen.scheduled:
        raise LucyError("not_scheduled", f"‘{screen.title}’ 화면은 예약해서 실행할 수 없습니다.")


# --- run ----------------------------------------------------------------------------------------------------


def run_due(now: datetime | None = None) -> int:
    """Run what is due; returns how many answered. One that fails, however, stops no other."""
    now = now or clock.now()
    waiting = SavedScreen.objects.exclude(schedule="").select_related("user")
    due = [
        row for row in waiting if row.user.is_active and is_due(Schedule(row.schedule), row.started_at, now)
    ]
    due.sort(key=lambda row: row.screen.startswith(OWN))  # own screens look into what the others just read
    return sum(_run_alone(row) for row in due)


def _run_alone(saved: SavedScreen) -> bool:
    try:
        return run(saved)
    except Exception:  # a screen's mistake must not keep the others from running; the log tells it
        logger.exception("saved search %s failed", saved.pk)
        _failed(saved, "처리하지 못했습니다. 관리자에게 알려 주세요.")
        return False


def run(saved: SavedScreen) -> bool:
    """Ask, compare with the run before, tell. False when another process runs it or nothing good came."""
    now = clock.now()
    claimed = SavedScreen.objects.filter(pk=saved.pk, started_at=saved.started_at).update(started_at=now)
    if not claimed:
        return False
    saved.started_at = now
    try:
        screen, answer = _ask(saved)
    except LucyError as refusal:
        return _failed(saved, refusal.message)
    if answer.silence is not None:
        return _failed(saved, answer.silence.message)
    if not answer.is_good or answer.result is None:
        return _failed(saved, "결과를 일부만 읽어 비교하지 않았습니다.")
    members = {"\t".join(screen.identify(row)): str(row.get("name") or "") for row in answer.result.rows}
    _settle(saved, members, now)
    return True


def _ask(saved: SavedScreen) -> tuple[Screen, Answer]:
    screen = find_screen(saved.user, saved.screen)
    if screen is None:
        raise LucyError("no_screen", "화면이 없어졌거나 더 이상 공유되지 않습니다.")
    asked = results.question(screen, saved.user, questions.query_of(saved.asked))
    if not isinstance(asked, Question):
        raise LucyError("wrong_question", "저장한 조건을 화면이 더 이상 받지 않습니다. 다시 저장하세요.")
    known = results.known(asked)
    return screen, known if known.is_good and results.is_fresh(known, screen) else results.ask(asked)


def _settle(saved: SavedScreen, members: dict[str, str], now: datetime) -> None:
    before = None if saved.members is None else dict(saved.members)
    news = Change([], []) if before is None else difference(before, members)
    _store(saved, members, news, now)


@dataclass(frozen=True, slots=True)
class Change:
    entered: list[Member]
    left: list[Member]

    def __bool__(self) -> bool:
        return bool(self.entered or self.left)


def difference(before: dict[str, str], now: dict[str, str]) -> Change:
    return Change(
        [(key, name) for key, name in now.items() if key not in before],
        [(key, name) for key, name in before.items() if key not in now],
    )


@transactional
def _store(saved: SavedScreen, members: dict[str, str], news: Change, now: datetime) -> None:
    SavedScreen.objects.filter(pk=saved.pk).update(
        members=list(members.items()), good_at=now, failures=0, error=""
    )
    if not news:
        return
    ScreenChange.objects.create(saved=saved, at=now, entered=news.entered, left=news.left)
    if saved.tell:
        key = f"screen:{saved.pk}:{now.isoformat()}"
        notify(saved.user, UserNoticeKind.SCREEN, words_of(saved.name, news), url=address_of(saved), key=key)


def address_of(saved: SavedScreen) -> str:
    return reverse("screener:saved-one", args=[saved.pk])


def words_of(name: str, news: Change) -> str:
    """`‘거래량 급증’: 진입 삼성전자, 카카오 외 3 · 이탈 NAVER`."""
    parts = [("진입", news.entered), ("이탈", news.left)]
    return f"‘{name}’: " + " · ".join(f"{word} {_listed(rows)}" for word, rows in parts if rows)


def _listed(rows: list[Member]) -> str:
    names = ", ".join(name or key for key, name in rows[:NAMED_IN_NOTICE])
    return names + (f" 외 {len(rows) - NAMED_IN_NOTICE}" if len(rows) > NAMED_IN_NOTICE else "")


def _failed(saved: SavedScreen, why: str) -> bool:
    """Whom the last good run found stays; a search that goes on failing tells its user once."""
    failures = saved.failures + 1
    SavedScreen.objects.filter(pk=saved.pk).update(failures=failures, error=why)
    if saved.tell and failures == TOLD_FAILURE and saved.schedule:
        text = f"‘{saved.name}’ 검색이 {TOLD_FAILURE}번 잇달아 실패했습니다: {why}"
        notify(saved.user, UserNoticeKind.SCREEN, text, url=address_of(saved))
    return False


def forget_old_changes() -> int:
    return ScreenChange.objects.filter(at__lt=clock.now() - KEPT_CHANGES).delete()[0]
