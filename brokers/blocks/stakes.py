"""What a fund holds, is about to hold and wants to hold, and how its keepers changed it: to read."""

import re
from dataclasses import dataclass
from decimal import Decimal

from brokers.blocks.models import Fund, FundTarget
from brokers.blocks.selectors import Position, names_of
from brokers.models import RuleChange
from lucy import mongo

MOST_CHANGES = 20


@dataclass(frozen=True, slots=True)
class Stake:
    """One issue of a fund; shares."""

    symbol: str
    name: str
    told: int  # as of the fund's own moment
    done: int  # bought less sold by blocks since
    buying: int
    selling: int
    free: int  # to sell
    target: Decimal | None  # percent of the net value


def stakes_of(fund: Fund, position: Position) -> list[Stake]:
    """By code; issues that are neither held nor traded nor wanted are left out."""
    targets = {row.symbol: row.percent for row in FundTarget.objects.filter(fund=fund)}
    moved = (position.told, position.shares, position.buying, position.selling)
    symbols = {*targets, *(symbol for part in moved for symbol, shares in part.items() if shares)}
    names = names_of(symbols)
    stakes = []
    for symbol in sorted(symbols):
        told, free = position.told.get(symbol, 0), position.shares.get(symbol, 0)
        buying, selling = position.buying.get(symbol, 0), position.selling.get(symbol, 0)
        done, name = free + selling - told, names.get(symbol, "")
        stakes.append(Stake(symbol, name, told, done, buying, selling, free, targets.get(symbol)))
    return stakes


def changes_of(fund: Fund) -> list[RuleChange]:
    """The newest changes of its books, limits and rules; a fund keeps its code when it is renamed."""
    pattern = {"$regex": f"^{re.escape(fund.code)} "}
    rows = mongo.collection(RuleChange).find({"target": pattern}, {"_id": 1}).sort("at", -1)
    keys = [row["_id"] for row in rows.limit(MOST_CHANGES)]
    return list(RuleChange.objects.filter(pk__in=keys).order_by("-at", "-pk"))
