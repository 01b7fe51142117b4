"""A block as it would become, with the market, the funds and the brokers asked; nothing is stored."""

from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from accounts.models import User
from brokers.adapters.base import OrderRequest, Quote
from brokers.blocks.models import (
    BlockRule,
    Leg,
    Plan,
)
from brokers.blocks.preview import Divided, Terms, Wish, cost_of, divide, divide_as_told, shares_for
from brokers.blocks.rights import require_ordering
from brokers.blocks.selectors import legs_of, positions_of
from brokers.blocks.services import checking
from brokers.blocks.services.checking import FundPart, Trouble, Wanted
from brokers.blocks.terms import Basis, IssueStance, Mode, Rounding
from brokers.costs import Estimate
from brokers.models import BrokerAccount, Instrument
from brokers.rules.band import band_of
from brokers.services import facts
from brokers.services.facts import FactMissing
from brokers.terms import InstrumentKind, OrderType, Side
from lucy import mongo
from lucy.errors import LucyError


@dataclass(frozen=True, slots=True)
class LegLine:
    """One leg of a preview."""

    leg: Leg
    account: BrokerAccount
    quantity: int
    ideal: Decimal  # shares, before rounding
    cost: Estimate  # at the price, or the last one


@dataclass(slots=True)
class Preview:
    """What the wish would become; nothing of it is stored."""

    plan: Plan
    wish: Wish
    name: str
    kind: str  # of the issue (`InstrumentKind`); empty where the list does not know it
    price: Decimal  # won a share that costs are counted at
    worst: Decimal  # won a share that limits are counted at
    divided: Divided
    lines: list[LegLine]
    funds: list[FundPart] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)  # why a second person must look

    @property
    def total(self) -> Estimate:
        costs = [line.cost for line in self.lines]
        return Estimate(
            *(sum((getattr(c, n) for c in costs), Decimal(0)) for n in ("amount", "fee", "tax", "total"))
        )

    @property
    def fund_rows(self) -> list[dict[str, Any]]:
        """Each fund before and after, for the page and the API."""
        sign = 1 if self.wish.side == Side.BUY else -1
        rows = []
        for part in self.funds:
            held, today = part.position.shares.get(self.wish.symbol, 0), part.position.today
            rows.append(
                {
                    "fund": part.fund,
                    "shares": part.shares,
                    "cash": part.position.cash,
                    "cash_after": part.cash_after(self.wish.side),
                    "held": held,
                    "held_after": held + sign * part.shares,
                    "today": today,
                    "today_after": today + part.value,
                    "day_value": part.fund.day_value,
                }
            )
        return rows

    @property
    def worst_value(self) -> Decimal:
        return self.divided.ordered * self.worst


def preview(user: User, plan: Plan, wish: Wish, *, whole: bool = False) -> Preview:
    """The wish worked out; `whole`: with every check of every child, which asks the brokers.

    Raises what `worked_out` raises.
    """
    found = worked_out(user, plan, wish)
    found.funds = fund_parts(found.lines, wish.side, found.worst, found.kind)
    rules = checking.issue_rules(wish.symbol, wish.side, [part.fund for part in found.funds if part.shares])
    found.troubles = checking.fund_troubles(wish.side, wish.symbol, found.funds, rules)
    if not found.divided.ordered:
        found.troubles.append(Trouble("nothing_to_order", "나눌 수량이 없습니다. 수량이나 금액을 늘리세요."))
    warned = [rule.reason for rule in rules if rule.stance == IssueStance.WARNED]
    found.reasons = _reasons(found.funds, found.worst_value, warned)
    if whole and found.divided.ordered:
        found.troubles += checking.troubles_of(user, children_wanted(plan, wish, found.lines))
    return found


def worked_out(user: User, plan: Plan, wish: Wish) -> Preview:
    """Who would order how much at what cost; the funds are not looked at.

    Raises `LucyError`: `invalid`, `may_trade…`, `price_unavailable`.
    """
    legs = legs_of(plan)
    require_ordering(user, plan, legs)
    instrument = mongo.find(Instrument, symbol=wish.symbol)
    price, worst = _prices(wish, _quote(plan, legs, wish.symbol), instrument)
    name, kind = (instrument.name, instrument.kind) if instrument else ("", "")
    divided = _divided(plan, legs, wish, price, kind)
    lines = [
        _line(plan, leg, quantity, ideal, wish.side, price, kind)
        for leg, quantity, ideal in zip(legs, divided.quantities, divided.ideals, strict=True)
    ]
    return Preview(plan, wish, name, kind, price, worst, divided, lines)


def _quote(plan: Plan, legs: list[Leg], symbol: str) -> Quote:
    account = plan.executing_account or legs[0].account
    assert account is not None  # noqa: S101  # `require_sound` of the plan
    try:
        return facts.quote_of(account, symbol)
    except FactMissing as missing:
        raise LucyError(missing.code, missing.message, status=503) from missing


def _prices(wish: Wish, quote: Quote, instrument: Instrument | None) -> tuple[Decimal, Decimal]:
    """Won a share to count with: the price, or the last one; and the most it may be."""
    if wish.price is not None:
        return wish.price, wish.price
    upper = _upper_limit(quote, instrument)
    return (quote.price if quote.price > 0 else upper), upper


def _upper_limit(quote: Quote, instrument: Instrument | None) -> Decimal:
    kind = InstrumentKind(instrument.kind) if instrument else InstrumentKind.STOCK
    return quote.upper_limit if quote.upper_limit > 0 else band_of(quote.base_price, kind)[1]


def dearest(plan: Plan, symbol: str) -> Decimal:
    """The most won a share can cost today without a limit. Raises `LucyError` (503) without a price."""
    return _upper_limit(_quote(plan, legs_of(plan), symbol), mongo.find(Instrument, symbol=symbol))


def terms_of(plan: Plan, legs: list[Leg]) -> Terms:
    return Terms(
        Basis(plan.basis),
        Rounding(plan.rounding),
        plan.lot,
        [leg.position for leg in legs],
        [leg.weight for leg in legs],
        [leg.cap for leg in legs],
    )


def _divided(plan: Plan, legs: list[Leg], wish: Wish, price: Decimal, kind: str) -> Divided:
    terms = terms_of(plan, legs)
    if wish.targets is not None:
        _require_targets(wish.targets, terms)
        return divide_as_told(terms, wish.targets)
    if wish.amount is not None:
        account = plan.executing_account or legs[0].account
        assert account is not None  # noqa: S101
        return divide(terms, shares_for(wish.amount, price, wish.side, account.rates.of(kind)))
    if wish.quantity is not None:
        return divide(terms, wish.quantity)
    if plan.basis == Basis.QUANTITY:
        return divide(terms, sum(terms.weights))
    raise LucyError("invalid", "수량이나 금액을 적으세요.", field="quantity")


def _require_targets(targets: dict[int, int], terms: Terms) -> None:
    if odd := sorted(set(targets) - set(terms.positions)):
        raise LucyError("invalid", f"계획에 없는 항목입니다: {odd}", field="targets")
    if any(quantity < 0 or quantity % terms.lot for quantity in targets.values()):
        raise LucyError(
            "invalid", f"항목의 수량은 배분단위 {terms.lot:,}주의 배수여야 합니다.", field="targets"
        )


def _line(plan: Plan, leg: Leg, quantity: int, ideal: Any, side: Side, price: Decimal, kind: str) -> LegLine:
    account = plan.executing_account or leg.account
    assert account is not None  # noqa: S101
    cost = cost_of(side, quantity, price, account.rates.of(kind))
    shown = (Decimal(ideal.numerator) / ideal.denominator).quantize(Decimal("0.01"))
    return LegLine(leg, account, quantity, shown, cost)


def fund_parts(lines: list[LegLine], side: Side, worst: Decimal, kind: str) -> list[FundPart]:
    by_fund: dict[Any, list[LegLine]] = defaultdict(list)
    for line in lines:
        by_fund[line.leg.fund_id].append(line)
    positions = positions_of([group[0].leg.fund for group in by_fund.values()])
    parts = []
    for key, group in by_fund.items():
        costs = [cost_of(side, line.quantity, worst, line.account.rates.of(kind)) for line in group]
        fund = group[0].leg.fund
        parts.append(
            FundPart(
                fund,
                positions[key],
                sum(line.quantity for line in group),
                sum((cost.total for cost in costs), Decimal(0)),
                sum((cost.amount for cost in costs), Decimal(0)),
            )
        )
    return parts


def _reasons(parts: list[FundPart], value: Decimal, warned: list[str]) -> list[str]:
    found = [reason] if (reason := large(value)) else []
    found += [f"주의 종목: {reason}" for reason in warned]
    names = [str(part.fund) for part in parts if part.fund.four_eyes and part.shares]
    if names:
        found.append(f"항상 두 사람이 보는 펀드: {', '.join(names)}")
    return found


def large(value: Decimal) -> str:
    """Why a block of so many won needs a second person; empty where it needs none."""
    rule = BlockRule.objects.first()
    if rule is None or rule.approval_value is None or value < rule.approval_value:
        return ""
    return f"금액 {value:,.0f}원: {rule.approval_value:,.0f}원부터 승인을 받습니다."


def children_wanted(plan: Plan, wish: Wish, lines: list[LegLine]) -> list[Wanted]:
    """The orders that would leave: one a leg with shares, or one for all in a shared account."""
    if plan.mode == Mode.SHARED:
        assert plan.executing_account is not None  # noqa: S101
        return [Wanted(0, plan.executing_account, _request(wish, sum(line.quantity for line in lines)))]
    return [
        Wanted(line.leg.position, line.account, _request(wish, line.quantity))
        for line in lines
        if line.quantity
    ]


def _request(wish: Wish, quantity: int) -> OrderRequest:
    return OrderRequest(wish.symbol, wish.side, quantity, wish.price, OrderType(wish.order_type))
