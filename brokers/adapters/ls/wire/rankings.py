"""Rankings (ls.md 4.1): eight TRs with filters of their own, twenty rows a page."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from decimal import Decimal

from brokers.adapters.lists import Direction, Exclusion, Ranking, RankingFilter, RankLine, Ticker
from brokers.adapters.ls import codes
from brokers.adapters.ls.wire.fields import Body, Fields, Listing, Row
from brokers.adapters.ls.wire.quotes import change_of
from brokers.terms import Market, Venue

MILLION, HUNDRED_MILLION = Decimal(1_000_000), Decimal(100_000_000)

MARKET = {None: "0", Market.KOSPI: "1", Market.KOSDAQ: "2"}
DIRECTION = {Direction.UP: "0", Direction.DOWN: "1", Direction.FLAT: "2"}
VENUE = {Venue.KRX: "K", Venue.NXT: "N", Venue.SOR: "U"}
MASK = {  # jc_num; t1489 wants the same as text
    Exclusion.MANAGED: 0x80,
    Exclusion.WARNED: 0x100,
    Exclusion.HALTED: 0x200,
    Exclusion.PREFERRED: 0x4000,
    Exclusion.MARGIN_50: 0x400000,
    Exclusion.MARGIN_100: 0x800000,
    Exclusion.LIQUIDATION: 0x1000000,
    Exclusion.CAUTION: 0x4000000,
    Exclusion.UNFAITHFUL: -0x80000000,  # bit 31, sent as a signed number
}
NEWER_MASK = {  # jc_num2
    Exclusion.ETF: 1,
    Exclusion.SHIP_FUND: 2,
    Exclusion.SPAC: 4,
    Exclusion.ETN: 8,
    Exclusion.ATTENTION: 16,
    Exclusion.RISK: 32,
    Exclusion.RISK_NOTICE: 64,
    Exclusion.NO_COLLATERAL: 128,
}
# The steps of the filters that are codes: a code is its place.
AFTER_HOURS_VOLUMES = (0, 1_000, 5_000, 10_000, 50_000, 100_000, 500_000, 1_000_000)
EXPECTED_RATE_VOLUMES = (
    0,
    100,
    500,
    1_000,
    5_000,
    10_000,
)  # codes above 5 contradict each other
PREVIOUS_VOLUMES = (1, 10_000, 50_000, 100_000, 200_000, 500_000, 1_000_000)
SURGES = (2_000, 1_500, 1_000, 500, 100, 50)  # percent at most; 0 is all of them


def query(ranking: Ranking, asked: RankingFilter) -> Fields:
    return {"idx": 0} | _QUERIES[ranking](asked)


def _rate(asked: RankingFilter) -> Fields:
    own = {"gubun1": MARKET[asked.market], "gubun2": DIRECTION[asked.direction]}
    return {**own, "gubun3": "1" if asked.yesterday else "0", **_common(asked), **_newer(asked)}


def _volume(asked: RankingFilter) -> Fields:
    return {
        "gubun": MARKET[asked.market],
        "jnilgubun": "2" if asked.yesterday else "1",
        "sdiff": asked.rate_from,
        "ediff": asked.rate_to,
        **_common(asked),
    }


def _value(asked: RankingFilter) -> Fields:
    own = {"gubun": MARKET[asked.market], "jnilgubun": "1" if asked.yesterday else "0"}
    return {**own, **_common(asked), **_newer(asked)}


def _surge(asked: RankingFilter) -> Fields:
    return {
        "gubun": MARKET[asked.market],
        "type1": step_below(PREVIOUS_VOLUMES, asked.previous_volume_from),
        "type2": surge_code(asked.surge_to),
        **_common(asked),
        **_newer(asked),
    }


def _after_hours_rate(asked: RankingFilter) -> Fields:
    return _single_price(asked, AFTER_HOURS_VOLUMES)


def _expected_rate(asked: RankingFilter) -> Fields:
    return _single_price(asked, EXPECTED_RATE_VOLUMES)


def _single_price(asked: RankingFilter, volumes: Sequence[int]) -> Fields:
    return {
        "gubun1": MARKET[asked.market],
        "gubun2": DIRECTION[asked.direction],
        "jongchk": _short_check(asked),
        "volume": step_below(volumes, asked.volume_from),
    }


def _after_hours_volume(asked: RankingFilter) -> Fields:
    own: Fields = {"sort_gbn": 1 if asked.by_amount else 0, "gubun": MARKET[asked.market]}
    return {**own, "jongchk": _short_check(asked)}


def _expected_volume(asked: RankingFilter) -> Fields:
    return {
        "gubun": MARKET[asked.market],
        "jgubun": "1" if asked.after_close else "0",
        "jongchk": str(_sum(MASK, asked)),
        "yesprice": asked.price_from,
        "yeeprice": asked.price_to,
        "yevolume": asked.volume_from,
    }


_QUERIES: dict[Ranking, Callable[[RankingFilter], Fields]] = {
    Ranking.RATE: _rate,
    Ranking.VOLUME: _volume,
    Ranking.VALUE: _value,
    Ranking.SURGE: _surge,
    Ranking.AFTER_HOURS_RATE: _after_hours_rate,
    Ranking.AFTER_HOURS_VOLUME: _after_hours_volume,
    Ranking.EXPECTED_VOLUME: _expected_volume,
    Ranking.EXPECTED_RATE: _expected_rate,
}


def _common(asked: RankingFilter) -> Fields:
    return {
        "jc_num": _sum(MASK, asked),
        "sprice": asked.price_from,
        "eprice": asked.price_to,
        "volume": asked.volume_from,
    }


def _newer(asked: RankingFilter) -> Fields:
    return {"jc_num2": _sum(NEWER_MASK, asked), "exchgubun": VENUE[asked.venue]}


def _sum(mask: dict[Exclusion, int], asked: RankingFilter) -> int:
    return sum(bit for exclusion, bit in mask.items() if exclusion in asked.exclude)


def _short_check(asked: RankingFilter) -> str:
    """jongchk where it is one digit: 1 leaves preferred shares out, 2 managed issues, 3 both."""
    preferred, managed = Exclusion.PREFERRED in asked.exclude, Exclusion.MANAGED in asked.exclude
    return str(preferred + 2 * managed)


def step_below(steps: Sequence[int], least: int) -> str:
    """The code of the last step that leaves out nothing which was asked for."""
    return str(max(0, bisect_right(steps, least) - 1))


def surge_code(most: int) -> str:
    """The code of the tightest band that still holds `most` percent; 0 for all."""
    if not most:
        return "0"
    return str(max(0, len(SURGES) - bisect_left(sorted(SURGES), most)))


# --- rows -------------------------------------------------------------------------------------------------


def listing(ranking: Ranking) -> Listing:
    transaction = codes.RANKINGS[ranking]
    return Listing(
        transaction,
        f"{transaction.code}OutBlock1",
        row_key=lambda row: row.text("shcode"),
        cursor=lambda answer: _next(answer, f"{transaction.code}OutBlock"),
    )


def _next(answer: Body, name: str) -> Fields:
    """`idx` of the next page, as the number that LS wants; nothing on the last page."""
    totals = answer.get(name)
    place = Row(name, totals).integer("idx") if isinstance(totals, dict) else 0
    return {"idx": place} if place else {}


def line(ranking: Ranking, row: Row) -> RankLine:
    price, volume = row.needed_number("price"), row.integer("volume")
    is_expected = ranking is Ranking.EXPECTED_VOLUME  # whose `volume` is the auction's
    return RankLine(
        ticker=Ticker(
            symbol=row.symbol("shcode"),
            name=row.text("hname"),
            price=price,
            change=change_of(row),
            change_rate=row.number("diff"),
            volume=None if is_expected else volume,
        ),
        ask=_first_number(row, "offerho1", "offerho"),
        ask_quantity=_integer(row, "offerrem1"),
        bid=_first_number(row, "bidho1", "bidho"),
        bid_quantity=_integer(row, "bidrem1"),
        open=_number(row, "open"),
        high=_number(row, "high"),
        low=_number(row, "low"),
        expected_volume=volume if is_expected else _integer(row, "yevolume"),
        previous_volume=_first_integer(row, "jnilvolume", "stdvolume"),
        previous_rate=_number(row, "jnildiff"),
        growth=_first_number(row, "voldiff", "bef_diff"),
        turnover=_number(row, "vol"),
        amount=_amount(ranking, row, price * volume),
        previous_amount=_scaled(_number(row, "jnilvalue"), MILLION),
        market_value=_scaled(_number(row, "total") or None, HUNDRED_MILLION),
        streak_days=_integer(row, "updaycnt"),
    )


def _amount(ranking: Ranking, row: Row, about: Decimal) -> Decimal | None:
    """Won. LS documents millions for t1463 alone and shows won elsewhere: price times volume tells which."""
    value = _number(row, "value")
    if value is None or ranking is Ranking.VALUE:
        return _scaled(value, MILLION)
    is_won = value * 1_000 > about
    return value if is_won else value * MILLION


def _scaled(value: Decimal | None, unit: Decimal) -> Decimal | None:
    return None if value is None else value * unit


def _number(row: Row, field: str) -> Decimal | None:
    return row.number(field) if row.text(field) else None


def _integer(row: Row, field: str) -> int | None:
    return row.integer(field) if row.text(field) else None


def _first_number(row: Row, *fields: str) -> Decimal | None:
    return next((row.number(field) for field in fields if row.text(field)), None)


def _first_integer(row: Row, *fields: str) -> int | None:
    return next((row.integer(field) for field in fields if row.text(field)), None)
