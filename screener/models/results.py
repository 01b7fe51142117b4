"""What screens answered: the last good result of each question, results kept by name, and a user's table."""

from bson import ObjectId
from django.conf import settings
from django.db import models

from screener.packing import pack, unpack
from screener.screens import Result


class _Rows(models.Model):
    """A result's rows and what was said about them."""

    screen = models.CharField("화면", max_length=60)
    asked = models.JSONField("조건", default=dict)  # the form's values, as text
    count = models.PositiveIntegerField("행")
    packed = models.BinaryField("내용")
    as_of = models.DateTimeField("기준시각")
    source = models.CharField("출처", max_length=60)
    notes = models.JSONField("알림말", default=list)

    class Meta:
        abstract = True

    def result(self) -> Result:
        return Result(
            unpack(bytes(self.packed)), self.as_of, self.source, self.is_complete, tuple(self.notes)
        )

    @property
    def is_complete(self) -> bool:
        return True


def columns_of(result: Result) -> dict[str, object]:
    """A result as the fields of a row."""
    return {
        "count": len(result.rows),
        "packed": pack(result.rows),
        "as_of": result.as_of,
        "source": result.source,
        "notes": list(result.notes),
    }


class ScreenResult(_Rows):
    """The last result of one question; a half-read one stands beside the last good one, not in its place."""

    scope = models.CharField("누구의", max_length=24, blank=True)  # a user's key; empty for everyone's
    question = models.CharField("질문", max_length=64)  # a hash of `asked`
    complete = models.BooleanField("모두 읽음", default=True)
    read_at = models.DateTimeField("읽은 시각", db_index=True)

    class Meta:
        verbose_name = "화면 결과"
        verbose_name_plural = "화면 결과"
        constraints = [
            models.UniqueConstraint(
                fields=["screen", "scope", "question", "complete"], name="one_last_result_of_a_question"
            )
        ]
        indexes = [
            models.Index(fields=["screen", "scope", "complete", "-read_at"], name="newest_of_a_screen")
        ]

    def __str__(self) -> str:
        return f"{self.screen} {self.as_of:%Y-%m-%d %H:%M}"

    @property
    def is_complete(self) -> bool:
        return self.complete


class Snapshot(_Rows):
    """A result that a user kept by name, to be compared with a later one."""

    user_id: ObjectId
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="+",
        verbose_name="사용자",
        db_index=False,
    )
    name = models.CharField("이름", max_length=60)
    kept_at = models.DateTimeField("보관")

    class Meta:
        verbose_name = "보관한 결과"
        verbose_name_plural = "보관한 결과"
        constraints = [
            models.UniqueConstraint(fields=["user", "screen", "name"], name="a_snapshot_is_named_once")
        ]
        indexes = [models.Index(fields=["user", "-kept_at"], name="snapshots_newest_first")]

    def __str__(self) -> str:
        return self.name


class TableLayout(models.Model):
    """How a user wants a screen's table; read by `services.layouts`."""

    user_id: ObjectId
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="+",
        verbose_name="사용자",
        db_index=False,
    )
    screen = models.CharField("화면", max_length=60)
    layout = models.JSONField("배치", default=dict)

    class Meta:
        verbose_name = "표 배치"
        verbose_name_plural = "표 배치"
        constraints = [models.UniqueConstraint(fields=["user", "screen"], name="one_layout_of_a_table")]

    def __str__(self) -> str:
        return f"{self.user}: {self.screen}"
