"""LS's account inquiries: holdings, cash, quantity (t0424, CSPAQ12200, 12300, 22200, CSPBQ00200)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from brokers.paper.ledger import Account, Balance, Execution, Holding, Side
from brokers.paper.ls_desk import (
    ACCOUNT_QUERY_DONE,
    MARKET_CODES,
    Answer,
    Call,
    Handler,
    bare_code,
    cut_percent,
    page_of,
    short_code,
)
from brokers.paper.market import Issue

BRANCH = "다이렉트"
HOLDING_PAGE = 50  # t0424


# Holdings


@dataclass(frozen=True, slots=True)
class Position:
    """A holding at the current price. ``costs`` are both fees and the sales tax of selling it now, in won."""

    issue: Issue
    holding: Holding
    quantity: int
    cost: Decimal
    value: int
    fee: int
    tax: int

    @property
    def costs(self) -> int:
        return self.fee + self.tax

    def profit(self, *, charged: bool) -> Decimal:
        return self.value - self.cost - (self.costs if charged else 0)


def position_of(account: Account, issue: Issue, holding: Holding, quantity: int) -> Position:
    """The position as t0424 counts it: fees at the account's rate on cost and value, tax on the value."""
    cost = holding.cost * quantity / holding.quantity if holding.quantity else Decimal(0)
    value = quantity * issue.price
    tax = int(value * account.tax_rate) if issue.kind == "stock" else 0
    return Position(
        issue, holding, quantity, cost, value, account.fee_of(int(cost)) + account.fee_of(value), tax
    )


@dataclass(slots=True)
class Traded:
    """What one day did in one issue, by side, in shares and won."""

    quantity: dict[Side, int] = field(default_factory=lambda: dict.fromkeys(Side, 0))
    amount: dict[Side, int] = field(default_factory=lambda: dict.fromkeys(Side, 0))

    def average(self, side: Side) -> int:
        return self.amount[side] // self.quantity[side] if self.quantity[side] else 0


def traded_by_issue(executions: Iterable[Execution]) -> dict[str, Traded]:
    """The executions' totals for each issue."""
    totals: dict[str, Traded] = {}
    for execution in executions:
        traded = totals.setdefault(execution.code, Traded())
        traded.quantity[execution.side] += execution.quantity
        traded.amount[execution.side] += execution.amount
    return totals


def holdings(call: Call) -> Answer:
    """t0424. Without holdings the list is there and empty, unlike most of LS's lists."""
    balance = call.ledger.balance(call.account)
    charged = call.fields["charge"] == "1"
    positions = positions_of(call, settled=call.fields["chegb"] == "0")
    page, more = page_of(positions, HOLDING_PAGE, lambda held: held.issue.code, call.cursor("cts_expcode"))
    value = sum(position.value for position in positions)
    summary = {
        "sunamt": balance.total,
        "sunamt1": balance.d2_cash,
        "dtsunik": balance.today.realised,
        "mamt": sum(position.cost for position in positions),
        "tappamt": value,
        "tdtsunik": sum(position.profit(charged=charged) for position in positions),
        "cts_expcode": more,
    }
    today = traded_by_issue(_executions_of(call, 0))
    before = traded_by_issue(_executions_of(call, 1))
    rows = [
        _holding_row(call, position, value, charged=charged)
        | _trading_of("m", today.get(position.issue.code, Traded()))
        | _trading_of("j", before.get(position.issue.code, Traded()))
        for position in page
    ]
    return Answer({"OutBlock": summary, "OutBlock1": rows}, more=more)


def positions_of(call: Call, *, settled: bool = False) -> list[Position]:
    """What is held by trade date, or only what has been paid for; sold-out issues are left out."""
    held = (
        (holding, settled_quantity(holding) if settled else holding.quantity)
        for holding in call.account.holdings.values()
    )
    return [
        position_of(call.account, call.market.issue(holding.code), holding, quantity)
        for holding, quantity in held
        if quantity > 0
    ]


def settled_quantity(holding: Holding) -> int:
    """D+2: what was bought today and on the previous business day has not arrived yet."""
    bought, sold = holding.bought_today + holding.bought_before, holding.sold_today + holding.sold_before
    return max(holding.quantity - bought + sold, 0)


def _executions_of(call: Call, days_back: int) -> list[Execution]:
    """The fills of today (0) or of the previous business day (1)."""
    day = next(call.ledger.clock.business_days_back(call.ledger.today)) if days_back else call.ledger.today
    return [execution for execution in call.account.executions if execution.trade_date == day]


def _holding_row(call: Call, position: Position, total: int, *, charged: bool) -> dict[str, Any]:
    at_break_even = call.fields["prcgb"] == "2"
    paid = position.cost + (position.costs if at_break_even else 0)
    profit = position.profit(charged=charged)
    return {
        "expcode": position.issue.code,
        "jangb": "현금",
        "janqty": position.quantity,
        "mdposqt": position.holding.sellable,
        "pamt": paid / position.quantity,
        "mamt": position.cost,
        "hname": position.issue.name,
        "marketgb": "1" if position.issue.market == "KOSPI" else "2",
        "janrt": cut_percent(Decimal(position.value), Decimal(total)),
        "price": position.issue.price,
        "appamt": position.value,
        "dtsunik": profit,
        "sunikrt": cut_percent(profit, position.cost),
        "fee": position.fee,
        "tax": position.tax,
    }


def _trading_of(day: str, traded: Traded) -> dict[str, int]:
    """The eight fields of a day's trading: `m` today, `j` the day before; `s` bought, `d` sold."""
    return {
        f"{day}sat": traded.amount[Side.BUY],
        f"{day}pms": traded.average(Side.BUY),
        f"{day}dat": traded.amount[Side.SELL],
        f"{day}pmd": traded.average(Side.SELL),
    }


# Cash


def held_cash(account: Account) -> dict[str, int]:
    """How LS divides the cash of a day (ls.md 7.8), in won: orderable and reusable are what may be spent.

    The deposit stands still until settlement. What purchases and open orders hold of it is the margin; what
    sales brought beyond that may be used again.
    """
    free = account.orderable_cash
    margin = max(account.deposit - free, 0)
    return {
        "deposit": account.deposit,
        "margin": margin,
        "orderable": account.deposit - margin,
        "reusable": max(free - account.deposit, 0),
    }


def cash(call: Call) -> Answer:
    """CSPAQ12200 and CSPAQ22200, which share most of their fields."""
    figures = call.known("OutBlock2", _cash_figures(call))
    return Answer({"OutBlock1": call.echo(), "OutBlock2": figures}, *ACCOUNT_QUERY_DONE)


def cost_basis(call: Call) -> Answer:
    """CSPAQ12300"""
    charged = call.fields["CmsnAppTpCode"] == "1"
    rows = [_cost_row(call, position, charged=charged) for position in positions_of(call)]
    figures = _cash_figures(call) | {
        "PchsAmt": sum(row["PchsAmt"] for row in rows),
        "EvalPnlSum": sum(row["EvalPnl"] for row in rows),
    }
    blocks = {"OutBlock1": call.echo(), "OutBlock2": call.known("OutBlock2", figures), "OutBlock3": rows}
    return Answer(blocks, *ACCOUNT_QUERY_DONE)


def orderable_quantity(call: Call) -> Answer:
    """CSPBQ00200. Price 0 asks at the upper limit, as a market order would."""
    account, fields = call.account, call.fields
    issue = call.market.issues.get(bare_code(fields["IsuNo"]))
    if issue is None:
        return Answer({}, "09604", "종목번호를 확인하시기 바랍니다.")
    buyable, price = call.ledger.buyable(account, issue.code, int(fields["OrdPrc"]))
    quantity = call.ledger.sellable(account, issue.code) if fields["BnsTpCode"] == "1" else buyable
    figures = _cash_figures(call) | {
        "IsuNm": issue.name,
        "CmsnRat": account.fee_rate * 100,
        "Cmsn": account.fee_of(buyable * price),
        "PrsmptDpsD1": account.deposit,
        "PrsmptDpsD2": account.settled_cash,
        "MnyMgn": held_cash(account)["margin"],
        "RuseObjAmt": held_cash(account)["reusable"],
        **dict.fromkeys(("FirmMgnRat", "IsuMgnRat", "AcntMgnRat", "TrdMgnrt"), 100),
        **{f"MgnRat{rate}pctOrdAbleAmt": account.orderable_cash for rate in (20, 30, 40)},
        **{f"MgnRat{rate}OrdAbleQty": buyable for rate in (20, 30, 40, 100)},
        "MgnRat100MnyOrdAbleAmt": account.orderable_cash,
        "MgnRat100MnyOrdAbleQty": buyable,
        "OrdAbleQty": quantity,
        "OrdAbleAmt": quantity * price,
    }
    blocks = {"OutBlock1": call.echo(), "OutBlock2": call.known("OutBlock2", figures)}
    return Answer(blocks, *ACCOUNT_QUERY_DONE)


def _cash_figures(call: Call) -> dict[str, Any]:
    """The money fields of all account transactions; every issue takes its full price in cash here."""
    account, balance = call.account, call.ledger.balance(call.account)
    principal = balance.previous_total
    orderable = dict.fromkeys(ORDERABLE_FIELDS, balance.orderable)
    return orderable | {
        "RecCnt": 1,
        "BrnNm": BRANCH,
        "AcntNm": account.name,
        "MnyoutAbleAmt": _withdrawable(balance),
        "BalEvalAmt": balance.stock_value,
        "DpsastTotamt": balance.total,
        "PnlRat": Decimal(balance.total - principal) / principal if principal else 0,
        "InvstOrgAmt": principal,
        "InvstPlAmt": balance.total - principal,
        "Dps": balance.deposit,
        "D1Dps": balance.d1_cash,
        "D2Dps": balance.d2_cash,
        "MgnMny": held_cash(account)["margin"],
        "MnyMgn": held_cash(account)["margin"],
        "PrdaySellAdjstAmt": balance.yesterday.sold,
        "PrdayBuyAdjstAmt": balance.yesterday.bought,
        "CrdaySellAdjstAmt": balance.today.sold,
        "CrdayBuyAdjstAmt": balance.today.bought,
        "PrdaySellExecAmt": balance.yesterday.sold,
        "PrdayBuyExecAmt": balance.yesterday.bought,
        "CrdaySellExecAmt": balance.today.sold,
        "CrdayBuyExecAmt": balance.today.bought,
        "D1PrsmptWthdwAbleAmt": max(balance.d1_cash, 0),
        "D2PrsmptWthdwAbleAmt": max(balance.d2_cash, 0),
    }


ORDERABLE_FIELDS = (
    "MnyOrdAbleAmt",
    "SeOrdAbleAmt",
    "KdqOrdAbleAmt",
    "HtsOrdAbleAmt",
    "MgnRat100pctOrdAbleAmt",
    "MgnRat35ordAbleAmt",
    "MgnRat50ordAbleAmt",
    "D1OrdAbleAmt",
    "RcvblUablOrdAbleAmt",
)


def _withdrawable(balance: Balance) -> int:
    """What may leave the account today: settled cash that no trade or order needs."""
    return max(min(balance.deposit, balance.d2_cash - balance.reserved), 0)


def _cost_row(call: Call, position: Position, *, charged: bool) -> dict[str, Any]:
    issue, holding = position.issue, position.holding
    at_break_even = call.fields["UprcTpCode"] == "1"
    profit = position.profit(charged=charged)
    return {
        "IsuNo": short_code(issue),
        "IsuNm": issue.name,
        "SecBalPtnCode": "00",
        "SecBalPtnNm": "현금",
        "BalQty": settled_quantity(holding),
        "BnsBaseBalQty": position.quantity,
        "CrdayBuyExecQty": holding.bought_today,
        "CrdaySellExecQty": holding.sold_today,
        "PrdayBuyQty": holding.bought_before,
        "PrdaySellQty": holding.sold_before,
        "PnlRat": profit / position.cost if position.cost else 0,
        "NowPrc": issue.price,
        "AvrUprc": (position.cost + (position.costs if at_break_even else 0)) / position.quantity,
        "SellAbleQty": holding.sellable,
        "SellOrdQty": holding.on_order,
        "SellUnercQty": holding.on_order,
        "BalEvalAmt": position.value,
        "EvalPnl": int(profit),
        "PrdayCprc": issue.base_price,
        "PchsAmt": int(position.cost),
        "RegMktCode": MARKET_CODES[issue.market],
    }


TRANSACTIONS: Mapping[str, Handler] = {
    "t0424": holdings,
    "CSPAQ12200": cash,
    "CSPAQ22200": cash,
    "CSPAQ12300": cost_basis,
    "CSPBQ00200": orderable_quantity,
}
