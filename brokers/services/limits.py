"""The limits that hold for an order, and the history of every rule that staff change."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from django.db.models import Model

from accounts.models import User
from brokers.models import BrokerAccount, RuleChange, Scope, TradingLimit
from brokers.models.stops import keys_over
from lucy import clock, mongo

# What holds for everybody while no row `전체` is stored. The distance is the width of the day's band: staff
# who want to catch slips of the finger set a smaller one.
DEFAULTS = {
    "order_quantity": 100_000,
    "order_value": Decimal(1_000_000_000),
    "day_quantity": 1_000_000,
    "day_value": Decimal(10_000_000_000),
    "distance_percent": Decimal(30),
}


@dataclass(frozen=True, slots=True)
class Limit:
    """The strictest of the limits of one kind, and whose it is."""

    most: Decimal
    scope: Scope

    @property
    def owner(self) -> str:
        return f"{self.scope.label} 한도"


Limits = dict[str, Limit]


def limits_over(account: BrokerAccount, user: User) -> Limits:
    return strictest(mongo.find_all(TradingLimit, key=keys_over(account.pk, user.pk)))


def strictest(rows: list[TradingLimit]) -> Limits:
    """What these rows limit, by field of `TradingLimit`; a kind that none limits is missing.

    A day's limit of a user counts all accounts; one of the system or of an account counts each account by
    itself. So the two are kept apart: `day_value` and `user_day_value`, and alike for quantities.
    """
    if not any(row.scope == Scope.SYSTEM for row in rows):
        rows = [*rows, TradingLimit(scope=Scope.SYSTEM, **DEFAULTS)]
    found: Limits = {}
    for row in rows:
        for name in DEFAULTS:
            most = getattr(row, name)
            kind = f"user_{name}" if row.scope == Scope.USER and name.startswith("day_") else name
            if most is not None and (kind not in found or most < found[kind].most):
                found[kind] = Limit(Decimal(most), Scope(row.scope))
    return found


# --- the history of rules ---------------------------------------------------------------------------------


def values_of(row: Model) -> dict[str, str]:
    """A rule's stored fields in words, for comparing before and after."""
    fields = (field for field in row._meta.concrete_fields if field.editable and not field.primary_key)
    return {field.name: _shown(row, field) for field in fields}


def _shown(row: Model, field: Any) -> str:
    value = getattr(row, field.name)
    return "" if value is None else str(value)


def stored_values(row: Model) -> dict[str, str]:
    """The same of the row as the database has it; nothing when it is new."""
    found = type(row)._default_manager.filter(pk=row.pk).first() if row.pk else None
    return values_of(found) if found else {}


def note_change(by: str, row: Model, before: dict[str, str], after: dict[str, str]) -> None:
    """Append to the history who made a rule say something else; nothing when it says the same."""
    labels = {field.name: str(field.verbose_name) for field in row._meta.concrete_fields}
    note_values(by, str(row._meta.verbose_name), str(row), before, after, labels)


def note_values(
    by: str,
    rule: str,
    target: str,
    before: dict[str, str],
    after: dict[str, str],
    labels: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """The same for any values by name; `labels` are the names as people read them."""
    changes = {
        name: [before.get(name, ""), after.get(name, "")]
        for name in {**before, **after}
        if before.get(name, "") != after.get(name, "")
    }
    if not changes:
        return
    words = (
        f"{labels.get(name, name)}: {old or '(없음)'} → {new or '(없음)'}"
        for name, (old, new) in changes.items()
    )
    RuleChange.objects.create(
        at=clock.now(),
        by=by,
        rule=rule,
        target=target,
        deed="add" if not before else "change" if after else "delete",
        text="\n".join(words),
        changes=changes,
    )
