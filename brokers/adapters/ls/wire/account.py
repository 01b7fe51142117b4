"""The account: its token, what it holds, what its cash can buy."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import ROUND_DOWN, Decimal
from urllib.parse import urlencode

from brokers.adapters.base import BadReply, Balance, BuyingPower, Cash, Credentials, Holding
from brokers.adapters.limits import Token
from brokers.adapters.ls import codes
from brokers.adapters.ls.wire.fields import Body, Fields, Listing, Row, block, cursor, isu_no
from brokers.terms import Side

EARLY = timedelta(minutes=1)
LONGEST_SECONDS = 24 * 60 * 60
HUNDREDTH = Decimal("0.01")


def token_request(credentials: Credentials) -> bytes:
    form = {
        "grant_type": "client_credentials",
        "appkey": credentials.app_key,
        "appsecretkey": credentials.app_secret,
        "scope": "oob",
    }
    return urlencode(form).encode()


def token(body: Body, now: datetime) -> Token:
    """The token, held to end a minute before LS ends it.

    In its last two minutes (every token ends at 07:00) it is used to the end, or each use would ask anew.
    """
    answer = Row("token", body)
    value = answer.text("access_token")
    seconds = answer.integer("expires_in") or answer.integer("expire_in")  # the portal's table has the latter
    if not value:
        raise BadReply("access_token is missing")
    if seconds <= 0:
        raise answer.unreadable("expires_in")
    lifetime = timedelta(seconds=min(seconds, LONGEST_SECONDS))
    return Token(value, now + (lifetime - EARLY if lifetime > 2 * EARLY else lifetime))


def holdings_query() -> Fields:
    """Average cost, trade basis, regular price, profit after fees and tax."""
    return {"prcgb": "1", "chegb": "2", "dangb": "0", "charge": "1", "cts_expcode": ""}


def cash_query() -> Fields:
    return {"BalCreTp": "0"}


def cash(body: Body) -> Cash:
    row = block(body, "CSPAQ22200OutBlock2")
    return Cash(
        deposit=row.needed_number("Dps"),
        deposit_d1=row.needed_number("D1Dps"),
        deposit_d2=row.needed_number("D2Dps"),
        orderable=row.needed_number("MnyOrdAbleAmt"),
    )


def balance(first_page: Body, found: Iterable[Row], money: Cash) -> Balance:
    """t0424's totals (the same on every page), its rows, and the cash that only CSPAQ22200 tells rightly."""
    totals = block(first_page, "t0424OutBlock")
    return Balance(
        cash=money,
        holdings=_by_issue(_holding(row) for row in found),
        net_asset=totals.needed_number("sunamt"),
        realised=totals.number("dtsunik"),
        unrealised=totals.number("tdtsunik"),
    )


def _holding(row: Row) -> Holding:
    return Holding(
        symbol=row.symbol("expcode"),
        name=row.text("hname"),
        quantity=row.needed_integer("janqty"),
        sellable=row.needed_integer("mdposqt"),
        average_price=row.needed_number("pamt"),
        cost=row.number("mamt"),
        price=row.needed_number("price"),
        value=row.needed_number("appamt"),
        profit=row.number("dtsunik"),
        profit_rate=row.number("sunikrt"),
        fee=row.number("fee"),
        tax=row.number("tax"),
    )


def _by_issue(lots: Iterable[Holding]) -> tuple[Holding, ...]:
    """One holding an issue: LS lists cash and each loan by itself."""
    merged: dict[str, Holding] = {}
    for lot in lots:
        if lot.quantity:
            held = merged.get(lot.symbol)
            merged[lot.symbol] = _together(held, lot) if held else lot
    return tuple(merged.values())


def _together(one: Holding, other: Holding) -> Holding:
    quantity, cost, profit = one.quantity + other.quantity, one.cost + other.cost, one.profit + other.profit
    return replace(
        one,
        quantity=quantity,
        sellable=one.sellable + other.sellable,
        average_price=(cost / quantity).quantize(HUNDREDTH, ROUND_DOWN),
        cost=cost,
        value=one.value + other.value,
        profit=profit,
        profit_rate=(profit / cost * 100).quantize(HUNDREDTH, ROUND_DOWN) if cost else Decimal(0),
        fee=(one.fee or Decimal(0)) + (other.fee or Decimal(0)),
        tax=(one.tax or Decimal(0)) + (other.tax or Decimal(0)),
    )


def buying_power_query(symbol: str, price: Decimal) -> Fields:
    return {"BnsTpCode": codes.SIDES[Side.BUY], "IsuNo": isu_no(symbol), "OrdPrc": int(price)}


def buying_power(body: Body, price: Decimal) -> BuyingPower:
    """The full-margin columns: `OrdAbleQty` counts with the issue's margin rate, which would be credit."""
    row = block(body, "CSPBQ00200OutBlock2")
    return BuyingPower(
        cash=row.needed_number("MgnRat100MnyOrdAbleAmt"),
        quantity=row.needed_integer("MgnRat100MnyOrdAbleQty"),
        price=price,
    )


HOLDING_LIST = Listing(
    codes.HOLDINGS,
    "t0424OutBlock1",
    row_key=lambda row: "/".join(row.text(field) for field in ("expcode", "jangb", "loandt")),
    cursor=lambda answer: cursor(answer, "t0424OutBlock", "cts_expcode"),
)
