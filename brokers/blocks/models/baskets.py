"""Basket files: each row once, however often the file is sent."""

from bson import ObjectId
from django.conf import settings
from django.db import models

from brokers.blocks.models.blocks import Block
from brokers.blocks.models.plans import Plan


class Basket(models.Model):
    """A file of orders that became blocks; the same file of the same person and plan is the same basket."""

    plan_id: ObjectId
    user_id: ObjectId
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name="올린 사람"
    )
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="+", verbose_name="배분계획")
    file_name = models.CharField("파일", max_length=200)
    file_hash = models.CharField("SHA-256", max_length=64)
    created_at = models.DateTimeField("올린 시각")

    class Meta:
        verbose_name = "바스켓"
        verbose_name_plural = "바스켓"
        constraints = [
            models.UniqueConstraint(fields=["user", "plan", "file_hash"], name="one_basket_per_file")
        ]
        indexes = [
            models.Index(fields=["user", "-created_at", "-id"], name="baskets_of_user"),
            models.Index(fields=["file_hash"], name="baskets_of_file"),
            models.Index(fields=["-created_at"], name="baskets_newest"),
        ]

    def __str__(self) -> str:
        return self.file_name


class BasketRow(models.Model):
    """One row of the file, and the block it became part of."""

    basket_id: ObjectId
    block_id: ObjectId | None
    basket = models.ForeignKey(Basket, on_delete=models.CASCADE, related_name="rows", verbose_name="바스켓")
    number = models.IntegerField("행")  # in the file; the headings are line 1
    fund_code = models.CharField("펀드코드", max_length=20)
    symbol = models.CharField("종목코드", max_length=7)
    side = models.CharField("구분", max_length=4)
    quantity = models.BigIntegerField("수량 (주)")
    price = models.DecimalField("가격", max_digits=14, decimal_places=0)
    block = models.ForeignKey(
        Block, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="블록"
    )
    note = models.CharField("사유", max_length=300, blank=True, default="")  # why it has no block

    class Meta:
        verbose_name = "바스켓 행"
        verbose_name_plural = "바스켓 행"
        constraints = [models.UniqueConstraint(fields=["basket", "number"], name="one_basket_row_per_line")]

    def __str__(self) -> str:
        return f"{self.number}: {self.fund_code} {self.symbol}"
