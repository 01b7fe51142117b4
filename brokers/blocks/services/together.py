"""Blocks that leave one after the other, judged as one: each alone may be fine where all of them are not.

What they share is summed up: an account's cash, shares and day, the user's day, each fund's cash, shares and
day. Each block is judged by itself besides (`checking.py`), and once more when it is staged.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property, partial
from typing import Any

from accounts.models import User
from brokers.blocks import lanes
from brokers.blocks.services.checking import FundPart, Trouble, UnsavedCase, Wanted, unsaved
from brokers.blocks.services.previewing import Preview, children_wanted
from brokers.services import checks, facts
from brokers.services.facts import FactMissing
from brokers.services.standing import standing_of
from brokers.services.tally import Bound, Tally
from brokers.terms import OrderType, Side


@dataclass(frozen=True)
class SumCase(UnsavedCase):
    """One order that stands for several: the day counts all of them."""

    sum: Bound = field(default_factory=Bound)

    @cached_property
    def added(self) -> Bound:
        return self.sum


def troubles_together(user: User, found: Sequence[Preview]) -> list[Trouble]:
    """Why these blocks may not leave together; nothing for a single one."""
    if len(found) < 2:
        return []
    wanted = [one for each in found for one in children_wanted(each.plan, each.wish, each.lines)]
    by_account: dict[Any, list[Wanted]] = defaultdict(list)
    for one in wanted:
        by_account[one.account.pk].append(one)
    work: dict[Any, Callable[[], list[Trouble]]] = {
        key: partial(_account_troubles, user, group) for key, group in by_account.items() if len(group) > 1
    }
    troubles = _fund_troubles(found)
    for told in lanes.side_by_side(work).values():
        troubles += told
    return troubles + _user_troubles(user, wanted)


def crossed(found: Sequence[Preview]) -> list[str]:
    """Issues that some of these blocks buy and others sell: they may meet in the market (자전거래)."""
    sides: dict[str, set[Side]] = defaultdict(set)
    for each in found:
        sides[each.name or each.wish.symbol].add(each.wish.side)
    return [name for name, both in sides.items() if len(both) > 1]


def _account_troubles(user: User, group: Sequence[Wanted]) -> list[Trouble]:
    account, case = group[0].account, _sum_case(user, group)
    say = partial(Trouble, account=str(account))
    try:
        troubles = _cash(group, case.day, say) + _shares(group, case.day, say)
    except FactMissing as missing:
        return [say(missing.code, missing.message)]
    if refusal := checks.day_allowed(case):
        troubles.append(say(refusal.code, f"주문 {len(group)}건을 합하면: {refusal.message}"))
    return troubles


def _cash(group: Sequence[Wanted], day: Tally, say: Callable[[str, str], Trouble]) -> list[Trouble]:
    buys = [one for one in group if one.request.side == Side.BUY]
    if len(buys) < 2:
        return []
    account, largest = buys[0].account, max(buys, key=_value)
    total = sum(map(_value, buys), Decimal(0))  # the broker's figure has its commission off already
    request = largest.request
    enough = facts.cash_enough(
        account, day, total, request.symbol, request.price, OrderType(request.order_type)
    )
    if enough.yes:
        return []
    free = f"{enough.figure:,.0f}원"
    words = f"매수 {len(buys)}건을 합하면 {total:,.0f}원이 필요한데 주문가능금액은 {free}입니다."
    return [say("insufficient_cash", words)]


def _shares(group: Sequence[Wanted], day: Tally, say: Callable[[str, str], Trouble]) -> list[Trouble]:
    sales: dict[str, list[int]] = defaultdict(list)
    for one in group:
        if one.request.side == Side.SELL:
            sales[one.request.symbol].append(one.request.quantity)
    troubles = []
    for symbol, parts in sales.items():
        if len(parts) < 2:
            continue
        enough = facts.shares_enough(group[0].account, day, symbol, sum(parts))
        if not enough.yes:
            words = (
                f"{symbol} 매도 {len(parts)}건을 합하면 {sum(parts):,}주인데 팔 수 있는 수량은 "
                f"{enough.figure:,.0f}주입니다."
            )
            troubles.append(say("insufficient_holdings", words))
    return troubles


def _user_troubles(user: User, wanted: Sequence[Wanted]) -> list[Trouble]:
    if not wanted:
        return []
    refusal = checks.user_day_allowed(_sum_case(user, wanted))
    return [Trouble(refusal.code, f"주문 {len(wanted)}건을 합하면: {refusal.message}")] if refusal else []


def _sum_case(user: User, group: Sequence[Wanted]) -> SumCase:
    first = group[0]
    total = Bound(sum(one.request.quantity for one in group), sum(map(_value, group), Decimal(0)))
    standing = standing_of(first.account, user, first.request.symbol)
    return SumCase(unsaved(user, first), first.request, user, standing, sum=total)


def _price(one: Wanted) -> Decimal:
    assert one.request.price is not None  # noqa: S101  # files and targets are ordered at a limit
    return one.request.price


def _value(one: Wanted) -> Decimal:
    return one.request.quantity * _price(one)


# --- funds --------------------------------------------------------------------------------------------------


def _fund_troubles(found: Sequence[Preview]) -> list[Trouble]:
    parts: dict[Any, list[tuple[Preview, FundPart]]] = defaultdict(list)
    for each in found:
        for part in each.funds:
            if part.shares:
                parts[part.fund.pk].append((each, part))
    return [trouble for group in parts.values() if len(group) > 1 for trouble in _of_fund(group)]


def _of_fund(group: Sequence[tuple[Preview, FundPart]]) -> list[Trouble]:
    fund, position = group[0][1].fund, group[0][1].position
    say = partial(Trouble, fund=str(fund))
    troubles = []
    cost = sum((part.won for each, part in group if each.wish.side == Side.BUY), Decimal(0))
    if cost and cost > position.cash:  # sales alone are what an overdrawn fund needs
        words = f"블록을 합하면 현금 {position.cash:,.0f}원보다 많은 {cost:,.0f}원이 필요합니다."
        troubles.append(say("fund_cash", words))
    sold: dict[str, int] = defaultdict(int)
    for each, part in group:
        if each.wish.side == Side.SELL:
            sold[each.wish.symbol] += part.shares
    for symbol, shares in sold.items():
        held = position.shares.get(symbol, 0)
        if shares > held:
            words = f"블록을 합하면 {symbol} {shares:,}주를 파는데 팔 수 있는 수량은 {held:,}주입니다."
            troubles.append(say("fund_holdings", words))
    value = position.today + sum((part.value for _each, part in group), Decimal(0))
    if fund.day_value is not None and value > fund.day_value:
        words = f"하루 한도 {fund.day_value:,.0f}원을 넘습니다. 이 블록들을 더하면 {value:,.0f}원입니다."
        troubles.append(say("fund_day_value", words))
    return troubles
