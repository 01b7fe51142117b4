"""How a preview reads in the API: legs, funds and broker accounts, before and after."""

from decimal import Decimal
from typing import Any

from brokers.blocks.services.account_parts import AccountPart, AccountParts, Day, DayLimit
from brokers.blocks.services.previewing import LegLine, Preview


def preview_snapshot(found: Preview, parts: AccountParts) -> dict[str, Any]:
    """Money as strings."""
    return {
        "ordered_quantity": found.divided.ordered,
        "left_over": found.divided.left_over,
        "left_over_reasons": found.divided.reasons,
        "legs": [_leg(line) for line in found.lines],
        "funds": [_fund(row) for row in found.fund_rows],
        "accounts": [_account(part) for part in parts.accounts],
        "user_day": _day(parts.user),
        "troubles": [trouble.as_dict() for trouble in found.troubles],
        "approval_reasons": found.reasons,
    }


def _leg(line: LegLine) -> dict[str, Any]:
    return {
        "position": line.leg.position,
        "fund": line.leg.fund.code,
        "account": str(line.account.pk),
        "ideal": f"{line.ideal:f}",
        "quantity": line.quantity,
        "amount": f"{line.cost.amount:f}",
        "fee": f"{line.cost.fee:f}",
        "tax": f"{line.cost.tax:f}",
    }


def _fund(row: dict[str, Any]) -> dict[str, Any]:
    money = {name: _won(row[name]) for name in ("cash", "cash_after", "today", "today_after", "day_value")}
    shares = {name: row[name] for name in ("held", "held_after")}
    return {"fund": row["fund"].code, "quantity": row["shares"], **money, **shares}


def _account(part: AccountPart) -> dict[str, Any]:
    free = part.free
    silence = free.silence and {"code": free.silence.code, "message": free.silence.message}
    return {
        "account": str(part.account.pk),
        "orders": part.orders,
        "quantity": part.shares,
        "won": _won(part.won),
        "free": _won(free.value),
        "takes": _won(part.takes),
        "left": _won(part.left),
        "as_of": free.at.isoformat() if free.at else None,
        "silence": silence,
        "day": _day(part.day),
    }


def _day(day: Day) -> dict[str, Any]:
    return {"value": _limit(day.value), "quantity": _limit(day.quantity)}


def _limit(day: DayLimit) -> dict[str, Any]:
    most = day.limit.most if day.limit else None
    return {"now": _won(day.now), "after": _won(day.after), "limit": _won(most)}


def _won(value: Decimal | None) -> str | None:
    return None if value is None else f"{value.normalize():f}"
