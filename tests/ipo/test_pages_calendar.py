"""공모주-달력 and the calendar address: what stands where, who may open it, what renewing does."""

from datetime import date, timedelta

import pytest

from ipo.board.months import month
from ipo.calendar_feed import escaped, folded
from ipo.services.reminders import feed_owner, feed_token, mark
from lucy import clock
from tests.factories import make_user
from tests.ipo.rows import make_offering, make_spac

pytestmark = pytest.mark.django_db

SEPTEMBER = {
    "subscription_start": date(2026, 9, 18),
    "subscription_end": date(2026, 9, 21),
    "payment_on": date(2026, 9, 23),
    "refund_on": date(2026, 9, 23),
    "listing_on": date(2026, 10, 1),
}


@pytest.fixture
def page(client, trader):
    client.force_login(trader)

    def read(**query):
        return client.get("/ipo/calendar/", query).content.decode()

    return read


def test_a_subscription_over_a_weekend_is_two_bars():
    make_offering(**SEPTEMBER)
    bars = [
        (week.days[0].day.day, bar.event.kind, bar.column, bar.span, bar.begins, bar.ends)
        for week in month(2026, 9).weeks
        for bar in week.bars
    ]
    assert bars == [
        (13, "청약", 6, 2, True, False),
        (20, "청약", 1, 2, False, True),
        (20, "납입·환불", 4, 1, True, True),
        (27, "상장", 5, 1, True, True),
    ]


def test_payment_and_refund_on_two_days_stay_two():
    make_offering(**SEPTEMBER | {"refund_on": date(2026, 9, 28)})
    assert [one.kind for one in month(2026, 9).shown] == ["청약", "납입", "환불", "상장"]


def test_holidays_are_named_and_red(page):
    shown = page(month="2026-09")
    assert "2026년 9월" in shown
    assert "추석" in shown
    chuseok = next(day for week in month(2026, 9).weeks for day in week.days if day.day == date(2026, 9, 25))
    assert (chuseok.tone, bool(chuseok.closed)) == ("red", True)


def test_filters_narrow_the_month(page, trader):
    mine = make_offering(name="니어스랩", **SEPTEMBER)
    make_spac(**SEPTEMBER)
    assert "신한스팩99호" in page(month="2026-09")
    assert "신한스팩99호" not in page(month="2026-09", spacs="no")
    only_listings = page(month="2026-09", kind="상장")
    assert "<b>상장</b> 니어스랩" in only_listings
    assert "<b>청약</b>" not in only_listings
    assert "니어스랩" not in page(month="2026-09", agent="신한투자증권").split('id="month"')[1]
    assert "니어스랩" not in page(month="2026-09", marked="1").split('id="month"')[1]
    mark(trader, mine)
    assert "니어스랩" in page(month="2026-09", marked="1")


def test_an_odd_month_is_this_month(page):
    today = clock.trade_date()
    for odd in ("soon", "1066-01", "2026-13", ""):
        assert f"{today.year}년 {today.month}월" in page(month=odd)


def test_what_the_picture_is_drawn_from_is_escaped(page):
    make_offering(name="</script><b>", **SEPTEMBER)
    shown = page(month="2026-09")
    assert "</script><b>" not in shown
    assert "\\u003C/script\\u003E" in shown


# --- the address --------------------------------------------------------------------------------------------


def read_feed(client, user, **query):
    return client.get(f"/ipo/calendar/{feed_token(user)}.ics", query)


def test_the_address_opens_without_a_sign_in(client, trader):
    start = clock.trade_date() + timedelta(days=3)
    offering = make_offering(
        name="쉼표,세미;콜론", subscription_start=start, subscription_end=start + timedelta(days=1)
    )
    reply = read_feed(client, trader)
    assert reply["Content-Type"] == "text/calendar; charset=utf-8"
    lines = reply.content.decode().split("\r\n")
    assert lines[0] == "BEGIN:VCALENDAR"
    assert lines[-2:] == ["END:VCALENDAR", ""]
    assert all(len(line.encode()) <= 75 for line in lines)
    assert f"UID:ipo-{offering.no}-subscribe@lucy" in lines
    assert f"DTSTART;VALUE=DATE:{start:%Y%m%d}" in lines
    assert f"DTEND;VALUE=DATE:{start + timedelta(days=2):%Y%m%d}" in lines  # the day after
    assert "SUMMARY:청약 쉼표\\,세미\\;콜론" in lines
    assert lines.count("BEGIN:VEVENT") == 4


def test_only_what_was_marked(client, trader):
    make_offering(name="하나")
    mark(trader, make_offering(name="둘"))
    text = read_feed(client, trader, marked="1").content.decode()
    assert "둘" in text
    assert "하나" not in text


def test_a_renewed_address_is_the_only_one(client, trader):
    old = feed_token(trader)
    assert feed_token(trader) == old
    client.force_login(trader)
    client.post("/ipo/calendar/renew/")
    client.logout()
    assert client.get(f"/ipo/calendar/{old}.ics").status_code == 404
    assert read_feed(client, trader).status_code == 200


def test_a_made_up_address_opens_nothing(client, trader):
    token = feed_token(trader)
    other = make_user("lee")
    for made_up in ("x", f"{token}x", token.replace(str(trader.pk), str(other.pk)), f"{trader.pk}-.x"):
        assert feed_owner(made_up) is None
        assert client.get(f"/ipo/calendar/{made_up}.ics").status_code == 404


def test_who_left_is_not_served(client, trader):
    token = feed_token(trader)
    trader.is_active = False
    trader.save()
    assert client.get(f"/ipo/calendar/{token}.ics").status_code == 404


def test_long_lines_fold_between_characters():
    line = f"SUMMARY:{'가나다' * 40}"
    parts = list(folded(line))
    assert all(len(part.encode()) <= 75 for part in parts)
    assert parts[0] + "".join(part[1:] for part in parts[1:]) == line


def test_text_cannot_break_out_of_its_line():
    assert escaped("a\r\nEND:VEVENT\x07\\;,") == "a\\nEND:VEVENT\\\\\\;\\,"
