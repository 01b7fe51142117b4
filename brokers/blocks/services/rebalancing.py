"""From target weights to blocks: each fund of a plan by itself, then one block an issue and side."""

from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet

from accounts.models import User
from brokers.blocks.allocation import Party, split
from brokers.blocks.models import Block, Fund, FundTarget, Leg, Plan
from brokers.blocks.preview import Wish
from brokers.blocks.rebalance import Line, Proposal, rebalance
from brokers.blocks.rights import require_ordering
from brokers.blocks.selectors import legs_of, names_of, position_of
from brokers.blocks.services.previewing import Preview, preview
from brokers.blocks.services.staging import place_block
from brokers.blocks.terms import Rounding
from brokers.forms import kind_of
from brokers.models import BrokerAccount
from brokers.services import facts
from brokers.services.facts import FactMissing
from brokers.terms import OrderType, Side
from lucy.errors import LucyError


@dataclass(slots=True)
class FundRound:
    """One fund's way to its targets."""

    fund: Fund
    cash: Decimal
    proposal: Proposal
    rows: list[dict[str, Any]] = field(default_factory=list)


@dataclass(slots=True)
class Round:
    """What a plan's funds would trade, and the blocks that follow."""

    plan: Plan
    funds: list[FundRound]
    blocks: list[Preview]

    @property
    def troubles(self) -> int:
        return sum(len(found.troubles) for found in self.blocks)


def propose(user: User, plan: Plan, *, whole: bool = False) -> Round:
    """Raises `LucyError`: `no_targets`, `too_much` (beyond 100 %), `price_unavailable`, and rights."""
    legs = legs_of(plan)
    require_ordering(user, plan, legs)
    account = plan.executing_account or legs[0].account
    assert account is not None  # noqa: S101  # `require_sound` of the plan
    funds = {leg.fund_id: leg.fund for leg in legs}
    rounds = [found for fund in funds.values() if (found := _round(fund, account, plan.lot))]
    if not rounds:
        raise LucyError("no_targets", "이 계획의 펀드에 목표 비중이 없습니다. 관리 화면의 펀드에 적으세요.")
    wishes = _wishes(plan, legs, rounds)
    return Round(plan, rounds, [preview(user, plan, wish, whole=whole) for wish in wishes])


def place(user: User, plan: Plan, name: str) -> list[Block]:
    """Place the blocks of the proposal of now; the same name again is the same blocks.

    Raises `LucyError`: `block_refused` (409), and what `propose` raises.
    """
    prefix = f"rebalance-{name}-"
    if earlier := list(_named(user, prefix)):
        return earlier
    found = propose(user, plan, whole=True)
    if found.troubles:
        raise LucyError("block_refused", "점검에 걸리는 블록이 있어 아무것도 보내지 않았습니다.", status=409)
    return [
        place_block(user, f"{prefix}{each.wish.symbol}-{each.wish.side}", plan, each.wish, confirmed=True)
        for each in found.blocks
    ]


def _named(user: User, prefix: str) -> QuerySet[Block]:
    return Block.objects.filter(user=user, client_block_id__startswith=prefix).order_by("created_at", "pk")


def _round(fund: Fund, account: BrokerAccount, lot: int) -> FundRound | None:
    targets = {row.symbol: int(row.percent * 100) for row in FundTarget.objects.filter(fund=fund)}
    if not targets:
        return None
    position = position_of(fund)
    symbols = sorted({*targets, *(symbol for symbol, held in position.shares.items() if held > 0)})
    lines = [
        Line(
            symbol,
            position.shares.get(symbol, 0),
            targets.get(symbol, 0),
            _price(account, symbol),
            account.rates.of(kind_of(symbol)),
        )
        for symbol in symbols
    ]
    try:
        proposal = rebalance(position.cash, lines, lot)
    except ValueError as odd:
        raise LucyError("too_much", f"{fund}: 목표 비중의 합이 100 %를 넘습니다.") from odd
    return FundRound(fund, position.cash, proposal, _rows(lines, proposal))


def _price(account: BrokerAccount, symbol: str) -> Decimal:
    try:
        price = facts.quote_of(account, symbol).price
    except FactMissing as missing:
        raise LucyError(missing.code, missing.message, status=503) from missing
    if price <= 0:
        raise LucyError("price_unavailable", f"{symbol}의 현재가가 없습니다.", status=503)
    return price


def _rows(lines: list[Line], proposal: Proposal) -> list[dict[str, Any]]:
    trades = {trade.symbol: trade for trade in proposal.trades}
    names = names_of(line.symbol for line in lines)
    rows = []
    for line in lines:
        trade = trades.get(line.symbol)
        change = 0 if trade is None else trade.quantity if trade.side == Side.BUY else -trade.quantity
        weigh = (lambda shares, line=line: 100 * shares * line.price / proposal.net) if proposal.net else None
        rows.append(
            {
                "symbol": line.symbol,
                "name": names.get(line.symbol, ""),
                "price": line.price,
                "held": line.held,
                "before": weigh(line.held) if weigh else None,
                "target": Decimal(line.target) / 100,
                "after": weigh(line.held + change) if weigh else None,
                "trade": trade,
            }
        )
    return rows


def _wishes(plan: Plan, legs: list[Leg], rounds: list[FundRound]) -> list[Wish]:
    """One wish an issue and side, sales first; a fund with several legs shares out by their weights."""
    targets: dict[tuple[str, Side], dict[int, int]] = defaultdict(dict)
    prices: dict[str, Decimal] = {}
    for found in rounds:
        own = [leg for leg in legs if leg.fund_id == found.fund.pk]
        prices |= {row["symbol"]: row["price"] for row in found.rows}
        for trade in found.proposal.trades:
            parties = [Party(leg.weight) for leg in own]
            parts = split(Rounding.QUOTA, parties, trade.quantity, plan.lot)
            targets[trade.symbol, trade.side] |= {
                leg.position: part for leg, part in zip(own, parts, strict=True) if part
            }
    ranked = sorted(targets.items(), key=lambda each: (each[0][1] == Side.BUY, each[0][0]))
    return [
        Wish(symbol, side, OrderType.LIMIT, prices[symbol], targets=parts)
        for (symbol, side), parts in ranked
        if parts
    ]
