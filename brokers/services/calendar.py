"""The list of public holidays: fetched, added to what is stored, never wiped."""

from collections.abc import Sequence

from pymongo import UpdateOne

from brokers import godata
from brokers.godata import SpecialDay
from brokers.models import DaySource, EventDay, Service, ServiceKey
from lucy import clock
from lucy.errors import LucyError
from lucy.mongo import connection


def refresh_holidays() -> int:
    """Take the 공휴일 of the next twelve months (this year and the next); returns how many were told.

    Raises `GodataError`, and `LucyError` (`no_godata_key`) when no key is stored.
    """
    row = ServiceKey.objects.filter(service=Service.GODATA).exclude(value="").first()
    if row is None:
        words = "공공데이터포털 키가 없습니다. 관리 화면의 '외부 서비스 키'에 넣으세요."
        raise LucyError("no_godata_key", words)
    year = clock.trade_date().year
    days = [day for wanted in (year, year + 1) for day in godata.holidays_of_year(row.value, wanted)]
    keep_days(days)
    return len(days)


def keep_days(days: Sequence[SpecialDay]) -> None:
    """Upsert by date and name. A day that is told no more stays: the list is not always whole (2026-07).

    What staff decided about a day (`closed`, `hours`) is not touched.
    """
    if days:
        connection.get_collection(EventDay._meta.db_table).bulk_write([_upsert(day) for day in days])
    clock.forget_days()


def _upsert(day: SpecialDay) -> UpdateOne:
    told = {"date_kind": day.kind, "is_holiday": day.is_holiday, "source": DaySource.GODATA}
    row = EventDay(locdate=day.day, date_name=day.name, seen_at=clock.now(), **told)
    stored = {
        field.column: field.get_db_prep_save(getattr(row, field.attname), connection)
        for field in EventDay._meta.concrete_fields
        if not field.primary_key
    }
    key = {name: stored.pop(name) for name in ("locdate", "date_name")}
    told_now = {name: stored.pop(name) for name in (*told, "seen_at")}
    return UpdateOne(key, {"$set": told_now, "$setOnInsert": stored}, upsert=True)
