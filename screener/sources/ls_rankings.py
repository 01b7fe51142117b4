"""LS's eight rankings (상위종목), each a screen with the filters that its TR knows."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from accounts.models import User
from brokers.adapters.lists import Direction, Exclusion, Ranking, RankingFilter, RankLine
from brokers.services.lists import from_ls, ls_account
from brokers.terms import Market, Venue
from lucy import clock
from screener.screens import CODE, NAME, Column, Kind, Menu, Result, Row, Screen, Tabs, register
from screener.sources.ls_forms import (
    AfterHoursRateForm,
    AfterHoursVolumeForm,
    ExpectedRateForm,
    ExpectedVolumeForm,
    RankingForm,
    RateForm,
    SurgeForm,
    ValueForm,
    VolumeForm,
)

SOURCE = "LS증권"
EOK = Decimal(100_000_000)
MILLION = Decimal(1_000_000)

PRICE = (
    CODE,
    NAME,
    Column("price", "현재가", Kind.WON),
    Column("change", "전일대비", Kind.CHANGE),
    Column("change_rate", "등락률", Kind.RATE),
)
EXPECTED_PRICE = tuple(
    Column("price", "예상체결가", Kind.WON) if column.key == "price" else column for column in PRICE
)
RANK = Column("rank", "순위", Kind.NUMBER)
VOLUME = Column("volume", "거래량", Kind.COUNT)
AMOUNT = Column("amount", "거래대금(백만원)", Kind.MILLION)
MARKET_VALUE = Column("market_value", "시가총액(억원)", Kind.EOK)
PREVIOUS_VOLUME = Column("previous_volume", "전일거래량", Kind.COUNT)
EXPECTED_VOLUME = Column("expected_volume", "예상체결량", Kind.COUNT)
BOOK = (
    Column("ask", "매도호가", Kind.WON, "호가", hidden=True),
    Column("ask_quantity", "매도잔량", Kind.COUNT, "호가", hidden=True),
    Column("bid", "매수호가", Kind.WON, "호가", hidden=True),
    Column("bid_quantity", "매수잔량", Kind.COUNT, "호가", hidden=True),
)
RANGE = (
    Column("open", "시가", Kind.WON, "오늘", hidden=True),
    Column("high", "고가", Kind.WON, "오늘", hidden=True),
    Column("low", "저가", Kind.WON, "오늘", hidden=True),
)
TURNOVER = Column("turnover", "회전율", Kind.PERCENT)


def _growth(label: str) -> Column:
    return Column("growth", label, Kind.PERCENT)


@dataclass(frozen=True, slots=True)
class _Screen:
    ranking: Ranking
    key: str
    title: str
    tab: str
    about: str
    form_class: type[RankingForm]
    columns: tuple[Column, ...]


SCREENS = (
    _Screen(
        Ranking.RATE,
        "ls-rate",
        "등락률 상위",
        "등락률",
        "많이 오르거나 내린 종목, 보합 종목 (t1441)",
        RateForm,
        (
            *PRICE,
            VOLUME,
            _growth("전일거래량 대비"),
            AMOUNT,
            MARKET_VALUE,
            Column("previous_rate", "전일등락률", Kind.RATE),
            Column("streak_days", "연속(일)", Kind.NUMBER),
            *BOOK,
            *RANGE,
        ),
    ),
    _Screen(
        Ranking.VOLUME,
        "ls-volume",
        "거래량 상위",
        "거래량",
        "거래량이 많은 종목 (t1452)",
        VolumeForm,
        (*PRICE, VOLUME, TURNOVER, PREVIOUS_VOLUME, _growth("전일거래량 대비")),
    ),
    _Screen(
        Ranking.SURGE,
        "ls-surge",
        "전일동시간대비 거래급증",
        "거래급증",
        "어제 같은 시각보다 거래량이 늘어난 종목 (t1466)",
        SurgeForm,
        (
            *PRICE,
            VOLUME,
            Column("previous_volume", "전일 같은 시각", Kind.COUNT),
            _growth("급증률"),
            *RANGE,
        ),
    ),
    _Screen(
        Ranking.AFTER_HOURS_RATE,
        "ls-after-hours-rate",
        "시간외등락률 상위",
        "시간외등락률",
        "시간외단일가에서 많이 오르거나 내린 종목 (t1481)",
        AfterHoursRateForm,
        (*PRICE, VOLUME, AMOUNT, MARKET_VALUE, *BOOK),
    ),
    _Screen(
        Ranking.AFTER_HOURS_VOLUME,
        "ls-after-hours-volume",
        "시간외거래량 상위",
        "시간외거래량",
        "시간외에 거래량이나 거래대금이 많은 종목 (t1482)",
        AfterHoursVolumeForm,
        (*PRICE, VOLUME, TURNOVER, AMOUNT),
    ),
    _Screen(
        Ranking.EXPECTED_VOLUME,
        "ls-expected-volume",
        "예상체결량 상위",
        "예상체결량",
        "동시호가의 예상체결량이 많은 종목 (t1489)",
        ExpectedVolumeForm,
        (*PRICE, EXPECTED_VOLUME, PREVIOUS_VOLUME, *BOOK),
    ),
    _Screen(
        Ranking.EXPECTED_RATE,
        "ls-expected-rate",
        "단일가예상등락률 상위",
        "단일가예상등락률",
        "시간외단일가의 예상체결가가 많이 오르거나 내린 종목 (t1492)",
        ExpectedRateForm,
        (*EXPECTED_PRICE, EXPECTED_VOLUME, VOLUME, AMOUNT, *BOOK),
    ),
    _Screen(
        Ranking.VALUE,
        "ls-value",
        "거래대금 상위",
        "거래대금",
        "거래대금이 많은 종목 (t1463)",
        ValueForm,
        (
            *PRICE,
            AMOUNT,
            Column("previous_amount", "전일 거래대금(백만원)", Kind.MILLION),
            _growth("전일 대비"),
            VOLUME,
            PREVIOUS_VOLUME,
            MARKET_VALUE,
        ),
    ),
)


# --- asking ---


def _filter(asked: Mapping[str, Any]) -> RankingFilter:
    """The fields that the ranking's form has; what it lacks excludes nothing."""
    return RankingFilter(
        market=Market(asked["market"]) if asked["market"] else None,
        direction=Direction(asked.get("direction") or Direction.UP),
        yesterday=bool(asked.get("yesterday")),
        price_from=asked.get("price_from") or 0,
        price_to=asked.get("price_to") or 0,
        volume_from=int(asked.get("volume_from") or 0),
        rate_from=asked.get("rate_from") or 0,
        rate_to=asked.get("rate_to") or 0,
        previous_volume_from=int(asked.get("previous_volume_from") or 0),
        surge_to=int(asked.get("surge_to") or 0),
        by_amount=bool(asked.get("by_amount")),
        after_close=bool(asked.get("after_close")),
        exclude=frozenset(Exclusion(value) for value in asked["exclude"]),
        venue=Venue(asked.get("venue") or Venue.KRX),
    )


def ranked(user: User, ranking: Ranking, asked: Mapping[str, Any]) -> Result:
    most = int(asked["most"])
    page = from_ls(
        ls_account(user), lambda lists: lists.ranking(ranking, _filter(asked), at_least=most or None)
    )
    lines = page.lines[:most] if most else page.lines
    rows = [_row(rank, line) for rank, line in enumerate(lines, 1)]
    has_more = page.more or len(lines) < len(page.lines)
    notes = (f"위에서 {most}종목입니다. 더 보려면 건수를 늘리세요.",) if has_more else ()
    return Result(rows, clock.now(), SOURCE, notes=notes)


def _row(rank: int, line: RankLine) -> Row:
    """Without what this ranking does not tell."""
    ticker = line.ticker
    row: Row = {
        "rank": rank,
        "symbol": ticker.symbol,
        "name": ticker.name,
        "price": ticker.price,
        "change": ticker.change,
        "change_rate": ticker.change_rate,
        "volume": ticker.volume,
        "expected_volume": line.expected_volume,
        "previous_volume": line.previous_volume,
        "growth": line.growth,
        "turnover": line.turnover,
        "amount": _in(line.amount, MILLION),
        "previous_amount": _in(line.previous_amount, MILLION),
        "market_value": _in(line.market_value, EOK),
        "previous_rate": line.previous_rate,
        "streak_days": line.streak_days,
        "ask": line.ask,
        "ask_quantity": line.ask_quantity,
        "bid": line.bid,
        "bid_quantity": line.bid_quantity,
        "open": line.open,
        "high": line.high,
        "low": line.low,
    }
    return {key: value for key, value in row.items() if value is not None}


def _in(won: Decimal | None, unit: Decimal) -> int | None:
    return None if won is None else int(won / unit)


def _register(one: _Screen) -> None:
    register(
        Screen(
            key=one.key,
            title=one.title,
            about=one.about,
            columns=(RANK, *one.columns),
            form_class=one.form_class,
            fetch=lambda user, asked: ranked(user, one.ranking, asked),
            source=SOURCE,
            menu=Menu.LS,
            tabs=Tabs.LS_RANKS,
            tab=one.tab,
            shared=True,
        )
    )


for _one in SCREENS:
    _register(_one)
