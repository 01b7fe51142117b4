"""Differences between our books and a broker's, as rows: found, repaired, chosen, gone."""

from collections.abc import Sequence
from typing import Any

from django.db import IntegrityError

from accounts.models import User
from brokers.models import (
    BrokerAccount,
    DayOpening,
    Discrepancy,
    DiscrepancyKind,
    Order,
    Resolution,
)
from lucy import clock, mongo


def repaired(
    account: BrokerAccount, kind: DiscrepancyKind, *, ours: str, theirs: str, order: Order | None = None
) -> None:
    """A difference that the broker's list proved and that has just been put right."""
    repaired_all(account, kind, [(order, ours, theirs)])


def repaired_all(
    account: BrokerAccount, kind: DiscrepancyKind, rows: Sequence[tuple[Order | None, str, str]]
) -> None:
    """`repaired` for many: each an order, our figure and theirs."""
    if not rows:
        return
    now = clock.now()
    settled_rows = [
        Discrepancy(
            account=account,
            kind=kind,
            subject=str(order.pk) if order else "",
            order=order,
            ours=ours,
            theirs=theirs,
            found_at=now,
            resolved_at=now,
            resolution=Resolution.REPAIRED,
        )
        for order, ours, theirs in rows
    ]
    mongo.insert(*settled_rows)
    subjects = [row.subject for row in settled_rows]
    Discrepancy.objects.filter(account=account, kind=kind, subject__in=subjects, resolution="").update(
        resolution=Resolution.GONE, resolved_at=now
    )


def found(
    account: BrokerAccount,
    kind: DiscrepancyKind,
    subject: str,
    *,
    ours: str,
    theirs: str,
    order: Order | None = None,
    candidates: list[dict[str, Any]] | None = None,
) -> None:
    """A difference that nothing proves yet: one open row, kept up to date as long as it lasts."""
    told = {"ours": ours, "theirs": theirs, "candidates": candidates or []}
    still_open = Discrepancy.objects.filter(account=account, kind=kind, subject=subject, resolution="")
    if still_open.update(**told):
        return
    try:
        Discrepancy.objects.create(
            account=account, kind=kind, subject=subject, order=order, found_at=clock.now(), **told
        )
    except IntegrityError:  # another process found it at the same moment
        still_open.update(**told)


def gone(account: BrokerAccount, kind: DiscrepancyKind, subject: str) -> None:
    """The books agree again."""
    Discrepancy.objects.filter(account=account, kind=kind, subject=subject, resolution="").update(
        resolution=Resolution.GONE, resolved_at=clock.now()
    )


def accept(discrepancy: Discrepancy, by: User, note: str) -> None:
    """A person has explained a difference; a new opening makes the broker's figures ours from here on."""
    settled(discrepancy, Resolution.ACCEPTED, by, note)
    if discrepancy.kind in {DiscrepancyKind.HOLDING, DiscrepancyKind.CASH}:
        DayOpening.objects.filter(account=discrepancy.account, trade_date=clock.trade_date()).delete()


def settled(discrepancy: Discrepancy, resolution: Resolution, by: User, note: str) -> None:
    Discrepancy.objects.filter(pk=discrepancy.pk, resolution="").update(
        resolution=resolution, resolved_at=clock.now(), resolved_by=by, note=note
    )
