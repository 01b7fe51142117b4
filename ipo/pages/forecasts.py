"""수요예측일정 (`o=r`) and 수요예측결과 (`o=r1`): when institutions bid, and what they bid."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from ipo.pages.lists import Layout, Line, firms, read_list
from ipo.pages.values import band, day, number, percent, period, ratio, won
from lucy.html import PageChanged, compact

NAME = ("기업명", "종목명", "회사명")
BAND = ("희망공모가", "공모희망가", "희망공모가액")
PRICE = ("확정공모가", "공모가")
FIRMS = ("주간사", "주관사")
SCHEDULE = Layout(
    "수요예측일정",
    {
        "name": NAME,
        "period": ("수요예측일", "수요예측일정", "예측일"),
        "band": BAND,
        "price": PRICE,
        "amount": ("공모금액",),
        "underwriters": FIRMS,
    },
)
RESULTS = Layout(
    "수요예측결과",
    {
        "name": NAME,
        "day": ("예측일", "수요예측일"),
        "band": BAND,
        "price": PRICE,
        "amount": ("공모금액",),
        "ratio": ("기관경쟁률", "경쟁률"),
        "lockup": ("의무보유확약", "의무보유확약비율"),
        "underwriters": FIRMS,
    },
)


@dataclass(frozen=True, slots=True)
class ForecastScheduleRow:
    no: int
    name: str
    forecast_start: date | None
    forecast_end: date | None
    band_low: Decimal | None
    band_high: Decimal | None
    offer_price: Decimal | None
    amount_million: Decimal | None
    underwriters: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ForecastResultRow:
    no: int
    name: str
    forecast_on: date | None  # the source does not say whether the first day or the last
    band_low: Decimal | None
    band_high: Decimal | None
    offer_price: Decimal | None
    amount_million: Decimal | None
    institution_ratio: Decimal | None
    lockup_percent: Decimal | None
    underwriters: tuple[str, ...]


def parse_forecast_schedule(page: str) -> list[ForecastScheduleRow]:
    """수요예측일정, in page order."""
    return read_list(page, SCHEDULE, _scheduled)


def parse_forecast_results(page: str) -> list[ForecastResultRow]:
    """수요예측결과, in page order."""
    return read_list(page, RESULTS, _result)


def _scheduled(line: Line) -> ForecastScheduleRow:
    first, last = line.read("period", period)
    low, high = line.read("band", band)
    return ForecastScheduleRow(
        no=line.no,
        name=line.text("name"),
        forecast_start=first,
        forecast_end=last,
        band_low=low,
        band_high=high,
        offer_price=line.read("price", won),
        amount_million=line.read("amount", number),
        underwriters=line.read("underwriters", firms),
    )


def _result(line: Line) -> ForecastResultRow:
    low, high = line.read("band", band)
    bids = line.read("ratio", _with_its_one)
    lockup = line.read("lockup", percent)
    return ForecastResultRow(
        no=line.no,
        name=line.text("name"),
        forecast_on=line.read("day", day),
        band_low=low,
        band_high=high,
        offer_price=line.read("price", won),
        amount_million=line.read("amount", number),
        institution_ratio=bids,
        lockup_percent=None if bids is None else lockup,  # 0.00% stands there before there is a result
        underwriters=line.read("underwriters", firms),
    )


def _with_its_one(words: str) -> Decimal | None:
    if compact(words) not in {"", "-"} and not compact(words).endswith(":1"):
        raise PageChanged(f"no ratio in '{words}'")
    return ratio(words)
