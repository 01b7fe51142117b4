"""From target weights to blocks: each fund of a plan by itself, then one block an issue and side."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet

from accounts.models import User
from brokers.blocks.allocation import Party, split
from brokers.blocks.models import Block, Fund, FundTarget, Leg, Plan
from brokers.blocks.preview import Wish
from brokers.blocks.rebalance import Line, Proposal, Trade, rebalance
from brokers.blocks.rights import require_ordering
from brokers.blocks.selectors import legs_of, names_of, position_of
from brokers.blocks.services import together
from brokers.blocks.services.checking import Trouble, refused
from brokers.blocks.services.previewing import Preview, preview
from brokers.blocks.services.seals import seal, unseal
from brokers.blocks.services.staging import place_block
from brokers.blocks.terms import Rounding
from brokers.costs import Estimate, estimate
from brokers.forms import kind_of
from brokers.models import BrokerAccount
from brokers.services import facts
from brokers.services.facts import FactMissing
from brokers.terms import OrderType, Side
from lucy import mongo
from lucy.errors import LucyError

NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class Step:
    """One issue of a fund on its way: weights in percent of the net value, None of a fund without any."""

    line: Line
    name: str
    trade: Trade | None
    cost: Estimate | None
    before: Decimal | None
    after: Decimal | None  # when all is filled, also what is on order already

    @property
    def target(self) -> Decimal:
        return Decimal(self.line.target) / 100

    @property
    def off_before(self) -> Decimal | None:
        return None if self.before is None else self.before - self.target

    @property
    def off_after(self) -> Decimal | None:
        return None if self.after is None else self.after - self.target


@dataclass(frozen=True, slots=True)
class FundRound:
    """One fund's way to its targets; won."""

    fund: Fund
    proposal: Proposal
    free: Decimal  # cash to spend
    steps: list[Step]

    def _total(self, side: Side) -> Decimal:
        costs = (step.cost.total for step in self.steps if step.cost and _side(step) == side)
        return sum(costs, NOTHING)

    @property
    def spent(self) -> Decimal:
        return self._total(Side.BUY)

    @property
    def earned(self) -> Decimal:
        """What the sales bring after fee and tax, once they are filled."""
        return self._total(Side.SELL)

    @property
    def cash_after(self) -> Decimal:
        """Free when all is filled; what is on order already is not in it."""
        return self.free - self.spent + self.earned

    @property
    def cash_target(self) -> Decimal:
        return 100 - sum((step.target for step in self.steps), NOTHING)

    @property
    def cash_weights(self) -> tuple[Decimal, Decimal] | None:
        """Percent of the net value, now and when all is filled."""
        if self.proposal.net <= 0:
            return None
        before = sum((_weight(step.before) for step in self.steps), NOTHING)
        return 100 - before, 100 - sum((_weight(step.after) for step in self.steps), NOTHING)

    @property
    def off(self) -> tuple[Decimal, Decimal]:
        """How far the issues are from their targets in all, in percentage points: now, and afterwards."""
        before = sum((abs(_weight(step.off_before)) for step in self.steps), NOTHING)
        return before, sum((abs(_weight(step.off_after)) for step in self.steps), NOTHING)

    @property
    def pending(self) -> bool:
        return any(step.line.coming or step.line.leaving for step in self.steps)


def _weight(value: Decimal | None) -> Decimal:
    return value or NOTHING


def _side(step: Step) -> Side | None:
    return step.trade.side if step.trade else None


@dataclass(slots=True)
class Round:
    """What a plan's funds would trade, and the blocks that follow."""

    plan: Plan
    funds: list[FundRound]
    blocks: list[Preview]
    without: list[Fund]  # funds of the plan that want nothing: they have no targets
    together: list[Trouble] = field(default_factory=list)

    @property
    def sendable(self) -> list[Preview]:
        return [found for found in self.blocks if not found.troubles]

    @property
    def crossed(self) -> list[str]:
        return together.crossed(self.blocks)

    @property
    def bought(self) -> Decimal:
        return self._amount(Side.BUY)

    @property
    def sold(self) -> Decimal:
        return self._amount(Side.SELL)

    def _amount(self, side: Side) -> Decimal:
        return sum((found.total.amount for found in self.blocks if found.wish.side == side), NOTHING)

    def sealed(self, user: User, name: str) -> str:
        """The blocks as they were shown, for `place` to place just these."""
        wishes = [
            [wish.symbol, wish.side, str(wish.price), sorted((wish.targets or {}).items())]
            for wish in (found.wish for found in self.blocks)
        ]
        told = {"name": name, "plan": str(self.plan.pk), "wishes": wishes}
        return seal(user, "rebalance", told)


def key_of(wish: Wish) -> str:
    """A block's name within its round."""
    return f"{wish.symbol}-{wish.side}"


def propose(user: User, plan: Plan, *, whole: bool = False) -> Round:
    """Raises `LucyError`: `no_targets`, `too_much` (beyond 100 %), `price_unavailable`, and rights."""
    legs = legs_of(plan)
    require_ordering(user, plan, legs)
    account = plan.executing_account or legs[0].account
    assert account is not None  # noqa: S101  # `require_sound` of the plan
    funds = {leg.fund_id: leg.fund for leg in legs}
    rounds = [found for fund in funds.values() if (found := _round(fund, account, plan.lot))]
    if not rounds:
        raise LucyError("no_targets", "이 계획의 펀드에 목표 비중이 없습니다. 펀드의 화면에서 먼저 적으세요.")
    aimed = {found.fund.pk for found in rounds}
    wishes = _wishes(plan, legs, rounds)
    blocks = [preview(user, plan, wish, whole=whole) for wish in wishes]
    proposed = Round(plan, rounds, blocks, [fund for key, fund in funds.items() if key not in aimed])
    if whole:
        proposed.together = together.troubles_together(user, proposed.sendable)
    return proposed


@dataclass(frozen=True, slots=True)
class Looked:
    """A round as somebody saw it."""

    name: str
    plan_key: str
    wishes: list[Wish]


def looked_at(user: User, text: str) -> Looked:
    """What was sealed for this user. Raises `LucyError` (`looked_too_long`, 409)."""
    what = unseal(user, "rebalance", text)
    wishes = [
        Wish(symbol, Side(side), OrderType.LIMIT, Decimal(price), targets=dict(parts))
        for symbol, side, price, parts in what["wishes"]
    ]
    return Looked(what["name"], what["plan"], wishes)


def place(user: User, plan: Plan, name: str, wishes: Sequence[Wish]) -> list[Block]:
    """Place these blocks, or none of them; the same name again places what is missing and nothing twice.

    Raises `LucyError`: `block_refused` (409, with every trouble), `partly_placed` (409) where the market or
    the funds moved between two of them, and what `preview` raises.
    """
    there = {block.client_block_id for block in blocks_named(user, name)}
    left = [wish for wish in wishes if _block_id(name, wish) not in there]
    found = [preview(user, plan, wish, whole=True) for wish in left]
    troubles = [trouble for each in found for trouble in each.troubles]
    troubles = troubles or together.troubles_together(user, found)
    if troubles and blocks_named(user, name).count() == len(there):  # else the same came twice at once
        raise refused(troubles, "점검에 걸려 아무것도 보내지 않았습니다.")
    refusals = []
    for wish in left:
        try:
            place_block(user, _block_id(name, wish), plan, wish, confirmed=True)
        except LucyError as refusal:
            refusals.append(f"{wish.symbol} {wish.side.label}: {refusal.message}")
    if refusals:
        words = f"블록 {len(left) - len(refusals)}건을 보냈고 {len(refusals)}건은 나가지 않았습니다. "
        raise LucyError("partly_placed", words + " ".join(refusals), status=409)
    return list(blocks_named(user, name))


def _block_id(name: str, wish: Wish) -> str:
    return f"rebalance-{name}-{key_of(wish)}"


def blocks_named(user: User, name: str) -> QuerySet[Block]:
    """The round's blocks, in the order in which they left."""
    pattern = {"$regex": f"^rebalance-{re.escape(name)}-"}
    keys = mongo.collection(Block).distinct("_id", {"user_id": user.pk, "client_block_id": pattern})
    return Block.objects.filter(pk__in=keys).order_by("created_at", "pk")


def _round(fund: Fund, account: BrokerAccount, lot: int) -> FundRound | None:
    targets = {row.symbol: int(row.percent * 100) for row in FundTarget.objects.filter(fund=fund)}
    if not targets:
        return None
    position = position_of(fund)
    kept = (position.shares, position.buying, position.selling)
    held = (symbol for part in kept for symbol, shares in part.items() if shares > 0)
    lines = [
        Line(
            symbol,
            max(0, position.shares.get(symbol, 0)),
            targets.get(symbol, 0),
            _price(account, symbol),
            account.rates.of(kind_of(symbol)),
            position.buying.get(symbol, 0),
            position.selling.get(symbol, 0),
        )
        for symbol in sorted({*targets, *held})
    ]
    try:
        proposal = rebalance(position.cash, lines, lot)
    except ValueError as odd:
        raise LucyError("too_much", f"{fund}: 목표 비중의 합이 100 %를 넘습니다.") from odd
    return FundRound(fund, proposal, position.cash, _steps(lines, proposal))


def _price(account: BrokerAccount, symbol: str) -> Decimal:
    try:
        price = facts.quote_of(account, symbol).price
    except FactMissing as missing:
        raise LucyError(missing.code, missing.message, status=503) from missing
    if price <= 0:
        raise LucyError("price_unavailable", f"{symbol}의 현재가가 없습니다.", status=503)
    return price


def _steps(lines: Collection[Line], proposal: Proposal) -> list[Step]:
    trades = {trade.symbol: trade for trade in proposal.trades}
    names = names_of(line.symbol for line in lines)

    def percent(shares: int, line: Line) -> Decimal | None:
        return 100 * shares * line.price / proposal.net if proposal.net > 0 else None

    steps = []
    for line in lines:
        trade = trades.get(line.symbol)
        change = 0 if trade is None else trade.quantity if trade.side == Side.BUY else -trade.quantity
        cost = estimate(trade.side, trade.quantity, line.price, line.rates) if trade else None
        before, after = percent(line.owned, line), percent(line.expected + change, line)
        steps.append(Step(line, names.get(line.symbol, ""), trade, cost, before, after))
    return steps


def _wishes(plan: Plan, legs: list[Leg], rounds: Iterable[FundRound]) -> list[Wish]:
    """One wish an issue and side, sales first; a fund with several legs shares out by their weights."""
    targets: dict[tuple[str, Side], dict[int, int]] = defaultdict(dict)
    prices: dict[str, Decimal] = {}
    for found in rounds:
        own = [leg for leg in legs if leg.fund_id == found.fund.pk]
        prices |= {step.line.symbol: step.line.price for step in found.steps}
        for trade in found.proposal.trades:
            parties = [Party(leg.weight) for leg in own]
            parts = split(Rounding.QUOTA, parties, trade.quantity, plan.lot)
            targets[trade.symbol, trade.side] |= {
                leg.position: part for leg, part in zip(own, parts, strict=True) if part
            }
    ranked: list[tuple[tuple[str, Side], Any]] = sorted(
        targets.items(), key=lambda each: (each[0][1] == Side.BUY, each[0][0])
    )
    return [
        Wish(symbol, side, OrderType.LIMIT, prices[symbol], targets=parts)
        for (symbol, side), parts in ranked
        if parts
    ]
