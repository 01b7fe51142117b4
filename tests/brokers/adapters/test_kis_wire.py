"""KIS payloads to values and back, on recorded-style answers."""

import contextlib
import json
import logging
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brokers.adapters.base import (
    AuthFailed,
    BadReply,
    BrokerError,
    Credentials,
    Level,
    OrderRequest,
    RateLimited,
    Receipt,
    Rejected,
    ReplyLost,
    Unreachable,
    WorkingOrder,
)
from brokers.adapters.kis.wire import account, fields, orders, quotes, refusals
from brokers.adapters.transport import Reply
from brokers.terms import Condition, Customer, OrderType, RequestKind, Server, Side, Venue
from lucy.clock import KST
from tests.brokers.adapters.conftest import FUZZ

DATA = Path(__file__).parent / "data" / "kis"
ACCOUNT = orders.account_fields("8105568901")


def payload(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((DATA / f"{name}.json").read_text())
    return found


def reply(data: dict[str, Any], status: int = 200) -> Reply:
    return Reply(status, {}, data)


def gateway(code: str, status: int = 500, rt_cd: str = "1") -> Reply:
    return reply({"rt_cd": rt_cd, "msg_cd": code, "msg1": "말"}, status)


def test_an_accepted_order_has_a_number_and_a_branch():
    assert refusals.receipt(reply(payload("order_accepted"))) == Receipt("117057", "00950")


@pytest.mark.parametrize("name", ["order_refused_real", "order_refused_paper"])
def test_a_refused_order_keeps_code_and_words(name: str):
    with pytest.raises(Rejected) as refusal:
        refusals.receipt(reply(payload(name)))
    assert refusal.value.code == payload(name)["msg_cd"]
    assert refusal.value.message == payload(name)["msg1"].strip()


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (gateway("EGW00201"), RateLimited),
        (gateway("EGW00215", 200), RateLimited),
        (gateway("EGW00123"), AuthFailed),
        (gateway("EGW02004"), AuthFailed),
        (gateway("EGW02006"), Rejected),
        (gateway("OPSQ2000", 200, "2"), Rejected),
        (gateway("APBK1234", 200, "7"), Rejected),
        (gateway("EGW00001"), ReplyLost),
        (gateway("EGW00300", 200), ReplyLost),
        (gateway("IGW00009"), ReplyLost),
        (gateway("APBK1234", 500, "7"), ReplyLost),
        (gateway("", 200), ReplyLost),
        (reply({}), ReplyLost),
        (reply({}, 503), ReplyLost),
        (reply({"rt_cd": "0", "output": {"ODNO": ""}}), ReplyLost),
        (reply({"rt_cd": "0", "output": {"ODNO": "0000000000"}}), ReplyLost),
        (reply({"rt_cd": "0", "output": None}), ReplyLost),
        (reply({"rt_cd": "0", "output": {"ODNO": "0000000007"}}, 500), ReplyLost),
        (reply({"rt_cd": "7", "msg_cd": "APBK0952", "output": {"ODNO": "0000000007"}}), ReplyLost),
    ],
)
def test_only_proof_makes_a_rejection(answer: Reply, error: type[BrokerError]):
    with pytest.raises(BrokerError) as raised:
        refusals.receipt(answer)
    assert type(raised.value) is error


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (gateway("EGW00201"), RateLimited),
        (gateway("EGW00001"), Unreachable),
        (gateway("OPSQ2001", 200, "2"), Rejected),
        (reply({"output": {}}), BadReply),
        (reply({}, 502), Unreachable),
    ],
)
def test_a_question_fails_by_its_own_rules(answer: Reply, error: type[BrokerError]):
    with pytest.raises(BrokerError) as raised:
        refusals.answer(answer)
    assert type(raised.value) is error


def test_a_throttled_token_is_told_by_oauths_own_fields():
    with pytest.raises(RateLimited) as raised:
        refusals.oauth_answer(reply({"error_code": "EGW00133", "error_description": "잠시 후"}, 403))
    assert raised.value.message == "잠시 후"


def test_a_tokens_end_is_korean_time():
    assert account.token(payload("token")).expires_at == datetime(2026, 6, 9, 9, tzinfo=KST)
    with pytest.raises(BadReply, match="access_token_token_expired"):
        account.token({"access_token": "x", "access_token_token_expired": "soon"})


def test_a_new_order_spells_type_price_and_exchange():
    request = OrderRequest(
        "005930", Side.BUY, 10, Decimal("96200"), OrderType.LIMIT, Condition.IOC, Venue.SOR
    )
    assert orders.new_order(ACCOUNT, request) == {
        "CANO": "81055689",
        "ACNT_PRDT_CD": "01",
        "PDNO": "005930",
        "ORD_DVSN": "11",
        "ORD_QTY": "10",
        "ORD_UNPR": "96200",
        "EXCG_ID_DVSN_CD": "SOR",
    }


def test_an_etn_gets_its_q_and_a_market_order_no_price():
    body = orders.new_order(ACCOUNT, OrderRequest("530031", Side.BUY, 1, None, OrderType.MARKET))
    assert (body["PDNO"], body["ORD_DVSN"], body["ORD_UNPR"]) == ("Q530031", "01", "0")


def test_a_round_price_is_not_written_with_an_exponent():
    assert fields.won(Decimal("1E+3")) == "1000"
    assert fields.won(Decimal("96200.00")) == "96200"


def test_a_type_kis_lacks_is_refused_before_it_leaves():
    with pytest.raises(Rejected):
        orders.ord_dvsn(OrderType.CONDITIONAL, Condition.FOK)


def working(**changes: Any) -> WorkingOrder:
    given = {
        "order_no": "117057",
        "branch": "00950",
        "symbol": "005930",
        "side": Side.BUY,
        "open_quantity": 5,
    }
    return WorkingOrder(**{**given, "order_type": OrderType.LIMIT, **changes})


def test_a_cancel_of_all_that_is_open_leaves_the_quantity_to_kis():
    body = orders.cancellation(ACCOUNT, working(venue=Venue.NXT), 5)
    assert (body["QTY_ALL_ORD_YN"], body["ORD_QTY"], body["RVSE_CNCL_DVSN_CD"]) == ("Y", "0", "02")
    assert (body["ORGN_ODNO"], body["KRX_FWDG_ORD_ORGNO"]) == ("0000117057", "00950")
    assert (body["EXCG_ID_DVSN_CD"], body["ORD_UNPR"]) == ("NXT", "0")


def test_a_partial_modification_names_its_quantity_price_and_type():
    body = orders.modification(ACCOUNT, working(), 3, Decimal(96100), OrderType.LIMIT)
    assert (body["QTY_ALL_ORD_YN"], body["ORD_QTY"], body["RVSE_CNCL_DVSN_CD"]) == ("N", "3", "01")
    assert (body["ORD_UNPR"], body["ORD_DVSN"]) == ("96100", "00")


def day_lines():
    return [orders.day_line(row) for row in fields.rows(payload("daily_ccld"), "output1")]


def test_a_day_line_has_its_totals_and_its_moment():
    line = day_lines()[0]
    assert (line.order_no, line.original_no, line.kind) == ("117057", "", RequestKind.NEW)
    assert (line.quantity, line.filled_quantity, line.open_quantity) == (10, 5, 5)
    assert line.filled_amount == Decimal(481000)
    assert line.ordered_at == datetime(2026, 6, 8, 12, 10, 52, tzinfo=KST)
    assert line.trade_date == date(2026, 6, 8)


def test_modifications_and_cancels_are_lines_with_an_original(caplog: pytest.LogCaptureFixture):
    orders._log_strange_type.cache_clear()
    with caplog.at_level(logging.WARNING):
        _, modified, cancelled = day_lines()
        day_lines()
    assert (modified.symbol, modified.original_no, modified.kind) == ("000660", "117058", RequestKind.MODIFY)
    assert modified.venue is Venue.NXT
    assert (cancelled.order_no, cancelled.kind) == ("117061", RequestKind.CANCEL)
    assert (cancelled.cancelled_quantity, cancelled.order_type) == (7, OrderType.MARKET)
    assert caplog.text.count("order type '22'") == 1


@pytest.mark.parametrize(
    "name", ["ord_dt", "odno", "pdno", "sll_buy_dvsn_cd", "ord_qty", "tot_ccld_qty", "rmn_qty"]
)
@pytest.mark.parametrize("value", [None, "", "x"])
def test_a_day_line_without_what_matters_names_the_field(name: str, value: str | None):
    row = {**payload("daily_ccld")["output1"][0], name: value}
    if value == "x" and name in ("odno", "pdno"):
        return  # any text would do there
    with pytest.raises(BadReply, match=name):
        orders.day_line(row)


def test_an_open_line_tells_what_can_still_be_cancelled():
    today = date(2026, 6, 8)
    first, second = (orders.open_line(row, today) for row in payload("open_orders")["output"])
    assert (first.open_quantity, first.cancelled_quantity, first.venue) == (5, 0, Venue.SOR)
    assert (second.kind, second.open_quantity, second.cancelled_quantity) == (RequestKind.MODIFY, 2, 1)


def test_a_balance_has_one_holding_an_issue_and_none_sold_out():
    body = payload("balance")
    balance = account.balance(fields.rows(body, "output1"), fields.record(body, "output2"), Decimal(9400000))
    (holding,) = balance.holdings
    assert (holding.quantity, holding.sellable, holding.cost) == (13, 11, Decimal(879900))
    assert holding.average_price == Decimal("67684.61")
    assert (balance.cash.deposit, balance.cash.deposit_d2) == (Decimal(10000000), Decimal(9400000))
    assert (balance.net_asset, balance.unrealised, balance.realised) == (
        Decimal(10650600),
        Decimal(370700),
        None,
    )


def test_buying_power_counts_no_credit():
    power = account.buying_power(payload("buying_power")["output"])
    assert (power.cash, power.quantity, power.price) == (Decimal(9390000), 75, Decimal(125000))


def test_buying_power_is_asked_for_the_orders_own_type():
    query = account.buying_power_query(ACCOUNT, "005930", Decimal(96200), OrderType.CONDITIONAL)
    assert (query["ORD_DVSN"], query["ORD_UNPR"]) == ("02", "96200")
    assert account.buying_power_query(ACCOUNT, "005930", None, OrderType.MARKET)["ORD_UNPR"] == ""


def test_a_quote_is_signed_and_has_its_band():
    quote = quotes.quote("005930", payload("price")["output"])
    assert (quote.price, quote.change, quote.change_rate) == (Decimal(96100), Decimal(-100), Decimal("-0.10"))
    assert [quote.upper_limit, quote.lower_limit, quote.base_price] == [125000, 67400, 96200]
    assert not quote.halted


def test_a_code_without_a_base_price_is_no_issue():
    with pytest.raises(Rejected):
        quotes.quote("999999", {**payload("price")["output"], "stck_sdpr": "0"})


def test_many_quotes_come_in_the_order_asked_for():
    samsung, hynix = quotes.quotes(["005930", "000660"], payload("prices")["output"])
    assert (samsung.name, samsung.halted, hynix.name, hynix.halted) == ("삼성전자", True, "SK하이닉스", False)
    with pytest.raises(Rejected, match="035720"):
        quotes.quotes(["005930", "035720"], payload("prices")["output"])


def test_an_order_book_has_the_levels_that_hold_something():
    book = quotes.order_book("005930", payload("order_book")["output1"], date(2026, 6, 8))
    assert (len(book.asks), len(book.bids)) == (9, 10)
    assert (book.asks[0], book.bids[0]) == (Level(Decimal(96200), 10), Level(Decimal(96100), 20))
    assert book.at == datetime(2026, 6, 8, 12, 13, 14, tzinfo=KST)


@pytest.mark.parametrize("found", ["NaN", "Infinity", "1e999999", "-1", "1.5", "일", "1" * 19])
def test_a_count_is_a_whole_number(found: str):
    with pytest.raises(BadReply, match="ord_qty"):
        fields.count({"ord_qty": found}, "ord_qty")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
KEYS = st.sampled_from(["rt_cd", "msg_cd", "msg1", "output", "output1", "output2", "error_code"])


@FUZZ
@given(st.dictionaries(KEYS, JSON), st.sampled_from([200, 403, 500]))
def test_any_object_is_an_answer_or_a_brokers_error(data: dict[str, Any], status: int):
    for read in (refusals.receipt, refusals.answer, refusals.oauth_answer):
        with contextlib.suppress(BrokerError):
            read(reply(data, status))


@FUZZ
@given(st.dictionaries(st.sampled_from(sorted(payload("daily_ccld")["output1"][0])), JSON))
def test_any_row_is_a_line_or_a_bad_reply(changes: dict[str, Any]):
    with contextlib.suppress(BadReply):
        orders.day_line({**payload("daily_ccld")["output1"][0], **changes})


def test_credentials_and_requests_show_no_secret():
    secret = "the-secret"
    given = Credentials("8105568901", Server.PAPER, Customer.PERSON, "hts", secret, secret)
    assert secret not in repr(given)
