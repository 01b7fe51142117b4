"""LS's answers as values; the payloads are the portal's tables filled in (data/ls)."""

import json
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from brokers.adapters.base import (
    AuthFailed,
    BadReply,
    BrokerError,
    Level,
    OrderRequest,
    RateLimited,
    Receipt,
    Rejected,
    ReplyLost,
    Unreachable,
    WorkingOrder,
)
from brokers.adapters.ls.wire import account, fields, orders, quotes, refusals
from brokers.adapters.transport import Reply
from brokers.terms import Condition, InstrumentKind, Market, OrderType, RequestKind, Side, Venue
from lucy.clock import KST

DATA = Path(__file__).parent / "data" / "ls"
TODAY = date(2026, 11, 20)


def payload(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        (DATA / f"{name}.json").read_text(encoding="utf-8"), parse_float=Decimal
    )
    return found


def reply(data: dict[str, Any], status: int = 200) -> Reply:
    return Reply(status, {}, data)


def request(**changes: Any) -> OrderRequest:
    values: dict[str, Any] = {
        "symbol": "005930",
        "side": Side.BUY,
        "quantity": 10,
        "price": Decimal("70000"),
    }
    return OrderRequest(**values | changes)


WORKING = WorkingOrder("21384", "", "005930", Side.BUY, 10, OrderType.LIMIT, Condition.DAY)


# Orders out


def test_a_limit_order_goes_out_with_json_numbers():
    assert orders.new_order(request()) == {
        "IsuNo": "A005930",
        "OrdQty": 10,
        "OrdPrc": 70000,
        "BnsTpCode": "2",
        "OrdprcPtnCode": "00",
        "MgntrnCode": "000",
        "LoanDt": "",
        "OrdCndiTpCode": "0",
        "MbrNo": "KRX",
    }


def test_a_market_order_has_no_price_and_a_condition_of_its_own():
    sent = orders.new_order(
        request(
            side=Side.SELL, price=None, order_type=OrderType.MARKET, condition=Condition.IOC, venue=Venue.NXT
        )
    )
    assert (sent["OrdPrc"], sent["OrdprcPtnCode"], sent["OrdCndiTpCode"]) == (0, "03", "1")
    assert (sent["BnsTpCode"], sent["MbrNo"]) == ("1", "NXT")


@pytest.mark.parametrize(
    ("symbol", "named"),
    [("005930", "A005930"), ("0001A0", "A0001A0"), ("530031", "Q530031"), ("Q530031", "Q530031")],
)
def test_issues_carry_their_letter(symbol, named):
    assert fields.isu_no(symbol) == named


@pytest.mark.parametrize(
    "changes", [{"venue": Venue.SOR}, {"price": None}, {"price": Decimal("70000.5")}, {"price": Decimal(0)}]
)
def test_what_ls_cannot_take_is_refused_before_it_leaves(changes):
    with pytest.raises(Rejected):
        orders.new_order(request(**changes))


def test_a_modify_names_what_is_to_rest():
    sent = orders.modification(WORKING, 6, Decimal("70100"), OrderType.LIMIT)
    assert sent == {
        "OrgOrdNo": 21384,
        "IsuNo": "A005930",
        "OrdQty": 6,
        "OrdprcPtnCode": "00",
        "OrdCndiTpCode": "0",
        "OrdPrc": 70100,
    }


def test_nothing_is_modified_into_a_mid_price_order():
    with pytest.raises(Rejected):
        orders.modification(WORKING, 6, None, OrderType.MID)


def test_a_cancel_names_its_quantity():
    assert orders.cancellation(WORKING, 4) == {"OrgOrdNo": 21384, "IsuNo": "A005930", "OrdQty": 4}


# What the answer to an order proves


def test_a_number_is_a_yes():
    assert refusals.receipt(reply(payload("CSPAT00601_taken")), "CSPAT00601") == Receipt("21384")


@pytest.mark.parametrize(("name", "code"), [("refused", "01425"), ("refused_zeroed", "03181")])
def test_a_refusal_with_or_without_blocks_is_a_no(name, code):
    with pytest.raises(Rejected) as refusal:
        refusals.receipt(reply(payload(f"CSPAT00601_{name}")), "CSPAT00601")
    assert refusal.value.code == code


@pytest.mark.parametrize(
    ("status", "data", "outcome"),
    [
        (500, {"rsp_cd": "IGW00121", "rsp_msg": "유효하지 않은 token 입니다."}, AuthFailed),
        (401, {"rsp_cd": "IGW00123", "rsp_msg": ""}, AuthFailed),
        (500, {"rsp_cd": "IGW00201", "rsp_msg": "호출 거래건수를 초과하였습니다."}, RateLimited),
        (500, {"rsp_cd": "IGW40013", "rsp_msg": ""}, ReplyLost),
        (500, {"rsp_cd": "01425", "rsp_msg": ""}, ReplyLost),
        (502, {}, ReplyLost),
        (404, {}, ReplyLost),
        (200, {}, ReplyLost),
        (200, {"rsp_cd": "IGW50008", "rsp_msg": ""}, ReplyLost),
        (200, {"rsp_cd": "00040", "CSPAT00601OutBlock2": {"OrdNo": 0}}, ReplyLost),
        (200, {"rsp_cd": "00040", "CSPAT00601OutBlock2": {"OrdNo": "12x"}}, ReplyLost),
        (200, {"rsp_cd": "01425", "CSPAT00601OutBlock2": [1]}, ReplyLost),
        (500, {"rsp_cd": "01425", "CSPAT00601OutBlock2": {"OrdNo": 7}}, ReplyLost),
    ],
)
def test_only_proof_makes_a_refusal(status, data, outcome):
    with pytest.raises(BrokerError) as raised:
        refusals.receipt(reply(data, status), "CSPAT00601")
    assert type(raised.value) is outcome


# What the answer to a question proves


@pytest.mark.parametrize("code", ["", "00000", "00136", "00133", "00704", "00200", "00707", "02679"])
def test_good_answers_and_empty_ones_are_answers(code):
    assert refusals.answer(reply({"rsp_cd": code}))


@pytest.mark.parametrize(
    ("status", "code", "outcome"),
    [
        (200, "01900", Rejected),
        (200, "09604", Rejected),
        (500, "IGW00121", AuthFailed),
        (500, "IGW00201", RateLimited),
        (500, "IGW00215", Rejected),
        (500, "IGW40011", Rejected),
        (500, "IGW40013", Unreachable),
        (200, "IGW50008", Unreachable),
        (502, "", Unreachable),
    ],
)
def test_a_question_fails_in_its_own_ways(status, code, outcome):
    with pytest.raises(BrokerError) as raised:
        refusals.answer(reply({"rsp_cd": code, "rsp_msg": "…"}, status))
    assert type(raised.value) is outcome


# Tokens

NOON = datetime(2026, 11, 20, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    ("spelled", "holds"),
    [
        ({"expires_in": 41000}, timedelta(seconds=40940)),
        ({"expire_in": "86400"}, timedelta(seconds=86340)),
        ({"expires_in": 10**17}, timedelta(seconds=86340)),
        ({"expires_in": 100}, timedelta(seconds=100)),
    ],
)
def test_a_token_ends_a_minute_early_but_in_its_last_minutes(spelled, holds):
    token = account.token({"access_token": "jwt", **spelled}, NOON)
    assert (token.value, token.expires_at - NOON) == ("jwt", holds)


@pytest.mark.parametrize(
    "answer", [{}, {"access_token": "jwt"}, {"expires_in": 9}, {"access_token": "jwt", "expires_in": -1}]
)
def test_a_token_without_life_is_none(answer):
    with pytest.raises(BadReply):
        account.token(answer, NOON)


def test_bad_keys_are_told_in_the_tokens_own_spelling():
    with pytest.raises(AuthFailed, match="IGW00105"):
        refusals.oauth_answer(reply({"error_code": "IGW00105", "error_description": "AppSecret"}, 403))


# Lists of orders


def day_lines(name: str = "t0425") -> dict[str, Any]:
    found = fields.rows(payload(name), "t0425OutBlock1")
    return {line.order_no: line for line in orders.day_orders(found, TODAY)}


def test_no_orders_come_without_blocks():
    assert day_lines("t0425_empty") == {}


def test_a_days_order_is_read():
    line = day_lines()["103"]
    assert (line.kind, line.side, line.order_type, line.venue) == (
        RequestKind.NEW,
        Side.SELL,
        OrderType.MARKET,
        Venue.KRX,
    )
    assert (line.quantity, line.filled_quantity, line.filled_amount, line.open_quantity) == (
        10,
        10,
        700500,
        0,
    )
    assert line.ordered_at == datetime.combine(TODAY, time(9, 2), KST)
    assert (line.trade_date, line.symbol, line.status_text) == (TODAY, "005930", "완료")


@pytest.mark.parametrize(
    ("number", "filled", "open_", "cancelled", "rejected"),
    [
        ("101", 80, 0, 0, 0),  # modified away: the rest goes on as 102
        ("102", 41, 0, 0, 0),
        ("104", 5, 15, 10, 0),  # a partial cancel leaves the number alive
        ("105", 0, 0, 10, 0),  # the cancel itself
        ("106", 0, 0, 7, 0),
        ("108", 0, 0, 0, 3),
        ("109", 0, 4, 0, 0),
    ],
)
def test_quantities_add_up(number, filled, open_, cancelled, rejected):
    line = day_lines()[number]
    assert (line.filled_quantity, line.open_quantity) == (filled, open_)
    assert (line.cancelled_quantity, line.rejected_quantity) == (cancelled, rejected)


@pytest.mark.parametrize(
    ("number", "kind", "original"),
    [("101", RequestKind.NEW, ""), ("102", RequestKind.MODIFY, "101"), ("105", RequestKind.CANCEL, "104")],
)
def test_each_number_tells_what_it_asked_for(number, kind, original):
    line = day_lines()[number]
    assert (line.kind, line.original_no) == (kind, original)


def test_a_condition_hides_in_the_price_type():
    line = day_lines()["109"]
    assert (line.order_type, line.condition) == (OrderType.BEST, Condition.IOC)


def test_a_modify_to_less_cancels_the_difference():
    body = payload("t0425")
    body["t0425OutBlock1"][1]["qty"] = body["t0425OutBlock1"][1]["cheqty"] = 30
    lines = orders.day_orders(fields.rows(body, "t0425OutBlock1"), TODAY)
    assert lines[0].cancelled_quantity == 11


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("ordno", 0),
        ("qty", "many"),
        ("qty", -1),
        ("cheqty", "1.5"),
        ("ordrem", "NaN"),
        ("medosu", ""),
        ("expcode", ""),
    ],
)
def test_what_matters_names_its_field(field, value):
    row = payload("t0425")["t0425OutBlock1"][0] | {field: value}
    with pytest.raises(BadReply, match=field):
        orders.day_orders([fields.Row("t0425OutBlock1", row)], TODAY)


def test_a_missing_quantity_is_not_zero():
    row = payload("t0425")["t0425OutBlock1"][0]
    del row["cheqty"]
    with pytest.raises(BadReply, match="cheqty is missing"):
        orders.day_orders([fields.Row("t0425OutBlock1", row)], TODAY)


def test_numbers_may_be_padded_text_and_strange_words_are_labels():
    row = payload("t0425")["t0425OutBlock1"][2] | {
        "ordno": "0000000103",
        "qty": "00010",
        "cheprice": "70050.00",
        "hogagb": "87",
        "ordtime": "",
        "new": [{}],
    }
    (line,) = orders.day_orders([fields.Row("t0425OutBlock1", row)], TODAY)
    assert (line.order_no, line.quantity, line.filled_amount) == ("103", 10, Decimal("700500"))
    assert (line.order_type, line.ordered_at.time()) == (OrderType.LIMIT, time())


def past_lines() -> dict[str, Any]:
    found = fields.rows(payload("CSPAQ13700"), "CSPAQ13700OutBlock3")
    return {line.order_no: line for line in orders.past_orders(found, date(2026, 11, 19))}


def test_a_past_days_orders_are_read():
    first = past_lines()["11"]
    assert (first.symbol, first.name, first.side, first.venue) == ("005930", "삼성전자", Side.BUY, Venue.KRX)
    assert (first.price, first.filled_amount) == (Decimal("70000.00"), Decimal("2099715.00"))
    assert first.ordered_at == datetime(2026, 11, 19, 9, 0, 1, tzinfo=KST)


@pytest.mark.parametrize(
    ("number", "kind", "cancelled", "open_"),
    [
        ("11", RequestKind.NEW, 10, 0),  # 70 left, 60 of them modified
        ("12", RequestKind.MODIFY, 0, 0),
        ("13", RequestKind.NEW, 30, 0),
        ("14", RequestKind.CANCEL, 30, 0),
        ("15", RequestKind.NEW, 0, 5),
    ],
)
def test_a_past_days_cancels_are_folded_in(number, kind, cancelled, open_):
    line = past_lines()[number]
    assert (line.kind, line.cancelled_quantity, line.open_quantity) == (kind, cancelled, open_)


def test_lists_know_where_they_go_on():
    assert orders.DAY_LIST.cursor({"t0425OutBlock": {"cts_ordno": "104 "}}) == {"cts_ordno": "104"}
    assert orders.DAY_LIST.cursor(payload("t0425")) == {}
    assert orders.DAY_LIST.cursor(payload("t0425_empty")) == {}
    assert orders.PAST_LIST.cursor(payload("CSPAQ13700")) == {"SrtOrdNo2": 15}
    assert orders.PAST_LIST.cursor(payload("CSPAQ13700_empty")) == {}


# The account


def test_a_balance_merges_the_lots_of_an_issue():
    body = payload("t0424")
    balance = account.balance(body, fields.rows(body, "t0424OutBlock1"), account.cash(payload("CSPAQ22200")))
    samsung, other = balance.holdings
    assert (samsung.symbol, samsung.quantity, samsung.sellable) == ("005930", 150, 140)
    assert (samsung.cost, samsung.average_price) == (Decimal(10600000), Decimal("70666.66"))
    assert (samsung.profit, samsung.profit_rate) == (Decimal(20000), Decimal("0.18"))
    assert (other.symbol, other.name, other.profit_rate) == ("0001A0", "덕양에너젠", Decimal("-0.97"))
    assert (balance.net_asset, balance.realised, balance.unrealised) == (
        Decimal(512171000),
        Decimal(12000),
        Decimal(5000),
    )
    assert balance.cash.orderable == 487000000
    assert (balance.cash.deposit, balance.cash.deposit_d2) == (Decimal(500000000), Decimal(488000000))


def test_a_balance_without_its_totals_is_no_balance():
    with pytest.raises(BadReply, match="t0424OutBlock is missing"):
        account.balance({"rsp_cd": "00000"}, [], account.cash(payload("CSPAQ22200")))


def test_cash_without_a_field_is_not_zero():
    body = payload("CSPAQ22200")
    del body["CSPAQ22200OutBlock2"]["MnyOrdAbleAmt"]
    with pytest.raises(BadReply, match="MnyOrdAbleAmt"):
        account.cash(body)


def test_buying_power_counts_without_credit():
    power = account.buying_power(payload("CSPBQ00200"), Decimal("70000"))
    assert (power.cash, power.quantity, power.price) == (Decimal(487000000), 6955, Decimal(70000))


# The market


def test_a_quote_takes_its_sign_from_sign():
    quote = quotes.quote(payload("t1102"), "005930")
    assert (quote.price, quote.change, quote.change_rate) == (Decimal(69300), Decimal(-700), Decimal("-1.00"))
    assert (quote.base_price, quote.upper_limit, quote.lower_limit) == (
        Decimal(70000),
        Decimal(91000),
        Decimal(49000),
    )
    assert quote.halted


def test_quotes_of_many_give_away_the_base_price():
    samsung, other = quotes.quotes(payload("t8407"))
    assert (samsung.base_price, other.base_price) == (Decimal(70000), Decimal(10000))
    assert (other.symbol, other.change, other.halted) == ("0001A0", Decimal(3000), False)


def test_a_book_leaves_out_empty_levels():
    book = quotes.order_book(payload("t1101"), "005930", datetime(2026, 11, 20, 1, 20, 31, tzinfo=UTC))
    assert book.asks[0] == Level(Decimal(69400), 10)
    assert (len(book.asks), len(book.bids)) == (9, 10)
    assert book.at == datetime(2026, 11, 20, 10, 20, 30, 400000, tzinfo=KST)


def test_instruments_are_told_apart():
    found = quotes.instruments(payload("t8436"))
    assert [line.kind for line in found] == [
        InstrumentKind.STOCK,
        InstrumentKind.ETF,
        InstrumentKind.ETN,
        InstrumentKind.STOCK,
    ]
    assert [line.market for line in found][2:] == [Market.KOSPI, Market.KOSDAQ]
    assert (found[0].base_price, found[0].upper_limit, found[0].lower_limit) == (
        Decimal(70000),
        Decimal(91000),
        Decimal(49000),
    )


@pytest.mark.parametrize(
    ("text", "width", "read"),
    [
        ("092931203", 9, time(9, 29, 31, 203000)),
        ("92931203", 9, time(9, 29, 31, 203000)),
        ("09293120", 8, time(9, 29, 31, 200000)),
        ("09:29:31", 6, time(9, 29, 31)),
        (":  :", 6, None),
        ("", 9, None),
        ("996199000", 9, None),
    ],
)
def test_times_of_day(text, width, read):
    moment = fields.moment(TODAY, text, width)
    assert moment == (read and datetime.combine(TODAY, read, KST))
