"""Offers as the pages tell them: one upsert by the source's own number that empties nothing stored."""

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from pymongo import UpdateOne

from ipo.models import Offering, OfferingChange
from ipo.pages import names
from ipo.pages.calendar import CalendarRow
from ipo.pages.detail import DetailPage
from ipo.pages.forecasts import ForecastResultRow, ForecastScheduleRow
from ipo.pages.listings import ListingRow
from ipo.pages.offer import Underwriter
from ipo.pages.otc import OtcOffer
from lucy import clock
from lucy.errors import LucyError
from lucy.mongo import connection, insert

LEAST_SHARE = 0.5  # a list of less than half of the offers it held is a broken list, not a quiet market
BAD_CHARACTER = "\ufffd"
WATCHED = (  # whose changes are kept: days, prices, and what became of the offer
    "name",
    "forecast_start",
    "forecast_end",
    "subscription_start",
    "subscription_end",
    "payment_on",
    "refund_on",
    "listing_on",
    "offer_price",
    "band_low",
    "band_high",
    "status_text",
)


@dataclass(slots=True)
class Told:
    """What one reading tells of one offer, put together from its pages.

    What a list leaves blank says nothing: another page may know. Only the offer's own page, read as the
    last, also says that something is not there any more.
    """

    no: int
    fields: dict[str, Any] = field(default_factory=dict)

    def add(self, fields: Mapping[str, Any]) -> None:
        self.fields |= {name: value for name, value in fields.items() if value not in (None, "", [])}

    def settle(self, fields: Mapping[str, Any]) -> None:
        for name, value in fields.items():
            if value not in (None, "", []) or name not in self.fields:
                self.fields[name] = value


# --- from rows to fields ----------------------------------------------------------------------------------


def calendar_fields(row: CalendarRow) -> dict[str, Any]:
    return _named(row.name) | {
        "subscription_start": row.subscription_start,
        "subscription_end": row.subscription_end,
        "offer_price": row.offer_price,
        "band_low": row.band_low,
        "band_high": row.band_high,
        "competition": row.competition,
        "status_text": row.status_text,
        "underwriters": [asdict(Underwriter(name)) for name in row.underwriters],
    }


def schedule_fields(row: ForecastScheduleRow) -> dict[str, Any]:
    return _named(row.name) | {
        "forecast_start": row.forecast_start,
        "forecast_end": row.forecast_end,
        "band_low": row.band_low,
        "band_high": row.band_high,
        "offer_price": row.offer_price,
        "amount_million": row.amount_million,
    }


def result_fields(row: ForecastResultRow) -> dict[str, Any]:
    return _named(row.name) | {
        "band_low": row.band_low,
        "band_high": row.band_high,
        "offer_price": row.offer_price,
        "amount_million": row.amount_million,
        "institution_ratio": row.institution_ratio,
        "lockup_percent": row.lockup_percent,
    }


def listing_fields(row: ListingRow) -> dict[str, Any]:
    """A row with impossible prices keeps its day and its code only."""
    known = _named(row.name) | {"code": row.code, "listing_on": row.listing_on}
    if row.is_suspect:
        return known
    return known | {
        "offer_price": row.offer_price,
        "current_price": row.current_price,
        "open_price": row.open_price,
        "first_close": row.first_close,
    }


def detail_fields(page: DetailPage) -> dict[str, Any]:
    company, offer, days = page.company, page.offer, page.schedule
    return _named(company.name) | {
        "code": company.code,
        "market": company.market,
        "progress": company.progress,
        "industry": company.industry,
        "homepage": company.homepage,
        "forecast_start": days.forecast_start,
        "forecast_end": days.forecast_end,
        "subscription_start": days.subscription_start,
        "subscription_end": days.subscription_end,
        "allotment_on": days.allotment_on,
        "payment_on": days.payment_on,
        "refund_on": days.refund_on,
        "listing_on": days.listing_on,
        "ir_on": days.ir_on,
        "offer_price": offer.offer_price,
        "band_low": offer.band_low,
        "band_high": offer.band_high,
        "par_value": offer.par_value,
        "shares": offer.shares,
        "amount_million": offer.amount_million,
        "sales_million": company.sales_million,
        "pretax_income_million": company.pretax_income_million,
        "net_income_million": company.net_income_million,
        "capital_million": company.capital_million,
        "institution_ratio": days.institution_ratio,
        "lockup_percent": days.lockup_percent,
        "competition": offer.competition,
        "proportional_competition": offer.proportional_competition,
        "status_text": offer.status_text,
        "current_price": days.current_price,
        "underwriters": [asdict(firm) for firm in offer.underwriters],
        "sections": detail_sections(page),
    }


def _named(text: str) -> dict[str, Any]:
    name = names.company_name(text)
    return {"name": name.shown, "former_name": name.former}


def detail_sections(page: DetailPage) -> dict[str, Any]:
    """All that the page told, to be shown with the offer: dates and decimals as text, counts as numbers."""
    told: dict[str, Any] = _plain(page)
    del told["no"]
    told["otc"] = _otc_summary(page.otc.asks, page.otc.bids)
    told["unread"] = told.pop("oddities")
    return told


def _otc_summary(asks: Sequence[OtcOffer], bids: Sequence[OtcOffer]) -> dict[str, Any]:
    """The best of each side: the offers themselves are visitors' own and are not kept."""
    lowest = min((offer.price for offer in asks if offer.price), default=None)
    highest = max((offer.price for offer in bids if offer.price), default=None)
    return {
        "asks": len(asks),
        "lowest_ask": _plain(lowest),
        "bids": len(bids),
        "highest_bid": _plain(highest),
    }


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {item.name: _plain(getattr(value, item.name)) for item in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Decimal | date):
        return str(value)
    return value


# --- storing ----------------------------------------------------------------------------------------------


def require_whole_list(rows: Sequence[CalendarRow]) -> None:
    """Raise when the calendar shows less than half of the offers it is known to hold for its period."""
    expected = len(_in_period(rows))
    if len(rows) < expected * LEAST_SHARE:
        raise LucyError(
            "broken_list", f"청약일정이 {len(rows)}건뿐입니다(있어야 할 것 {expected}건). 바꾸지 않았습니다."
        )


def save_offerings(told: Iterable[Told], *, listed_at: datetime | None = None) -> int:
    """Store what was told, one upsert for all, and the changes of days and prices; returns how many.

    A field that was not told stays as it is, and so does an offer that was not told of.
    """
    kept = [one for one in told if one.fields]
    if not kept:
        return 0
    known = {
        row.no: row for row in Offering.objects.filter(no__in=[one.no for one in kept]).defer("sections")
    }
    now = clock.now()
    for one in kept:
        _complete(one, known.get(one.no))
    changes = [change for one in kept if (row := known.get(one.no)) for change in _changes(row, one, now)]
    connection.get_collection(Offering._meta.db_table).bulk_write(
        [_upsert(one) for one in kept], ordered=False
    )
    if changes:
        insert(*changes)
    return len(kept)


def mark_missing(rows: Sequence[CalendarRow], now: datetime) -> int:
    """Note which offers of the calendar's period it does not show any more; they stay, marked."""
    shown = {row.no for row in rows}
    gone = [row.pk for row in _in_period(rows) if row.no not in shown]
    Offering.objects.filter(no__in=shown).exclude(missing_since=None).update(missing_since=None)
    return Offering.objects.filter(pk__in=gone, missing_since=None).update(missing_since=now)


def _in_period(rows: Sequence[CalendarRow]) -> list[Offering]:
    """Stored offers that a list down to the oldest of these rows must show: what begins later than it."""
    oldest = min((row.subscription_start for row in rows if row.subscription_start), default=None)
    if oldest is None:
        return list(Offering.objects.filter(missing_since=None, listed_at__isnull=False).only("no"))
    newer = Offering.objects.filter(subscription_start__gt=oldest, listed_at__isnull=False)
    return list(newer.filter(missing_since=None).only("no"))


def _complete(told: Told, known: Offering | None) -> None:
    """Add what follows from other fields, and drop texts with a character that did not arrive."""
    fields = told.fields
    for name in [name for name, value in fields.items() if isinstance(value, str) and BAD_CHARACTER in value]:
        if known is not None and getattr(known, name):
            del fields[name]
    name = fields.get("name") or (known.name if known else "")
    code = fields.get("code") or (known.code if known else "")
    fields["is_spac"], fields["is_reit"] = names.is_spac(name), names.is_reit(name)
    fields["is_foreign"] = code.startswith("9")
    if "underwriters" in fields:
        fields["underwriter_names"] = ",".join(firm["name"] for firm in fields["underwriters"])[:300]
    if known is not None and known.sections and not fields.get("detail_at"):
        fields.pop("underwriters", None)  # the offer's own page said more than their names


def _changes(row: Offering, told: Told, now: datetime) -> Iterable[OfferingChange]:
    for name in WATCHED:
        if name not in told.fields:
            continue
        before, after = getattr(row, name), told.fields[name]
        if before != after and (
            before not in (None, "") or name in {"status_text", "offer_price", "listing_on"}
        ):
            yield OfferingChange(offering=row, at=now, field=name, before=_words(before), after=_words(after))


def _words(value: Any) -> str:
    return "" if value is None else str(value)[:100]


_field: Callable[[str], Any] = Offering._meta.get_field


def _upsert(told: Told) -> UpdateOne:
    """Fields that were told are set; a new row also gets the defaults of all others."""
    values = {_field(name).column: _stored(name, value) for name, value in told.fields.items()}
    fresh = Offering(no=told.no)
    others = {
        field.column: field.get_db_prep_save(getattr(fresh, field.attname), connection)
        for field in Offering._meta.concrete_fields
        if not field.primary_key and field.column not in values
    }
    return UpdateOne({"no": told.no}, {"$set": values, "$setOnInsert": others}, upsert=True)


def _stored(name: str, value: Any) -> Any:
    field = _field(name)
    if isinstance(value, str) and field.max_length:
        value = value[: field.max_length]
    return field.get_db_prep_save(value, connection)
