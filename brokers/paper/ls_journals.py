"""LS's journals: t0150 and t0151 (a day's trades with costs), CDPCQ04700 (trades), FOCCQ33600 (returns)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Any

from brokers.paper.ledger import DayFigures, Execution, Side
from brokers.paper.ls_desk import (
    ACCOUNT_QUERY_DONE,
    SIDE_CODES,
    SIDE_NAMES,
    Answer,
    Call,
    Handler,
    bare_code,
    cut_percent,
    no_rows,
    page_of,
    read_day,
    short_code,
)

JOURNAL_PAGE = 50  # t0150, t0151
CHANNEL = "OPENAPI"
CHANNEL_CODE = "40"
# Of the sales tax of KOSPI 농특세 (rural special tax) is 0.15 points whatever the year; KOSDAQ has none
RURAL_TAX_RATE = Decimal("0.0015")
MORE_RETURNS = ("00133", "조회가 계속 됩니다.")
QUERY_TYPES_WITH_TRADES = ("0", "3", "")  # QryTp: all, trades
STOCKS = ("00", "01", "")  # IsuLgclssCode: all, stocks
PERIOD_STARTS: Mapping[str, Callable[[date], date]] = {
    "1": lambda day: day,
    "2": lambda day: day - timedelta(days=day.weekday()),
    "3": lambda day: day.replace(day=1),
}


@dataclass(frozen=True, slots=True)
class Line:
    """The fills of one issue, side and price on one day, in shares and won."""

    code: str
    side: Side
    price: int
    quantity: int
    amount: int
    fee: int
    tax: int
    rural_tax: int

    @property
    def costs(self) -> int:
        return self.fee + self.tax + self.rural_tax

    @property
    def settles(self) -> int:
        """What changes hands: the buyer pays the costs on top, the seller receives the rest."""
        return self.amount + self.costs if self.side is Side.BUY else self.amount - self.costs

    @property
    def name(self) -> str:
        """Where the next page goes on."""
        return f"{SIDE_CODES[self.side]}/{self.code}/{self.price}"


def lines_of(call: Call, executions: list[Execution]) -> list[Line]:
    """Sales first, then by issue and price."""
    ordered = sorted(executions, key=_line_key)
    return [_line(call, list(fills)) for _, fills in groupby(ordered, key=_line_key)]


def _line_key(execution: Execution) -> tuple[str, str, int]:
    return SIDE_CODES[execution.side], execution.code, execution.price


def _line(call: Call, fills: list[Execution]) -> Line:
    first, amount = fills[0], sum(fill.amount for fill in fills)
    tax = sum(fill.tax for fill in fills)
    on_kospi = call.market.issue(first.code).market == "KOSPI"
    rural = min(int(amount * RURAL_TAX_RATE), tax) if on_kospi else 0
    fee = sum(fill.fee for fill in fills)
    quantity = sum(fill.quantity for fill in fills)
    return Line(first.code, first.side, first.price, quantity, amount, fee, tax - rural, rural)


def journal_of_today(call: Call) -> Answer:
    """t0150"""
    return _journal(call, call.ledger.clock.trade_date())


def journal_of_day(call: Call) -> Answer:
    """t0151"""
    return _journal(call, read_day(call.fields["date"]))


def _journal(call: Call, day: date | None) -> Answer:
    executions = [execution for execution in call.account.executions if execution.trade_date == day]
    lines = lines_of(call, executions)
    cursor = [call.cursor(name) for name in ("cts_medosu", "cts_expcode", "cts_price")]
    after = "/".join(cursor) if all(cursor) else ""
    page, more = page_of(lines, JOURNAL_PAGE, lambda line: line.name, after)
    return Answer(
        {"OutBlock": _totals(lines) | _cursor(more), "OutBlock1": [_journal_row(line) for line in page]},
        more=more,
    )


def _cursor(more: str) -> dict[str, str]:
    side, code, price = more.split("/") if more else ("", "", "")
    medium = CHANNEL_CODE if more else ""
    return {"cts_medosu": side, "cts_expcode": code, "cts_price": price, "cts_middiv": medium}


def _totals(lines: list[Line]) -> dict[str, int]:
    sold = [line for line in lines if line.side is Side.SELL]
    bought = [line for line in lines if line.side is Side.BUY]
    return {
        "mdqty": sum(line.quantity for line in sold),
        "mdamt": sum(line.amount for line in sold),
        "mdfee": sum(line.fee for line in sold),
        "mdtax": sum(line.tax for line in sold),
        "mdargtax": sum(line.rural_tax for line in sold),
        "tmdtax": sum(line.costs for line in sold),
        "mdadjamt": sum(line.settles for line in sold),
        "msqty": sum(line.quantity for line in bought),
        "msamt": sum(line.amount for line in bought),
        "msfee": sum(line.fee for line in bought),
        "tmstax": sum(line.costs for line in bought),
        "msadjamt": sum(line.settles for line in bought),
        "tqty": sum(line.quantity for line in lines),
        "tamt": sum(line.amount for line in lines),
        "tfee": sum(line.fee for line in lines),
        "tottax": sum(line.tax for line in lines),
        "targtax": sum(line.rural_tax for line in lines),
        "ttax": sum(line.costs for line in lines),
        "tadjamt": sum(line.settles for line in sold) - sum(line.settles for line in bought),
    }


def _journal_row(line: Line) -> dict[str, Any]:
    return {
        "medosu": SIDE_NAMES[line.side],
        "expcode": line.code,
        "qty": line.quantity,
        "price": line.price,
        "amt": line.amount,
        "fee": line.fee,
        "tax": line.tax,
        "argtax": line.rural_tax,
        "adjamt": line.settles,
        "middiv": CHANNEL,
    }


# Trades of many days


def trades(call: Call) -> Answer:
    """CDPCQ04700: one row per execution, on from SrtNo. This broker's accounts see no other movements."""
    chosen = _chosen_trades(call)
    after = int(call.key) if call.continued and call.key.isdigit() else int(call.fields["SrtNo"])
    behind = [entry for entry in chosen if entry[0] > after]
    page, more = page_of(behind, call.switches.ls_history_page, lambda entry: str(entry[0]), "")
    blocks = {
        "OutBlock1": call.echo(),
        "OutBlock2": {"RecCnt": 1, "AcntNm": call.account.name},
        "OutBlock3": [_trade_row(call, number, execution) for number, execution in page],
        "OutBlock4": _trade_sums([execution for _, execution in chosen]),
        "OutBlock5": _trade_totals([execution for _, execution in chosen]),
    }
    return Answer(blocks, *ACCOUNT_QUERY_DONE, more=more) if chosen else no_rows(call, blocks)


def _chosen_trades(call: Call) -> list[tuple[int, Execution]]:
    """The executions asked for, each with its place in the account's history."""
    fields = call.fields
    start, end = read_day(fields["QrySrtDt"]), read_day(fields["QryEndDt"])
    has_trades = fields["QryTp"] in QUERY_TYPES_WITH_TRADES and fields["IsuLgclssCode"] in STOCKS
    if start is None or end is None or not has_trades:
        return []
    code = bare_code(fields["IsuNo"])
    return [
        (number, execution)
        for number, execution in enumerate(call.account.executions, 1)
        if start <= execution.trade_date <= end and code in ("", execution.code)
    ]


def _trade_row(call: Call, number: int, execution: Execution) -> dict[str, Any]:
    issue = call.market.issue(execution.code)
    costs = execution.fee + execution.tax
    sold = execution.side is Side.SELL
    return {
        "AcntNo": call.account.number,
        "TrdDt": f"{execution.trade_date:%Y%m%d}",
        "TrdNo": number,
        "TpCodeNm": "매매",
        "SmryNm": f"장내{SIDE_NAMES[execution.side]}",
        "TrdQty": execution.quantity,
        "Trtax": execution.tax,
        "EvrTax": execution.tax,
        "TaxSumAmt": execution.tax,
        "AdjstAmt": execution.amount - costs if sold else execution.amount + costs,
        "TrdmdaNm": CHANNEL,
        "IsuNm": issue.name,
        "IsuNo": short_code(issue),
        "TrdUprc": execution.price,
        "TrdAmt": execution.amount,
        "CmsnAmt": execution.fee,
        "BnsplAmt": execution.realised,
        "TrxTime": f"{execution.at:%H%M%S}000",
        "OrdDt": f"{execution.trade_date:%Y%m%d}",
        "CrcyCode": "KRW",
    }


def _trade_sums(executions: list[Execution]) -> dict[str, Any]:
    return {
        "RecCnt": 1,
        "PnlSumAmt": sum(execution.realised for execution in executions),
        "CtrctAsm": sum(execution.amount for execution in executions),
        "CmsnAmtSumAmt": sum(execution.fee for execution in executions),
    }


def _trade_totals(executions: list[Execution]) -> dict[str, Any]:
    sold = [execution for execution in executions if execution.side is Side.SELL]
    bought = [execution for execution in executions if execution.side is Side.BUY]
    return {
        "RecCnt": 1,
        "SellQty": sum(execution.quantity for execution in sold),
        "SellAmt": sum(execution.amount for execution in sold),
        "SellCmsn": sum(execution.fee for execution in sold),
        "EvrTax": sum(execution.tax for execution in sold),
        "BuyQty": sum(execution.quantity for execution in bought),
        "BuyAmt": sum(execution.amount for execution in bought),
        "BuyCmsn": sum(execution.fee for execution in bought),
    }


# Returns


@dataclass(frozen=True, slots=True)
class Period:
    """An account's worth at the start and the end of a period, and what was traded in it, in won."""

    last_day: date
    opening: int
    closing: int
    traded: int

    @property
    def profit(self) -> int:
        return self.closing - self.opening


def returns(call: Call) -> Answer:
    """FOCCQ33600. Clients send an empty block just to read from the text whether the account is on paper."""
    fields = call.fields
    start, end = read_day(fields["QrySrtDt"]), read_day(fields["QryEndDt"])
    if start is None or end is None or fields["TermTp"] not in PERIOD_STARTS:
        return Answer({}, "09604", "입력값을 확인하시기 바랍니다.")
    periods = _merged(_days(call, start, end), fields["TermTp"])
    page, more = page_of(
        periods,
        call.switches.ls_history_page,
        lambda period: f"{period.last_day:%Y%m%d}",
        call.key if call.continued else "",
    )
    invested = call.account.previous_total
    profit = sum(period.profit for period in periods)
    summary = {
        "RecCnt": 1,
        "AcntNm": call.account.name,
        "BnsctrAmt": sum(period.traded for period in periods),
        "InvstAvrbalPramt": invested,
        "InvstPlAmt": profit,
        "InvstErnrat": cut_percent(Decimal(profit), Decimal(invested)),
    }
    blocks = {
        "OutBlock1": call.echo(),
        "OutBlock2": summary,
        "OutBlock3": [_return_row(period) for period in page],
    }
    if not periods:
        return no_rows(call, blocks)
    return Answer(blocks, *(MORE_RETURNS if more else ACCOUNT_QUERY_DONE), more=more)


def _days(call: Call, start: date, end: date) -> list[Period]:
    """Business days, the oldest first. Only trades changed the worth of a past day: its prices are gone."""
    account, today = call.account, call.ledger.clock.trade_date()
    balance = call.ledger.balance(account)
    days = [Period(today, balance.previous_total, balance.total, _turnover(balance.today))]
    for day in call.ledger.clock.business_days_back(today):
        if day < start:
            break
        figures = account.past.get(day, DayFigures())
        closing = days[-1].opening
        days.append(Period(day, closing - int(figures.realised), closing, _turnover(figures)))
    return [day for day in reversed(days) if start <= day.last_day <= end]


def _turnover(figures: DayFigures) -> int:
    return figures.bought + figures.sold


def _merged(days: list[Period], term: str) -> list[Period]:
    start_of = PERIOD_STARTS[term]
    groups = (list(group) for _, group in groupby(days, key=lambda day: start_of(day.last_day)))
    return [
        Period(group[-1].last_day, group[0].opening, group[-1].closing, sum(day.traded for day in group))
        for group in groups
    ]


def _return_row(period: Period) -> dict[str, Any]:
    return {
        "BaseDt": f"{period.last_day:%Y%m%d}",
        "FdEvalAmt": period.opening,
        "EotEvalAmt": period.closing,
        "InvstAvrbalPramt": period.opening,
        "BnsctrAmt": period.traded,
        "EvalPnlAmt": period.profit,
        "TermErnrat": cut_percent(Decimal(period.profit), Decimal(period.opening)),
    }


TRANSACTIONS: Mapping[str, Handler] = {
    "t0150": journal_of_today,
    "t0151": journal_of_day,
    "CDPCQ04700": trades,
    "FOCCQ33600": returns,
}
