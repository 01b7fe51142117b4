"""Formulas of the price forecast, version by version, and what each said before a listing."""

from bson import ObjectId
from django.conf import settings
from django.db import models
from django.db.models import Q

from ipo.forecast import FORMULA_NAMES, ORIGINAL, Fit, Trial
from ipo.models.offerings import Offering


class ForecastModel(models.Model):
    """One fit, for ever as it was made: the numbers, the rows behind them, and how good they proved to be.

    Nothing in it is evaluated: `formula` names one of `ipo.forecast.FORMULAS`, the rest are its numbers.
    """

    version = models.PositiveIntegerField("판", unique=True)
    formula = models.CharField("식", max_length=20, choices=list(FORMULA_NAMES.items()), default=ORIGINAL)
    inputs = models.JSONField("항목", default=list)  # their words, in the order of the coefficients
    intercept = models.FloatField("상수")
    coefficients = models.JSONField("계수", default=list)
    covariance = models.JSONField("공분산", default=list)
    lowest = models.JSONField("항목 최솟값", default=list)
    highest = models.JSONField("항목 최댓값", default=list)
    n = models.PositiveIntegerField("쓴 기록 수")
    r2 = models.FloatField("R²")
    sigma = models.FloatField("잔차 표준편차")
    loo_error = models.FloatField("교차검증 오차")
    loo_rms = models.FloatField("교차검증 오차 (RMS)")
    loo_rows = models.PositiveIntegerField("교차검증한 기록 수")
    median = models.FloatField("배수의 중앙값")
    median_error = models.FloatField("중앙값의 오차")
    median_rms = models.FloatField("중앙값의 오차 (RMS)")
    notes = models.JSONField("참고", default=list)
    rows = models.JSONField("쓴 기록", default=list)  # [{"key", "name", "on", "values", "multiple"}]
    left_out = models.JSONField("뺀 기록", default=list)  # [{"name", "why"}]
    trials = models.JSONField("시간순 시험", default=list)  # of `ipo.forecast.Trial`
    made_at = models.DateTimeField("만든 시각", db_index=True)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="만든 사람",
    )
    in_use = models.BooleanField("사용 중", default=False)
    why = models.CharField("고른 까닭", max_length=300, blank=True, default="")

    class Meta:
        verbose_name = "예측식"
        verbose_name_plural = "예측식"
        ordering = ["-version"]
        constraints = [
            models.UniqueConstraint(fields=["in_use"], condition=Q(in_use=True), name="one_formula_in_use")
        ]

    def __str__(self) -> str:
        return f"{self.version}판"

    def fit(self) -> Fit:
        return Fit(
            formula=self.formula,
            intercept=self.intercept,
            coefficients=tuple(self.coefficients),
            n=self.n,
            r2=self.r2,
            sigma=self.sigma,
            covariance=tuple(tuple(row) for row in self.covariance),
            lowest=tuple(self.lowest),
            highest=tuple(self.highest),
            loo_error=self.loo_error,
            loo_rms=self.loo_rms,
            median=self.median,
            median_error=self.median_error,
            median_rms=self.median_rms,
            loo_rows=self.loo_rows,
            notes=tuple(self.notes),
        )

    def tried(self) -> list[Trial]:
        return [Trial(**one) for one in self.trials]


class Forecast(models.Model):
    """What a formula said about an offer; a new row only when the numbers behind it changed."""

    offering_id: ObjectId
    model_id: ObjectId
    offering = models.ForeignKey(
        Offering, on_delete=models.CASCADE, related_name="forecasts", verbose_name="공모주"
    )
    model = models.ForeignKey(
        ForecastModel, on_delete=models.PROTECT, related_name="forecasts", verbose_name="예측식"
    )
    at = models.DateTimeField("시각", db_index=True)
    inputs = models.JSONField("쓴 값", default=dict)  # by label, as text
    offer_price = models.DecimalField("확정공모가", max_digits=14, decimal_places=0)
    multiple = models.FloatField("예상 배수")
    low = models.FloatField("구간 하한")
    high = models.FloatField("구간 상한")
    price = models.DecimalField("예상 최고가", max_digits=14, decimal_places=0)
    low_price = models.DecimalField("하한 가격", max_digits=14, decimal_places=0)
    high_price = models.DecimalField("상한 가격", max_digits=14, decimal_places=0)
    clipped = models.BooleanField("제한폭에 걸림", default=False)
    beyond = models.JSONField("기록 범위 밖", default=list)  # labels

    class Meta:
        verbose_name = "예측"
        verbose_name_plural = "예측"
        ordering = ["-at"]
        indexes = [models.Index(fields=["offering", "-at"], name="forecasts_of_offering")]

    def __str__(self) -> str:
        return f"{self.price:,}원"
