"""What LS's rankings may be asked: each TR knows filters of its own."""

from collections.abc import Iterable

from django import forms

from brokers.adapters.lists import Direction, Exclusion
from brokers.terms import Market, Venue
from screener.screens import ScreenForm

FUNDS = (Exclusion.ETF, Exclusion.ETN, Exclusion.SPAC)
FLAGS = {  # what every ranking of the day can leave out
    Exclusion.PREFERRED: "우선주",
    Exclusion.MANAGED: "관리종목",
    Exclusion.WARNED: "시장경보",
    Exclusion.HALTED: "거래정지",
    Exclusion.LIQUIDATION: "정리매매",
    Exclusion.UNFAITHFUL: "불성실공시",
    Exclusion.CAUTION: "투자유의",
    Exclusion.MARGIN_50: "증거금 50%",
    Exclusion.MARGIN_100: "증거금 100%",
}
EXCLUSIONS = {
    Exclusion.ETF: "ETF",
    Exclusion.ETN: "ETN",
    Exclusion.SPAC: "스팩",
    Exclusion.SHIP_FUND: "선박투자회사",
    **FLAGS,
    Exclusion.ATTENTION: "투자주의",
    Exclusion.RISK: "투자위험",
    Exclusion.RISK_NOTICE: "위험예고",
    Exclusion.NO_COLLATERAL: "담보불가",
}
SHORT = (Exclusion.PREFERRED, Exclusion.MANAGED)


def _steps(unit: str, *values: int) -> list[tuple[str, str]]:
    return [("0", "전체"), *((str(value), f"{value:,}{unit}") for value in values)]


def _excluding(*offered: Exclusion, initial: Iterable[Exclusion] = ()) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label="제외",
        required=False,
        choices=[(exclusion.value, EXCLUSIONS[exclusion]) for exclusion in offered],
        initial=[exclusion.value for exclusion in initial],
        widget=forms.CheckboxSelectMultiple,
    )


def _won(label: str) -> forms.IntegerField:
    return forms.IntegerField(label=label, required=False, min_value=0, max_value=99_999_999)


# --- forms: the filters that several rankings share ---


class RankingForm(ScreenForm):
    market = forms.ChoiceField(label="시장", required=False, choices=[("", "전체"), *Market.choices])
    most = forms.ChoiceField(
        label="건수",
        initial="100",
        choices=[("20", "20종목"), ("100", "100종목"), ("200", "200종목"), ("0", "끝까지 (느림)")],
        help_text="LS는 1초에 20종목씩 알려 줍니다.",
    )

    field_order = ("market", "direction", "yesterday", "by_amount", "after_close", "venue", "most")


class _Day(RankingForm):
    yesterday = forms.ChoiceField(
        label="기준일", required=False, choices=[("", "금일"), ("1", "전일")], initial=""
    )


class _Bounds(RankingForm):
    price_from = _won("현재가 이상(원)")
    price_to = _won("현재가 이하(원)")
    volume_from = forms.IntegerField(
        label="거래량 이상(주)", required=False, min_value=0, max_value=10**12 - 1
    )


class _Venues(RankingForm):
    venue = forms.ChoiceField(
        label="거래소",
        initial=Venue.KRX.value,
        choices=[(Venue.KRX.value, "KRX"), (Venue.NXT.value, "NXT"), (Venue.SOR.value, "통합")],
    )


UP_DOWN = [(Direction.UP.value, "상승"), (Direction.DOWN.value, "하락")]


class RateForm(_Day, _Venues, _Bounds):
    direction = forms.ChoiceField(
        label="방향", initial=Direction.UP.value, choices=[*UP_DOWN, (Direction.FLAT.value, "보합")]
    )
    exclude = _excluding(*EXCLUSIONS, initial=FUNDS)


class VolumeForm(_Day, _Bounds):
    rate_from = forms.IntegerField(label="등락률 이상(%)", required=False, min_value=-99, max_value=999)
    rate_to = forms.IntegerField(label="등락률 이하(%)", required=False, min_value=-99, max_value=999)
    exclude = _excluding(*FLAGS)


class ValueForm(_Day, _Venues, _Bounds):
    exclude = _excluding(*EXCLUSIONS, initial=FUNDS)


class SurgeForm(_Venues, _Bounds):
    previous_volume_from = forms.ChoiceField(
        label="전일거래량 이상",
        initial="10000",
        choices=_steps("주", 10_000, 50_000, 100_000, 200_000, 500_000, 1_000_000),
    )
    surge_to = forms.ChoiceField(
        label="급증률 이하", initial="0", choices=_steps("%", 2_000, 1_500, 1_000, 500, 100, 50)
    )
    exclude = _excluding(*EXCLUSIONS, initial=FUNDS)


class AfterHoursRateForm(RankingForm):
    direction = forms.ChoiceField(label="방향", initial=Direction.UP.value, choices=UP_DOWN)
    volume_from = forms.ChoiceField(
        label="거래량 이상",
        initial="0",
        choices=_steps("주", 1_000, 5_000, 10_000, 50_000, 100_000, 500_000, 1_000_000),
    )
    exclude = _excluding(*SHORT)


class AfterHoursVolumeForm(RankingForm):
    by_amount = forms.ChoiceField(
        label="순위 기준", required=False, choices=[("", "거래량"), ("1", "거래대금")], initial=""
    )
    exclude = _excluding(*SHORT)


class ExpectedVolumeForm(RankingForm):
    after_close = forms.ChoiceField(
        label="장구분", required=False, choices=[("", "장전"), ("1", "장후")], initial=""
    )
    price_from = _won("예상가 이상(원)")
    price_to = _won("예상가 이하(원)")
    volume_from = forms.IntegerField(
        label="예상체결량 이상(주)", required=False, min_value=0, max_value=10**12 - 1
    )
    exclude = _excluding(*FLAGS)


class ExpectedRateForm(AfterHoursRateForm):
    volume_from = forms.ChoiceField(
        label="거래량 이상", initial="0", choices=_steps("주", 100, 500, 1_000, 5_000, 10_000)
    )
