"""Results kept by name, and compared with another result of the same screen."""

from django.db import IntegrityError

from accounts.models import User
from lucy import clock
from lucy.errors import LucyError
from screener.board import Marked
from screener.compare import Comparison, compare
from screener.models import Snapshot
from screener.models.results import columns_of
from screener.rights import snapshots_of
from screener.screens import Result, Screen
from screener.services import results
from screener.services.results import Question

MOST_SNAPSHOTS = 100


def keep(user: User, asked: Question, name: str) -> Snapshot:
    """The last good result under a name. Raises `LucyError` when there is none, or the name is taken."""
    result = results.known(asked).result
    if result is None or not result.complete:
        raise LucyError("nothing_to_keep", "끝까지 읽은 결과가 없어 보관하지 않았습니다. 다시 조회하세요.")
    if not name.strip():
        raise LucyError("invalid", "이름을 넣으세요.", field="name")
    if snapshots_of(user).count() >= MOST_SNAPSHOTS:
        words = f"결과는 {MOST_SNAPSHOTS}개까지 보관할 수 있습니다. 필요 없는 것을 지우세요."
        raise LucyError("too_many_snapshots", words)
    values = {"asked": asked.asked, "kept_at": clock.now(), **columns_of(result)}
    try:
        return Snapshot.objects.create(user=user, screen=asked.screen.key, name=name.strip(), **values)
    except IntegrityError as taken:
        words = f"‘{name.strip()}’(이)라고 보관한 결과가 이미 있습니다."
        raise LucyError("name_taken", words, status=409) from taken


def side_by_side(screen: Screen, before: Result, now: Result) -> Comparison:
    """Raises `LucyError` for a half-read result: what it lacks would look as if it had left."""
    if not (before.complete and now.complete):
        raise LucyError("half_read", "일부만 읽은 결과와는 비교하지 않습니다.")
    return compare(screen, before.rows, now.rows)


def marked(found: Comparison) -> list[Marked]:
    """What differs, as rows of the table: entered, changed, left."""
    rows = [Marked(row, "entered") for row in found.entered]
    rows += [Marked(one.now, "changed", one.before) for one in found.changed]
    return rows + [Marked(row, "left") for row in found.left]
