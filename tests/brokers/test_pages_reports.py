"""The end of the day and the differences: who sees them, what one click does."""

import pytest

from brokers.models import AccountGrant, Discrepancy, DiscrepancyKind, OrderStatus
from brokers.services import discrepancies
from lucy import clock
from tests.brokers.test_pages import make_fill
from tests.factories import make_order, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def unclear(account, trader):
    order = make_order(account, trader, status=OrderStatus.UNKNOWN)
    candidates = [{"order_no": number, "ordered_at": "", "quantity": 10} for number in ("1", "2")]
    discrepancies.found(
        account,
        DiscrepancyKind.UNCLEAR,
        str(order.pk),
        ours="응답 없음",
        theirs="2건",
        order=order,
        candidates=candidates,
    )
    return Discrepancy.objects.get()


def test_the_report_shows_the_day_and_its_csv(client, account, trader):
    make_fill(make_order(account, trader, name="=cmd|calc"))
    client.force_login(trader)
    day = clock.trade_date().isoformat()
    assert "=cmd|calc" in client.get("/report/").content.decode()
    reply = client.get(f"/report/{account.pk}/{day}.csv")
    heading, line = reply.content.decode("utf-8-sig").splitlines()
    assert heading.startswith("체결시각,")
    assert ",005930,'=cmd|calc,매수,10," in line  # shown, not run


def test_a_stranger_sees_neither_report_nor_differences(client, account, unclear):
    client.force_login(make_user("nobody"))
    assert client.get("/report/", {"account": str(account.pk)}).status_code == 404
    assert client.get(f"/report/{account.pk}/2026-01-01.csv").status_code == 404
    assert client.post(f"/differences/{unclear.pk}/", {"number": "1"}).status_code == 404


def test_nonsense_for_a_day_is_not_found(client, account, trader):
    client.force_login(trader)
    assert client.get("/report/", {"day": "soon"}).status_code == 404
    assert client.get(f"/report/{account.pk}/soon.csv").status_code == 404


def test_who_may_only_watch_does_not_choose(client, account, unclear):
    watcher = make_user("watcher")
    AccountGrant.objects.create(account=account, user=watcher)
    client.force_login(watcher)
    assert "이 주문이 맞음" not in client.get("/differences/").content.decode()
    assert client.post(f"/differences/{unclear.pk}/", {"number": "1"}).status_code == 403


def test_one_click_gives_the_order_its_number(client, paper, account, trader, unclear):
    client.force_login(trader)
    assert "이 주문이 맞음" in client.get("/differences/").content.decode()
    assert client.post(f"/differences/{unclear.pk}/", {"number": "2"}).status_code == 302
    unclear.refresh_from_db()
    assert unclear.resolution == "chosen"
    assert unclear.resolved_by == trader
    assert unclear.order.broker_order_no == "2"


def test_none_of_them_refuses_the_order(client, paper, account, trader, unclear):
    client.force_login(trader)
    client.post(f"/differences/{unclear.pk}/", {"number": ""})
    unclear.order.refresh_from_db()
    assert unclear.order.status == OrderStatus.REJECTED
