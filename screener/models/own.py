"""나의 조건: screens that users put together themselves."""

from bson import ObjectId
from django.conf import settings
from django.db import models


class OwnScreen(models.Model):
    """Conditions under a name; `rule` is read and checked by `screener.own`."""

    user_id: ObjectId
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="+",
        verbose_name="사용자",
        db_index=False,
    )
    name = models.CharField("이름", max_length=60)
    rule = models.JSONField("조건")
    shared = models.BooleanField("공유", default=False, db_index=True)
    changed_at = models.DateTimeField("고침")

    class Meta:
        verbose_name = "나의 조건"
        verbose_name_plural = "나의 조건"
        constraints = [models.UniqueConstraint(fields=["user", "name"], name="an_own_screen_is_named_once")]

    def __str__(self) -> str:
        return self.name
