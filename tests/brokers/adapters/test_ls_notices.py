"""LS's WebSocket frames as reports; the frames are the portal's tables filled in (data/ls)."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brokers.adapters.base import (
    Alive,
    AuthFailed,
    BadReply,
    BrokerError,
    Connected,
    FillReport,
    OrderNews,
    OrderReport,
    Rejected,
)
from brokers.adapters.ls.wire import notices
from brokers.terms import OrderType, RequestKind, Side
from lucy.clock import KST

DATA = Path(__file__).parent / "data" / "ls"
NOW = datetime(2026, 11, 20, 0, 29, 32, tzinfo=UTC)
TODAY = date(2026, 11, 20)


def frame(name: str, **changes: str) -> str:
    found = json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))
    if changes:
        found["body"] |= changes
    return json.dumps(found, ensure_ascii=False)


def told(name: str, **changes: str) -> OrderReport:
    report = notices.report(frame(name, **changes), NOW)
    assert isinstance(report, OrderReport)
    return report


def test_a_registration_carries_the_bare_token():
    assert json.loads(notices.registration("jwt", "SC1")) == {
        "header": {"token": "jwt", "tr_type": "1"},
        "body": {"tr_cd": "SC1", "tr_key": ""},
    }


def test_an_acknowledgement_connects():
    assert notices.report(frame("ack"), NOW) == Connected(NOW)
    assert notices.report('{"header": {"tr_cd": null}, "body": null}', NOW) == Connected(NOW)


def test_a_refused_registration_is_no_data():
    with pytest.raises(AuthFailed, match="10001"):
        notices.report(frame("refusal_10001"), NOW)
    with pytest.raises(Rejected, match="IGW40013"):
        notices.report('{"header": {"rsp_cd": "IGW40013", "rsp_msg": ""}, "body": null}', NOW)


@pytest.mark.parametrize(
    "text", ["PING", "PING 123", '{"header": {"tr_cd": "JIF"}, "body": {"jstatus": "21"}}']
)
def test_what_is_no_news_is_a_sign_of_life(text):
    assert notices.report(text, NOW) == Alive(NOW)


def test_a_new_order_is_accepted():
    assert told("SC0_new") == OrderReport(
        account_no="20012345601",
        trade_date=TODAY,
        news=OrderNews.ACCEPTED,
        order_no="21384",
        original_no="",
        symbol="005930",
        side=Side.BUY,
        order_type=OrderType.LIMIT,
        quantity=10,
        price=Decimal(70000),
        at=datetime(2026, 11, 20, 9, 29, 31, 203000, tzinfo=KST),
    )


@pytest.mark.parametrize("name", ["SC0_modify", "SC0_cancel"])
def test_a_change_is_news_only_when_confirmed(name):
    assert notices.report(frame(name), NOW) == Alive(NOW)


def test_a_fill_has_the_brokers_number():
    assert notices.report(frame("SC1"), NOW) == FillReport(
        account_no="20012345601",
        trade_date=TODAY,
        order_no="21384",
        original_no="",
        fill_no="1207",
        symbol="005930",
        side=Side.BUY,
        quantity=4,
        price=Decimal(69900),
        executed_at=datetime(2026, 11, 20, 9, 29, 31, 377000, tzinfo=KST),
        order_quantity=10,
        order_price=Decimal(70000),
    )


def test_a_market_fill_has_no_order_price():
    report = notices.report(frame("SC1_market"), NOW)
    assert isinstance(report, FillReport)
    assert (report.side, report.order_price) == (Side.SELL, None)


def test_a_side_may_hide_in_the_pattern():
    report = notices.report(frame("SC1_market", bnstp=""), NOW)
    assert isinstance(report, FillReport)
    assert report.side == Side.SELL


def test_a_side_that_nobody_knows_is_not_guessed():
    with pytest.raises(BadReply, match="bnstp"):
        notices.report(frame("SC1_market", bnstp="", ordptncode="99"), NOW)


def test_an_unreadable_time_is_that_of_arrival():
    report = notices.report(frame("SC1", exectime=""), NOW)
    assert isinstance(report, FillReport)
    assert report.executed_at == NOW


def test_a_modify_is_confirmed_under_its_new_number():
    report = told("SC2")
    assert (report.news, report.request) == (OrderNews.MODIFIED, RequestKind.MODIFY)
    assert (report.order_no, report.original_no) == ("21385", "21384")
    assert (report.quantity, report.price) == (6, Decimal(70100))


def test_a_cancel_names_what_it_cancelled():
    report = told("SC3")
    assert (report.news, report.request) == (OrderNews.CANCELLED, RequestKind.CANCEL)
    assert (report.order_no, report.original_no, report.quantity) == ("21386", "21385", 6)


@pytest.mark.parametrize("original", ["21391", "0", ""])
def test_a_cancel_by_the_exchange_has_no_other_number(original):
    report = told("SC3_killed", orgordno=original)
    assert (report.news, report.request) == (OrderNews.KILLED, RequestKind.NEW)
    assert (report.order_no, report.original_no, report.quantity) == ("21391", "", 2)


@pytest.mark.parametrize(
    ("changes", "request_"),
    [
        ({}, RequestKind.NEW),
        ({"orgordno": "21384"}, RequestKind.MODIFY),
        ({"orgordno": "21384", "ordprcptncode": "", "ordprc": "0"}, RequestKind.CANCEL),
    ],
)
def test_a_refusal_tells_what_was_asked(changes, request_):
    report = told("SC4", **changes)
    assert (report.news, report.request, report.reason) == (OrderNews.REJECTED, request_, "1425")
    assert report.quantity == 6


@pytest.mark.parametrize(
    ("name", "field", "value"),
    [
        ("SC0_new", "ordno", "0"),
        ("SC0_new", "ordqty", "ten"),
        ("SC1", "execno", "0"),
        ("SC1", "execqty", "0"),
        ("SC1", "execqty", "1" * 19),
        ("SC1", "execprc", "6 9900"),
        ("SC1", "execprc", ".00"),
        ("SC1", "execprc", ""),
        ("SC1", "execprc", "7." + "1" * 34),
        ("SC1", "shtnIsuno", ""),
        ("SC2", "mdfycnfqty", ""),
        ("SC3", "canccnfqty", "1e99"),
        ("SC4", "ordno", ""),
    ],
)
def test_what_matters_names_its_field(name, field, value):
    with pytest.raises(BadReply, match=field):
        notices.report(frame(name, **{field: value}), NOW)


def test_the_log_does_not_tell_whose_account_it_is():
    shown = notices.masked(frame("SC1"))
    for private in ("20012345601", "홍길동", "HONG1234", "203000113005"):
        assert private not in shown
        assert private not in shown.encode().decode("unicode_escape")
    assert "1207" in shown
    assert notices.masked("not a frame") == "11 characters"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
FEEDS = ("SC0_new", "SC0_cancel", "SC1", "SC2", "SC3", "SC4")


def survives(text: str) -> None:
    """A report or an error of the house, whatever comes; and the log may always show it."""
    notices.masked(text)
    try:
        report = notices.report(text, NOW)
    except BrokerError:
        return
    assert isinstance(report, Connected | Alive | FillReport | OrderReport)


@given(st.text())
def test_any_text_is_survived(text):
    survives(text)


@given(JSON, JSON)
def test_any_frame_is_survived(header, body):
    survives(json.dumps({"header": header, "body": body}))


@given(st.sampled_from(FEEDS), st.data(), JSON)
def test_any_value_in_any_field_is_survived(name, data, value):
    found: dict[str, Any] = json.loads(frame(name))
    found["body"][data.draw(st.sampled_from(sorted(found["body"])))] = value
    survives(json.dumps(found))


@given(
    st.integers(1, 10**9), st.integers(1, 10**9), st.integers(1, 10**6), st.integers(1, 10**7), st.booleans()
)
def test_a_fill_is_read_as_it_was_written(order_no, fill_no, quantity, price, padded):
    width = 16 if padded else 0
    changes = {"ordno": order_no, "execno": fill_no, "execqty": quantity, "execprc": price}
    report = notices.report(frame("SC1", **{k: str(v).zfill(width) for k, v in changes.items()}), NOW)
    assert isinstance(report, FillReport)
    assert (report.order_no, report.fill_no) == (str(order_no), str(fill_no))
    assert (report.quantity, report.price) == (quantity, price)
