"""Listings of the past (공모주-기록): what the forecast learns from."""

from datetime import date
from decimal import Decimal
from typing import Any

from django.core.validators import MinValueValidator, RegexValidator
from django.db import models

from ipo.pages import names

LIMITS_WIDENED_ON = date(2023, 6, 26)  # the first day's range became 60 to 400 % of the offer


class OfferingHistory(models.Model):
    """One listing; an empty figure is unknown, never nought."""

    key = models.CharField("열쇠", max_length=110, unique=True, editable=False)
    company = models.CharField("회사명", max_length=100)
    code = models.CharField(
        "종목코드",
        max_length=6,
        blank=True,
        default="",
        db_index=True,
        validators=[RegexValidator(r"^[0-9A-Z]{6}$", "종목코드는 숫자와 대문자 여섯 자입니다.")],
    )
    offer_price = models.DecimalField(
        "확정공모가", max_digits=14, decimal_places=0, validators=[MinValueValidator(1)]
    )
    sales_eok = models.DecimalField("매출액 (억원)", max_digits=14, decimal_places=2, null=True, blank=True)
    net_income_eok = models.DecimalField(
        "순이익 (억원)", max_digits=14, decimal_places=2, null=True, blank=True
    )
    institution_ratio = models.DecimalField(
        "기관경쟁률",
        max_digits=12,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
    )
    lockup_percent = models.DecimalField(
        "의무보유확약 (%)",
        max_digits=5,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
    )
    first_day_high = models.DecimalField(
        "최고체결가",
        max_digits=14,
        decimal_places=0,
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
    )
    listing_on = models.DateField("상장일", null=True, blank=True, db_index=True)
    note = models.CharField("비고", max_length=500, blank=True, default="")

    class Meta:
        verbose_name = "공모주 기록"
        verbose_name_plural = "공모주 기록"
        ordering = ["-listing_on", "company"]

    def __str__(self) -> str:
        return self.company

    @staticmethod
    def key_of(code: str, company: str) -> str:
        """The code where there is one; a firm without one by its name, as two sources would write it."""
        return code or f"name:{names.match_key(company)}"

    @property
    def multiple(self) -> Decimal | None:
        """곱하기변수: the first day's high over the offer."""
        if self.first_day_high is None or not self.offer_price:
            return None
        return self.first_day_high / self.offer_price

    @property
    def is_spac(self) -> bool:
        return names.is_spac(self.company)

    @property
    def is_reit(self) -> bool:
        return names.is_reit(self.company)

    @property
    def is_foreign(self) -> bool:
        return self.code.startswith("9")

    def full_clean(self, *args: Any, **kwargs: Any) -> None:
        self.key = self.key_of(self.code, self.company)
        super().full_clean(*args, **kwargs)

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.key = self.key_of(self.code, self.company)
        super().save(*args, **kwargs)
