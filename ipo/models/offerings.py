"""A public offering as 38커뮤니케이션 tells it, and what it told before."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import models

from ipo.pages import names
from lucy import clock

SITE = "https://www.38.co.kr"
MILLIONS_IN_EOK = Decimal(100)  # 백만원 to 억원


def _won(label: str) -> "models.DecimalField[Decimal | None, Decimal | None]":
    return models.DecimalField(label, max_digits=14, decimal_places=0, null=True, blank=True)


def _millions(label: str) -> "models.DecimalField[Decimal | None, Decimal | None]":
    return models.DecimalField(label, max_digits=16, decimal_places=2, null=True, blank=True)


def _ratio(label: str) -> "models.DecimalField[Decimal | None, Decimal | None]":
    return models.DecimalField(label, max_digits=12, decimal_places=2, null=True, blank=True)


def _day(label: str, *, index: bool = False) -> "models.DateField[date | None, date | None]":
    return models.DateField(label, null=True, blank=True, db_index=index)


class Offering(models.Model):
    """One deal; the source's own number is its name for ever, whatever else changes.

    An empty number or date means that the source does not tell it (yet), never nought. Money in won, except
    fields that end in `_million`: 백만원, the source's unit.
    """

    no = models.PositiveIntegerField("번호", unique=True)
    # --- who ---
    name = models.CharField("종목명", max_length=100)
    former_name = models.CharField("옛 이름", max_length=100, blank=True, default="")
    code = models.CharField("종목코드", max_length=6, blank=True, default="", db_index=True)
    market = models.CharField("시장구분", max_length=30, blank=True, default="")
    progress = models.CharField("진행상황", max_length=30, blank=True, default="")
    industry = models.CharField("업종", max_length=200, blank=True, default="")
    homepage = models.CharField("홈페이지", max_length=300, blank=True, default="")
    is_spac = models.BooleanField("스팩", default=False)
    is_reit = models.BooleanField("리츠·펀드", default=False)
    is_foreign = models.BooleanField("외국 기업", default=False)  # its code begins with 9
    # --- when ---
    forecast_start = _day("수요예측 시작")
    forecast_end = _day("수요예측 끝")
    subscription_start = _day("청약 시작", index=True)
    subscription_end = _day("청약 끝", index=True)
    allotment_on = _day("배정공고일")
    payment_on = _day("납입일", index=True)
    refund_on = _day("환불일", index=True)
    listing_on = _day("상장일", index=True)
    ir_on = _day("IR일자")
    # --- how much ---
    offer_price = _won("확정공모가")
    band_low = _won("희망공모가 하단")
    band_high = _won("희망공모가 상단")
    par_value = _won("액면가")
    shares = models.BigIntegerField("총공모주식수", null=True, blank=True)
    amount_million = _millions("공모금액 (백만원)")
    sales_million = _millions("매출액 (백만원)")
    pretax_income_million = _millions("법인세차감전 이익 (백만원)")
    net_income_million = _millions("순이익 (백만원)")
    capital_million = _millions("자본금 (백만원)")
    # --- how it went ---
    institution_ratio = _ratio("기관경쟁률")
    lockup_percent = _ratio("의무보유확약 (%)")
    competition = _ratio("청약경쟁률")
    proportional_competition = _ratio("비례경쟁률")
    status_text = models.CharField("상태", max_length=100, blank=True, default="")  # 정정신고서 제출 요구
    current_price = _won("현재가")
    open_price = _won("시초가")
    first_close = _won("첫날 종가")
    # --- what is always read with it ---
    # [{"name", "shares_low", "shares_high", "limit_low", "limit_high", "unit", "role"}], numbers or null
    underwriters = models.JSONField("주간사", default=list, blank=True)
    underwriter_names = models.CharField("주간사 이름", max_length=300, blank=True, default="")
    # Section -> its rows as `pages.detail` reads them: dates and decimals as text, counts as numbers.
    sections = models.JSONField("상세", default=dict, blank=True)
    # --- when it was seen ---
    listed_at = models.DateTimeField("목록에서 본 시각", null=True, blank=True)
    detail_at = models.DateTimeField("상세를 읽은 시각", null=True, blank=True)
    missing_since = models.DateTimeField("목록에서 사라진 시각", null=True, blank=True)

    class Meta:
        verbose_name = "공모주"
        verbose_name_plural = "공모주"
        ordering = ["-subscription_start", "-no"]

    def __str__(self) -> str:
        return self.name

    @property
    def url(self) -> str:
        return f"{SITE}/html/fund/?o=v&no={self.no}"

    @property
    def title(self) -> str:
        """As the original showed it: 종목명-진행상황-시장(종목코드)."""
        parts = [part for part in (self.name, self.progress, self.market) if part]
        return "-".join(parts) + (f"({self.code})" if self.code else "")

    @property
    def is_ordinary(self) -> bool:
        """A share of a company whose price a forecast may speak of."""
        return not (self.is_spac or self.is_reit or self.is_foreign)

    @property
    def match_key(self) -> str:
        return names.match_key(self.name)

    @property
    def sales_eok(self) -> Decimal | None:
        return _eok(self.sales_million)

    @property
    def net_income_eok(self) -> Decimal | None:
        return _eok(self.net_income_million)

    @property
    def looks_withdrawn(self) -> bool:
        """Its subscription is over, yet no price and no ratio ever came; the source has no word for it."""
        over = self.subscription_end is not None and self.subscription_end < clock.trade_date()
        return over and self.offer_price is None and self.competition is None

    def days(self) -> Iterator[tuple[str, date, date]]:
        """(kind, first, last) of what a calendar shows, in time order."""
        if self.subscription_start and self.subscription_end:
            yield "청약", self.subscription_start, self.subscription_end
        for kind, day in (("납입", self.payment_on), ("환불", self.refund_on), ("상장", self.listing_on)):
            if day:
                yield kind, day, day


def _eok(millions: Decimal | None) -> Decimal | None:
    return None if millions is None else (millions / MILLIONS_IN_EOK).quantize(Decimal("0.01"))


class OfferingChange(models.Model):
    """A date, price or band that the source moved; append-only."""

    offering = models.ForeignKey(
        Offering, on_delete=models.CASCADE, related_name="changes", verbose_name="공모주"
    )
    at = models.DateTimeField("시각", db_index=True)
    field = models.CharField("항목", max_length=40)
    before = models.CharField("이전", max_length=100, blank=True, default="")
    after = models.CharField("이후", max_length=100, blank=True, default="")

    class Meta:
        verbose_name = "공모주 변경"
        verbose_name_plural = "공모주 변경"
        ordering = ["-at", "-id"]

    def __str__(self) -> str:
        return f"{self.field}: {self.before} → {self.after}"

    @property
    def label(self) -> str:
        field: Any = Offering._meta.get_field(self.field)
        return str(field.verbose_name)
