"""The list of listed issues: taken over whole, never left half full."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from pymongo import UpdateOne

from brokers.adapters import client_for
from brokers.adapters.base import InstrumentLine
from brokers.hangul import initials_of
from brokers.models import BrokerAccount, Instrument
from brokers.terms import Broker
from lucy import clock
from lucy.errors import LucyError
from lucy.mongo import connection

LEAST_SHARE = 0.5  # a list of less than half of what we have is a broken list, not a shrunken market


def refresh_instruments() -> int:
    """Take today's list from the first broker account that offers it; returns its length.

    Raises `BrokerError`, and `LucyError` when no account offers a list or the list looks broken.
    """
    account = BrokerAccount.objects.filter(broker=Broker.LS, paused=False).exclude(app_key="").first()
    if account is None:
        raise LucyError("no_ls_account", "종목 목록은 LS 계좌로 받습니다. 열려 있는 LS 계좌가 없습니다.")
    return take_over(client_for(account).instruments())


def take_over(lines: Sequence[InstrumentLine]) -> int:
    """Upsert every line, then drop what the new list no longer has: readers never see an empty list."""
    known = Instrument.objects.count()
    if len(lines) < max(1, known * LEAST_SHARE):
        raise LucyError(
            "broken_list", f"종목 목록이 {len(lines)}건뿐입니다(지금 {known}건). 바꾸지 않았습니다."
        )
    now = clock.now()
    connection.get_collection(Instrument._meta.db_table).bulk_write(
        [_upsert(line, now) for line in lines], ordered=False
    )
    Instrument.objects.filter(seen_at__lt=now).delete()
    return len(lines)


def _upsert(line: InstrumentLine, now: datetime) -> UpdateOne:
    """One row by its code; the ORM's own bulk upsert is not there on MongoDB."""
    row = Instrument(initials=initials_of(line.name), seen_at=now, **asdict(line))
    values = {
        field.column: field.get_db_prep_save(getattr(row, field.attname), connection)
        for field in Instrument._meta.concrete_fields
        if not field.primary_key
    }
    return UpdateOne({"symbol": line.symbol}, {"$set": values}, upsert=True)
