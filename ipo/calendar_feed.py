"""The calendar as iCalendar (RFC 5545): whole-day events, stable names, so that a moved day moves."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

from ipo.board.months import Event

LONGEST_LINE = 75  # octets, without the line's end


def write_calendar(events: Iterable[Event], name: str, now: datetime) -> str:
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Lucy//IPO//KO",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        f"X-WR-CALNAME:{escaped(name)}",
        "X-WR-TIMEZONE:Asia/Seoul",
        "REFRESH-INTERVAL;VALUE=DURATION:PT6H",
        "X-PUBLISHED-TTL:PT6H",
    ]
    for event in events:
        lines += _event(event, now)
    lines.append("END:VCALENDAR")
    return "".join(f"{part}\r\n" for line in lines for part in folded(line))


def _event(event: Event, now: datetime) -> Iterator[str]:
    offering = event.offering
    seen = offering.detail_at or offering.listed_at or now
    yield "BEGIN:VEVENT"
    yield f"UID:{event.uid}"
    yield f"DTSTAMP:{seen.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    yield f"DTSTART;VALUE=DATE:{event.first:%Y%m%d}"
    yield f"DTEND;VALUE=DATE:{event.last + timedelta(days=1):%Y%m%d}"  # the day after, by the standard
    yield f"SUMMARY:{escaped(event.words)}"
    yield f"DESCRIPTION:{escaped(_description(event))}"
    yield f"URL:{offering.url}"
    yield f"CATEGORIES:{escaped(event.kind)}"
    yield "TRANSP:TRANSPARENT"
    yield "END:VEVENT"


def _description(event: Event) -> str:
    offering = event.offering
    lines = [f"주간사 {offering.underwriter_names}"] if offering.underwriter_names else []
    if offering.offer_price is not None:
        lines.append(f"확정공모가 {offering.offer_price:,}원")
    elif offering.band_low is not None and offering.band_high is not None:
        lines.append(f"희망공모가 {offering.band_low:,}~{offering.band_high:,}원")
    if offering.institution_ratio is not None:
        lines.append(f"기관경쟁률 {offering.institution_ratio:,}:1")
    return "\n".join(lines)


def escaped(text: str) -> str:
    for plain, safe in (
        ("\\", "\\\\"),
        (";", "\\;"),
        (",", "\\,"),
        ("\r\n", "\\n"),
        ("\n", "\\n"),
        ("\r", "\\n"),
    ):
        text = text.replace(plain, safe)
    return "".join(character for character in text if character >= " ")


def folded(line: str) -> Iterator[str]:
    """Parts of at most 75 octets, never through a character; what follows begins with a blank."""
    part, size = "", 0
    for character in line:
        octets = len(character.encode())
        if size + octets > LONGEST_LINE:
            yield part
            part, size = " ", 1
        part += character
        size += octets
    yield part
