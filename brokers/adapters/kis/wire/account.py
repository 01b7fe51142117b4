"""Tokens, cash, holdings and buying power (kis.md §1.3, §2.5, §2.6)."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from decimal import ROUND_DOWN, Decimal
from typing import Any

from brokers.adapters.base import BadReply, Balance, BuyingPower, Cash, Credentials, Holding
from brokers.adapters.kis.wire import fields
from brokers.adapters.kis.wire.fields import Row, text
from brokers.adapters.kis.wire.orders import ord_dvsn
from brokers.adapters.limits import Token
from brokers.terms import Condition, OrderType
from lucy.clock import KST

HUNDREDTH = Decimal("0.01")


def token_request(credentials: Credentials) -> dict[str, str]:
    return {
        "grant_type": "client_credentials",
        "appkey": credentials.app_key,
        "appsecret": credentials.app_secret,
    }


def token(body: Mapping[str, Any]) -> Token:
    """`expires_in` misled clients before: the date, in KST, is what counts (mojito #12)."""
    value = fields.required(body, "access_token")
    told = fields.required(body, "access_token_token_expired")
    try:
        expires_at = datetime.strptime(told, "%Y-%m-%d %H:%M:%S").replace(tzinfo=KST)
    except ValueError as odd:
        raise BadReply("access_token_token_expired is no time") from odd
    return Token(value, expires_at)


def approval_request(credentials: Credentials) -> dict[str, str]:
    """The same secret under another name."""
    return {
        "grant_type": "client_credentials",
        "appkey": credentials.app_key,
        "secretkey": credentials.app_secret,
    }


def approval_key(body: Mapping[str, Any]) -> str:
    return fields.required(body, "approval_key")


def balance_query(account: dict[str, str]) -> dict[str, str]:
    return {
        **account,
        "AFHR_FLPR_YN": "N",
        "OFL_YN": "",
        "INQR_DVSN": "01",  # by issue (02) is refused since 2026-02-10
        "UNPR_DVSN": "01",
        "FUND_STTL_ICLD_YN": "N",
        "FNCG_AMT_AUTO_RDPT_YN": "N",
        "PRCS_DVSN": "00",
    }


def balance(rows: Iterable[Row], totals: Row, orderable: Decimal) -> Balance:
    return Balance(
        cash=Cash(
            deposit=fields.number(totals, "dnca_tot_amt"),
            deposit_d1=fields.number(totals, "nxdy_excc_amt"),
            deposit_d2=fields.number(totals, "prvs_rcdl_excc_amt"),
            orderable=orderable,
        ),
        holdings=_by_issue(_holding(row) for row in rows),
        net_asset=fields.number(totals, "nass_amt"),
        realised=None,
        unrealised=fields.number(totals, "evlu_pfls_smtl_amt"),
    )


def _holding(row: Row) -> Holding:
    return Holding(
        symbol=fields.symbol(fields.required(row, "pdno")),
        name=text(row, "prdt_name"),
        quantity=fields.count(row, "hldg_qty"),
        sellable=fields.count(row, "ord_psbl_qty"),
        average_price=fields.number(row, "pchs_avg_pric"),
        cost=fields.number(row, "pchs_amt"),
        price=fields.number(row, "prpr"),
        value=fields.number(row, "evlu_amt"),
        profit=fields.number(row, "evlu_pfls_amt"),
        profit_rate=fields.number_or_zero(row, "evlu_pfls_rt"),
    )


def _by_issue(lots: Iterable[Holding]) -> tuple[Holding, ...]:
    """One holding an issue: KIS lists each loan date by itself, and keeps sold-out issues until D+2."""
    merged: dict[str, Holding] = {}
    for lot in lots:
        if lot.quantity:
            held = merged.get(lot.symbol)
            merged[lot.symbol] = _together(held, lot) if held else lot
    return tuple(merged.values())


def _together(one: Holding, other: Holding) -> Holding:
    quantity, cost = one.quantity + other.quantity, one.cost + other.cost
    profit = one.profit + other.profit
    return replace(
        one,
        quantity=quantity,
        sellable=one.sellable + other.sellable,
        average_price=(cost / quantity).quantize(HUNDREDTH, ROUND_DOWN),
        cost=cost,
        value=one.value + other.value,
        profit=profit,
        profit_rate=(profit / cost * 100).quantize(HUNDREDTH, ROUND_DOWN) if cost else Decimal(0),
    )


def buying_power_query(
    account: dict[str, str], symbol: str, price: Decimal | None, order_type: OrderType
) -> dict[str, str]:
    """For the type that will be sent: only then does KIS apply the issue's own margin rate."""
    return {
        **account,
        "PDNO": fields.pdno(symbol) if symbol else "",
        "ORD_UNPR": "" if price is None else fields.won(price),
        "ORD_DVSN": ord_dvsn(order_type, Condition.DAY),
        "CMA_EVLU_AMT_ICLD_YN": "N",
        "OVRS_ICLD_YN": "N",
    }


def buying_power(output: Row) -> BuyingPower:
    """What cash alone buys: the `max_buy_*` fields count unpaid credit (미수) in."""
    return BuyingPower(
        cash=fields.number(output, "nrcvb_buy_amt"),
        quantity=fields.count(output, "nrcvb_buy_qty"),
        price=fields.number_or_zero(output, "psbl_qty_calc_unpr"),
    )


def orderable_cash(output: Row) -> Decimal:
    return fields.number(output, "ord_psbl_cash")
