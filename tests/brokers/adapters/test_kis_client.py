"""KisClient against a scripted server: tokens, paging, pace, and which services it asks."""

import json
import socket
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from brokers.adapters.base import (
    AuthFailed,
    BadReply,
    BrokerError,
    Credentials,
    OrderRequest,
    RateLimited,
    Receipt,
    Rejected,
    ReplyLost,
    Unreachable,
    WorkingOrder,
)
from brokers.adapters.kis import client as kis
from brokers.adapters.limits import MemoryTokenStore, Pace
from brokers.terms import Customer, OrderType, Server, Side
from lucy.clock import KST
from tests.brokers.adapters.conftest import RudeServer, answer, hang_up

DATA = Path(__file__).parent / "data" / "kis"
BUY = OrderRequest("005930", Side.BUY, 10, Decimal(96200))
DOUBT = {"rt_cd": "1", "msg_cd": "EGW00001", "msg1": "일시적 오류"}
TOO_FAST = {"rt_cd": "1", "msg_cd": "EGW00201", "msg1": "초당 거래건수를 초과하였습니다."}
BAD_TOKEN = {"rt_cd": "1", "msg_cd": "EGW00123", "msg1": "기간이 만료된 token 입니다."}


def payload(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((DATA / f"{name}.json").read_text())
    return found


class Asked:
    """A request as the server saw it."""

    def __init__(self, raw: bytes) -> None:
        head, _, body = raw.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        self.path = urlsplit(first.split()[1]).path
        self.query = {
            name: values[0]
            for name, values in parse_qs(urlsplit(first.split()[1]).query, keep_blank_values=True).items()
        }
        self.headers = dict(line.lower().split(": ", 1) for line in lines)
        self.body = json.loads(body) if body else {}
        self.tr_id = self.headers.get("tr_id", "").upper()


class ScriptedKis:
    """Answers tokens by itself and everything else from `script`: (status, data) or with a tr_cont."""

    def __init__(self, server: RudeServer) -> None:
        self.script: Callable[[Asked], tuple[Any, ...]] = lambda asked: (200, {})
        self.asked: list[Asked] = []
        self.tokens_issued = 0
        self.token_answer: tuple[int, dict[str, Any]] | None = None
        server.behaviour = self.behave

    def behave(self, connection: socket.socket, request: bytes) -> None:
        asked = Asked(request)
        if asked.path == "/oauth2/tokenP":
            status, data = self.token_answer or (200, self._token())
            return answer(status, json.dumps(data).encode())(connection, request)
        self.asked.append(asked)
        status, data, *more = self.script(asked)
        if status == 0:
            return hang_up(connection, request)
        headers = [f"tr_cont: {mark}" for mark in more]
        return answer(status, json.dumps(data).encode(), *headers)(connection, request)

    def _token(self) -> dict[str, Any]:
        self.tokens_issued += 1
        tomorrow = datetime.now(UTC).astimezone(KST) + timedelta(days=1)
        return {
            **payload("token"),
            "access_token": f"token-{self.tokens_issued}",
            "access_token_token_expired": f"{tomorrow:%Y-%m-%d %H:%M:%S}",
        }


@pytest.fixture
def scripted(rude_server: RudeServer) -> ScriptedKis:
    return ScriptedKis(rude_server)


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(kis, "ASKED_TOO_FAST_PAUSES", (0.01, 0.01, 0.01))


@pytest.fixture
def connect(rude_server: RudeServer, pace_redis_url: str):
    def connect(server: Server = Server.PAPER, customer: Customer = Customer.PERSON) -> kis.KisClient:
        credentials = Credentials("8105568901", server, customer, "hts", "key", "secret", rude_server.url)
        return kis.KisClient(credentials, MemoryTokenStore(), Pace(pace_redis_url, "scripted", 100_000))

    return connect


def test_an_order_is_signed_and_sent_once(scripted: ScriptedKis, connect):
    scripted.script = lambda asked: (200, payload("order_accepted"))
    assert connect().place(BUY) == Receipt("117057", "00950")
    (order,) = scripted.asked
    assert (order.path, order.tr_id) == ("/uapi/domestic-stock/v1/trading/order-cash", "VTTC0012U")
    assert order.headers["authorization"] == "bearer token-1"
    assert (order.headers["appkey"], order.headers["appsecret"], order.headers["custtype"]) == (
        "key",
        "secret",
        "p",
    )
    assert order.body["ORD_QTY"] == "10"


@pytest.mark.parametrize(
    ("server", "side", "tr_id"),
    [
        (Server.REAL, Side.BUY, "TTTC0012U"),
        (Server.REAL, Side.SELL, "TTTC0011U"),
        (Server.PAPER, Side.SELL, "VTTC0011U"),
    ],
)
def test_the_side_is_told_by_the_tr_alone(
    scripted: ScriptedKis, connect, server: Server, side: Side, tr_id: str
):
    scripted.script = lambda asked: (200, payload("order_accepted"))
    connect(server).place(OrderRequest("005930", side, 1, Decimal(96200)))
    assert scripted.asked[0].tr_id == tr_id


def test_changes_go_to_the_same_service(scripted: ScriptedKis, connect):
    scripted.script = lambda asked: (200, payload("order_accepted"))
    working = WorkingOrder("117057", "00950", "005930", Side.BUY, 10, OrderType.LIMIT)
    connect().modify(working, 10, Decimal(96100), OrderType.LIMIT)
    connect().cancel(working, 4)
    modified, cancelled = scripted.asked
    assert modified.tr_id == cancelled.tr_id == "VTTC0013U"
    assert (modified.body["RVSE_CNCL_DVSN_CD"], modified.body["QTY_ALL_ORD_YN"]) == ("01", "Y")
    assert (cancelled.body["RVSE_CNCL_DVSN_CD"], cancelled.body["ORD_QTY"]) == ("02", "4")


def test_a_refused_token_is_renewed_once_and_the_order_repeated(scripted: ScriptedKis, connect):
    def script(asked: Asked) -> tuple[Any, ...]:
        old = asked.headers["authorization"] == "bearer token-1"
        return (500, BAD_TOKEN) if old else (200, payload("order_accepted"))

    scripted.script = script
    assert connect().place(BUY).order_no == "117057"
    assert (len(scripted.asked), scripted.tokens_issued) == (2, 2)


def test_a_token_refused_twice_is_an_auth_failure(scripted: ScriptedKis, connect):
    scripted.script = lambda asked: (500, BAD_TOKEN)
    with pytest.raises(AuthFailed):
        connect().place(BUY)
    assert len(scripted.asked) == 2


@pytest.mark.parametrize(("status", "data"), [(0, {}), (500, DOUBT), (200, {}), (504, {})])
def test_an_order_in_doubt_is_never_sent_again(
    scripted: ScriptedKis, connect, status: int, data: dict[str, str]
):
    scripted.script = lambda asked: (status, data)
    with pytest.raises(ReplyLost):
        connect().place(BUY)
    assert len(scripted.asked) == 1


def test_an_order_refused_for_pace_is_told_at_once(scripted: ScriptedKis, connect):
    scripted.script = lambda asked: (500, TOO_FAST)
    with pytest.raises(RateLimited):
        connect().place(BUY)
    assert len(scripted.asked) == 1


def test_a_question_refused_for_pace_waits_and_asks_again(scripted: ScriptedKis, connect):
    scripted.script = lambda asked: (200, payload("price")) if len(scripted.asked) > 3 else (500, TOO_FAST)
    assert connect().quote("005930").price == 96100


def test_a_question_does_not_ask_for_ever(scripted: ScriptedKis, connect):
    scripted.script = lambda asked: (500, TOO_FAST)
    with pytest.raises(RateLimited):
        connect().quote("005930")
    assert len(scripted.asked) == 4


@pytest.mark.parametrize(
    ("status", "data", "error"),
    [
        (403, {"error_code": "EGW00103", "error_description": "유효하지 않은 AppKey입니다."}, AuthFailed),
        (403, {"error_code": "EGW00133", "error_description": "1분당 1회"}, RateLimited),
        (500, {"error_code": "EGW00002", "error_description": "서버 에러"}, Unreachable),
        (200, {"access_token": ""}, Unreachable),
    ],
)
def test_without_a_token_an_order_does_not_leave(
    scripted: ScriptedKis, connect, status: int, data: dict[str, str], error: type[BrokerError]
):
    scripted.token_answer = (status, data)
    with pytest.raises(error):
        connect().place(BUY)
    assert scripted.asked == []


def test_lists_follow_paging_to_the_end(scripted: ScriptedKis, connect):
    row = payload("daily_ccld")["output1"][0]

    def script(asked: Asked) -> tuple[Any, ...]:
        page = len(scripted.asked)
        numbered = {**row, "odno": f"{page:010d}", "ord_tmd": f"09000{page}"}
        body = {**payload("daily_ccld"), "output1": [numbered], "ctx_area_nk100": f"key {page}".ljust(100)}
        return (200, body, "M" if page < 3 else "D")

    scripted.script = script
    assert [line.order_no for line in connect().day_orders()] == ["1", "2", "3"]
    assert [asked.headers.get("tr_cont") for asked in scripted.asked] == [None, "n", "n"]
    assert [asked.query["CTX_AREA_NK100"] for asked in scripted.asked] == ["", "key 1", "key 2"]


def test_an_empty_key_ends_a_list_too(scripted: ScriptedKis, connect):
    scripted.script = lambda asked: (200, {**payload("daily_ccld"), "ctx_area_fk100": "  "}, "F")
    assert len(connect().day_orders()) == 3
    assert len(scripted.asked) == 1


def test_a_list_that_turns_in_circles_is_an_error(scripted: ScriptedKis, connect):
    scripted.script = lambda asked: (200, payload("daily_ccld"), "M")
    with pytest.raises(BadReply, match="ctx_area"):
        connect().day_orders()
    assert len(scripted.asked) == 2


def test_open_orders_come_from_the_list_the_server_has(scripted: ScriptedKis, connect):
    scripted.script = lambda asked: (
        200,
        payload("daily_ccld" if "ccld" in asked.path else "open_orders"),
        "D",
    )
    assert [line.order_no for line in connect(Server.PAPER).open_orders()] == ["117057", "117060"]
    assert [line.open_quantity for line in connect(Server.REAL).open_orders()] == [5, 2]
    assert [asked.tr_id for asked in scripted.asked] == ["VTTC0081R", "TTTC0084R"]


def test_one_order_is_asked_for_by_its_number(scripted: ScriptedKis, connect):
    scripted.script = lambda asked: (200, payload("daily_ccld"), "D")
    assert connect().order_line("117060").original_no == "117058"
    assert connect().order_line("999") is None
    assert scripted.asked[0].query["ODNO"] == "0000117060"


def test_the_days_fills_are_the_numbers_with_fills(scripted: ScriptedKis, connect):
    scripted.script = lambda asked: (200, payload("daily_ccld"), "D")
    assert [line.filled_quantity for line in connect().day_fills()] == [5]


def test_a_long_range_asks_both_services_and_counts_each_order_once(scripted: ScriptedKis, connect):
    scripted.script = lambda asked: (200, payload("daily_ccld"), "D")
    today = datetime.now(KST).date()
    lines = connect(Server.REAL).orders_between(today - timedelta(days=200), today)
    older, recent = scripted.asked
    assert (older.tr_id, recent.tr_id) == ("CTSC9215R", "TTTC0081R")
    assert older.query["INQR_END_DT"] >= recent.query["INQR_STRT_DT"]
    assert [line.order_no for line in lines] == ["117057", "117060", "117061"]


def test_a_balance_counts_orderable_cash_from_its_own_service(scripted: ScriptedKis, connect):
    scripted.script = lambda asked: (
        200,
        payload("balance" if "balance" in asked.path else "buying_power"),
        "D",
    )
    assert connect().balance().cash.orderable == Decimal(9400000)


def test_prices_are_asked_for_in_thirties(scripted: ScriptedKis, connect):
    def script(asked: Asked) -> tuple[Any, ...]:
        codes = [value for name, value in asked.query.items() if name.startswith("FID_INPUT_ISCD")]
        row = payload("prices")["output"][0]
        return (200, {"rt_cd": "0", "output": [{**row, "inter_shrn_iscd": code} for code in codes]})

    scripted.script = script
    symbols = [f"{number:06d}" for number in range(1, 41)]
    assert [quote.symbol for quote in connect(Server.REAL).quotes(symbols)] == symbols
    assert len(scripted.asked) == 2


def test_paper_prices_are_asked_for_one_by_one(scripted: ScriptedKis, connect):
    scripted.script = lambda asked: (200, payload("price"))
    assert len(connect().quotes(["005930", "000660"])) == 2
    assert len(scripted.asked) == 2


def test_kis_has_no_list_of_instruments(connect):
    with pytest.raises(Rejected, match="LS"):
        connect().instruments()


def test_a_renewal_is_a_new_token_for_all(scripted: ScriptedKis, connect):
    client = connect()
    assert client.renew_token() > datetime.now(UTC) + timedelta(hours=23)
    assert scripted.tokens_issued == 2  # the first, and the asked-for one


def test_a_corporation_says_so(scripted: ScriptedKis, connect):
    scripted.script = lambda asked: (200, payload("order_accepted"))
    connect(Server.REAL, Customer.CORPORATION).place(BUY)
    headers = scripted.asked[0].headers
    assert (headers["custtype"], headers["seq_no"], len(headers["gt_uid"])) == ("b", "001", 32)
