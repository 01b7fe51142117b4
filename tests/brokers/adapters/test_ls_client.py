"""LsClient against a gateway that answers as told: tokens, pace, paging, and what each failure proves."""

import json
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from brokers.adapters.base import (
    AuthFailed,
    BadReply,
    Credentials,
    OrderRequest,
    RateLimited,
    Receipt,
    Rejected,
    ReplyLost,
    Unreachable,
    WorkingOrder,
)
from brokers.adapters.limits import Lane, MemoryTokenStore, Pace, Token
from brokers.adapters.ls import client as client_module
from brokers.adapters.ls.client import LsClient
from brokers.terms import Customer, OrderType, Server, Side
from tests.brokers.adapters.conftest import Behaviour, RudeServer, answer, hang_up

DATA = Path(__file__).parent / "data" / "ls"
BUY = OrderRequest("005930", Side.BUY, 10, Decimal(70000))
WORKING = WorkingOrder("21384", "", "005930", Side.BUY, 10, OrderType.LIMIT)
DEAD_TOKEN = {"rsp_cd": "IGW00121", "rsp_msg": "유효하지 않은 token 입니다."}
TOO_FAST = {"rsp_cd": "IGW00201", "rsp_msg": "호출 거래건수를 초과하였습니다."}


def told(data: Any, status: int = 200, **headers: str) -> Behaviour:
    lines = [f"{name}: {value}" for name, value in headers.items()]
    return answer(status, json.dumps(data).encode(), *lines)


def payload(name: str) -> Any:
    return json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))


class Sent:
    """A request as the gateway got it."""

    def __init__(self, raw: bytes) -> None:
        head, _, body = raw.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        self.path = first.split()[1]
        self.headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        self.text = body.decode()

    @property
    def fields(self) -> dict[str, Any]:
        content: dict[str, dict[str, Any]] = json.loads(self.text)
        (fields,) = content.values()
        return fields


class Gateway:
    """Hands out tokens jwt-1, jwt-2 … and gives each TR its scripted answers, the last one for ever."""

    def __init__(self, server: RudeServer) -> None:
        self.url = server.url
        self.issued = 0
        self.calls: list[Sent] = []
        self.script: dict[str, list[Behaviour]] = {}
        self.token_answer: Callable[[int], Behaviour] = lambda number: told(
            {"access_token": f"jwt-{number}", "expires_in": 40000, "scope": "oob", "token_type": "Bearer"}
        )
        self.token_form: dict[str, list[str]] = {}
        server.behaviour = self._behave

    def _behave(self, connection: Any, request: bytes) -> None:
        sent = Sent(request)
        if sent.path == "/oauth2/token":
            self.issued += 1
            self.token_form = parse_qs(sent.text)
            self.token_answer(self.issued)(connection, request)
            return
        self.calls.append(sent)
        answers = self.script[sent.headers["tr_cd"]]
        behaviour = answers.pop(0) if len(answers) > 1 else answers[0]
        behaviour(connection, request)


class NoPace(Pace):
    def __init__(self) -> None:
        self.waits: list[tuple[Lane, str, float | None]] = []

    def wait(self, lane: Lane, *, tr: str = "", per_second: float | None = None) -> None:
        self.waits.append((lane, tr, per_second))


def credentials(url: str, **changes: Any) -> Credentials:
    values: dict[str, Any] = {
        "account_no": "20012345601",
        "server": Server.PAPER,
        "customer": Customer.PERSON,
        "hts_id": "",
        "app_key": "the-app-key",
        "app_secret": "the-app-secret",
        "rest_url": url,
    }
    return Credentials(**values | changes)


@pytest.fixture
def gateway(rude_server: RudeServer) -> Gateway:
    return Gateway(rude_server)


@pytest.fixture
def tokens() -> MemoryTokenStore:
    return MemoryTokenStore()


@pytest.fixture
def client(gateway: Gateway, tokens: MemoryTokenStore) -> LsClient:
    return LsClient(credentials(gateway.url), tokens, NoPace())


@pytest.fixture(autouse=True)
def naps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    taken: list[float] = []
    monkeypatch.setattr(time, "sleep", taken.append)
    return taken


# Signing and tokens


def test_a_call_is_signed(client: LsClient, gateway: Gateway):
    gateway.script["CSPAT00601"] = [told(payload("CSPAT00601_taken"))]
    assert client.place(BUY) == Receipt("21384")
    (sent,) = gateway.calls
    assert sent.path == "/stock/order"
    assert sent.headers["authorization"] == "Bearer jwt-1"
    assert (sent.headers["tr_cd"], sent.headers["tr_cont"]) == ("CSPAT00601", "N")
    assert "mac_address" not in sent.headers
    assert json.loads(sent.text)["CSPAT00601InBlock1"]["OrdPrc"] == 70000
    assert gateway.token_form["appkey"] == ["the-app-key"]


def test_corporate_customers_tell_their_machine(gateway: Gateway, tokens: MemoryTokenStore):
    gateway.script["t1102"] = [told(payload("t1102"))]
    corporate = LsClient(credentials(gateway.url, customer=Customer.CORPORATION), tokens, NoPace())
    corporate.quote("005930")
    assert len(gateway.calls[0].headers["mac_address"]) == 12


def test_a_token_serves_many_calls(client: LsClient, gateway: Gateway):
    gateway.script["t1102"] = [told(payload("t1102"))]
    client.quote("005930")
    client.quote("005930")
    assert gateway.issued == 1


def test_a_valid_token_is_not_killed_before_its_end(
    client: LsClient, gateway: Gateway, tokens: MemoryTokenStore
):
    held = Token("jwt-held", datetime.now(UTC) + timedelta(minutes=2))
    tokens.renew(lambda: held, None)
    gateway.script["t1102"] = [told(payload("t1102"))]
    client.quote("005930")
    client.quote("005930")
    assert gateway.issued == 0


def test_an_ended_token_is_replaced(client: LsClient, gateway: Gateway, tokens: MemoryTokenStore):
    tokens.renew(lambda: Token("jwt-old", datetime.now(UTC) - timedelta(seconds=1)), None)
    gateway.script["t1102"] = [told(payload("t1102"))]
    client.quote("005930")
    assert gateway.calls[0].headers["authorization"] == "Bearer jwt-1"


def test_a_refused_token_is_replaced_once(client: LsClient, gateway: Gateway):
    gateway.script["CSPAT00601"] = [told(DEAD_TOKEN, 500), told(payload("CSPAT00601_taken"))]
    assert client.place(BUY) == Receipt("21384")
    assert [sent.headers["authorization"] for sent in gateway.calls] == ["Bearer jwt-1", "Bearer jwt-2"]


def test_a_token_refused_twice_is_an_error(client: LsClient, gateway: Gateway):
    gateway.script["CSPAT00601"] = [told(DEAD_TOKEN, 500)]
    with pytest.raises(AuthFailed):
        client.place(BUY)
    assert len(gateway.calls) == 2


@pytest.mark.parametrize(
    ("behaviour", "outcome"),
    [
        (told({"error_code": "IGW00105", "error_description": "AppSecret"}, 403), AuthFailed),
        (told({"access_token": "jwt"}), AuthFailed),
        (told({}, 502), Unreachable),
        (answer(200, b"<html>"), AuthFailed),
        (hang_up, Unreachable),
    ],
)
def test_an_order_without_a_token_never_leaves(
    client: LsClient, gateway: Gateway, behaviour: Behaviour, outcome: type[Exception]
):
    gateway.token_answer = lambda _: behaviour
    with pytest.raises(outcome):
        client.place(BUY)
    assert gateway.calls == []


def test_a_token_can_be_renewed_by_hand(client: LsClient, gateway: Gateway):
    first, second = client.renew_token(), client.renew_token()
    assert gateway.issued == 2
    assert datetime.now(UTC) < first <= second


# Orders


@pytest.mark.parametrize(
    ("behaviour", "outcome"),
    [
        (told(payload("CSPAT00601_refused")), Rejected),
        (told(TOO_FAST, 500), RateLimited),
        (told({"rsp_cd": "IGW40013", "rsp_msg": ""}, 500), ReplyLost),
        (told({}, 503), ReplyLost),
        (answer(200, b"<html>"), ReplyLost),
        (hang_up, ReplyLost),
    ],
)
def test_an_order_leaves_once(
    client: LsClient, gateway: Gateway, behaviour: Behaviour, outcome: type[Exception]
):
    gateway.script["CSPAT00601"] = [behaviour]
    with pytest.raises(outcome):
        client.place(BUY)
    assert len(gateway.calls) == 1


def test_changes_go_to_their_own_services(client: LsClient, gateway: Gateway):
    for tr in ("CSPAT00701", "CSPAT00801"):
        gateway.script[tr] = [
            told({"rsp_cd": "00462", f"{tr}OutBlock2": {"OrdNo": 21385, "PrntOrdNo": 21384}})
        ]
    assert client.modify(WORKING, 6, Decimal(70100), OrderType.LIMIT) == Receipt("21385")
    assert client.cancel(WORKING, 4) == Receipt("21385")
    modify, cancel = gateway.calls
    assert (modify.fields["OrgOrdNo"], modify.fields["OrdQty"], modify.fields["OrdPrc"]) == (21384, 6, 70100)
    assert cancel.fields == {"OrgOrdNo": 21384, "IsuNo": "A005930", "OrdQty": 4}


def test_each_call_keeps_the_pace_of_its_service(gateway: Gateway, tokens: MemoryTokenStore):
    pace = NoPace()
    client = LsClient(credentials(gateway.url), tokens, pace)
    gateway.script["CSPAT00801"] = [told({"rsp_cd": "00463", "CSPAT00801OutBlock2": {"OrdNo": 1}})]
    gateway.script["t1102"] = [told(payload("t1102"))]
    client.cancel(WORKING, 4)
    client.quote("005930")
    assert pace.waits == [("order", "CSPAT00801", 3), ("question", "t1102", 10)]


# Questions


def test_a_question_waits_when_calls_come_too_fast(client: LsClient, gateway: Gateway, naps: list[float]):
    gateway.script["t1102"] = [told(TOO_FAST, 500), told(TOO_FAST, 500), told(payload("t1102"))]
    assert client.quote("005930").price == 69300
    assert len(naps) == 2
    assert naps[0] < naps[1]
    assert gateway.issued == 1


def test_a_question_does_not_wait_for_ever(client: LsClient, gateway: Gateway):
    gateway.script["t1102"] = [told(TOO_FAST, 500)]
    with pytest.raises(RateLimited):
        client.quote("005930")
    assert len(gateway.calls) == 4


def day_row(number: int) -> dict[str, Any]:
    return {**payload("t0425")["t0425OutBlock1"][2], "ordno": number}


def day_page(*numbers: int, cursor: str = "") -> dict[str, Any]:
    return {
        "rsp_cd": "00000",
        "t0425OutBlock": {"cts_ordno": cursor},
        "t0425OutBlock1": [day_row(number) for number in numbers],
    }


def test_a_list_goes_on_by_header_and_body(client: LsClient, gateway: Gateway):
    gateway.script["t0425"] = [
        told(day_page(1, 2, cursor="2"), tr_cont="Y", tr_cont_key="key-2"),
        told(day_page(3), tr_cont="0", tr_cont_key=""),
    ]
    assert [line.order_no for line in client.day_orders()] == ["1", "2", "3"]
    first, second = gateway.calls
    assert (first.headers["tr_cont"], first.fields["cts_ordno"]) == ("N", "")
    assert (second.headers["tr_cont"], second.headers["tr_cont_key"]) == ("Y", "key-2")
    assert second.fields["cts_ordno"] == "2"


@pytest.mark.parametrize(
    "page",
    [
        told(day_page(1, 2, cursor="2"), tr_cont="N"),
        told(day_page(1, 2, cursor="2"), tr_cont="0"),
        told(day_page(1, 2, cursor="2")),
        told(day_page(1, 2), tr_cont="Y"),
    ],
)
def test_a_list_ends_without_a_yes_or_a_cursor(client: LsClient, gateway: Gateway, page: Behaviour):
    gateway.script["t0425"] = [page]
    assert len(client.day_orders()) == 2
    assert len(gateway.calls) == 1


def test_a_list_that_repeats_itself_ends(client: LsClient, gateway: Gateway):
    gateway.script["t0425"] = [told(day_page(1, 2, cursor="2"), tr_cont="Y", tr_cont_key="2")]
    assert len(client.day_orders()) == 2
    assert len(gateway.calls) == 2


def test_a_list_without_end_is_an_error(client: LsClient, gateway: Gateway, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(client_module, "PAGES_AT_MOST", 3)
    gateway.script["t0425"] = [
        told(day_page(number, cursor=str(number)), tr_cont="Y", tr_cont_key="k") for number in range(1, 6)
    ]
    with pytest.raises(BadReply):
        client.day_orders()


def test_a_page_that_fails_fails_the_list(client: LsClient, gateway: Gateway):
    gateway.script["t0425"] = [
        told(day_page(1, cursor="1"), tr_cont="Y", tr_cont_key="1"),
        told({"rsp_cd": "IGW40013", "rsp_msg": ""}, 500),
    ]
    with pytest.raises(Unreachable):
        client.day_orders()


def test_lists_are_chosen_by_what_is_asked(client: LsClient, gateway: Gateway):
    gateway.script["t0425"] = [told(payload("t0425"))]
    assert client.order_line("104").open_quantity == 15
    assert client.order_line("999") is None
    client.open_orders()
    client.day_fills()
    assert [sent.fields["chegb"] for sent in gateway.calls] == ["0", "0", "2", "1"]


def test_a_cancel_is_no_open_order(client: LsClient, gateway: Gateway):
    gateway.script["t0425"] = [told(payload("t0425"))]
    assert {"105", "107"}.isdisjoint(line.order_no for line in client.open_orders())


def test_past_orders_are_asked_for_day_by_day(client: LsClient, gateway: Gateway):
    nothing = told(payload("CSPAQ13700_empty"))
    gateway.script["CSPAQ13700"] = [told(payload("CSPAQ13700"), tr_cont="N"), nothing]
    lines = client.orders_between(date(2026, 11, 19), date(2026, 11, 21))
    assert [sent.fields["OrdDt"] for sent in gateway.calls] == ["20261119", "20261120", "20261121"]
    assert {line.trade_date for line in lines} == {date(2026, 11, 19)}


def test_a_balance_joins_holdings_and_cash(client: LsClient, gateway: Gateway):
    gateway.script["t0424"] = [told(payload("t0424"))]
    gateway.script["CSPAQ22200"] = [told(payload("CSPAQ22200"))]
    balance = client.balance()
    assert [holding.symbol for holding in balance.holdings] == ["005930", "0001A0"]
    assert balance.cash.orderable == 487000000


def test_a_market_order_is_counted_at_the_upper_limit(client: LsClient, gateway: Gateway):
    gateway.script["t1102"] = [told(payload("t1102"))]
    gateway.script["CSPBQ00200"] = [told(payload("CSPBQ00200"))]
    assert client.buying_power("005930", None, OrderType.MARKET).price == 91000
    assert gateway.calls[-1].fields == {"BnsTpCode": "2", "IsuNo": "A005930", "OrdPrc": 91000}


def test_quotes_are_asked_for_by_fifty(client: LsClient, gateway: Gateway):
    gateway.script["t8407"] = [told(payload("t8407"))]
    client.quotes([f"{number:06d}" for number in range(51)])
    assert [sent.fields["nrec"] for sent in gateway.calls] == [50, 1]
    assert client.quotes([]) == []


def test_the_market_is_read(client: LsClient, gateway: Gateway):
    gateway.script["t1101"] = [told(payload("t1101"))]
    gateway.script["t8436"] = [told(payload("t8436"))]
    assert client.order_book("005930").bids[0].price == 69300
    assert len(client.instruments()) == 4


def test_no_secret_shows(client: LsClient, gateway: Gateway, caplog: pytest.LogCaptureFixture):
    gateway.script["CSPAT00601"] = [told(DEAD_TOKEN, 500), hang_up]
    with pytest.raises(ReplyLost) as lost:
        client.place(BUY)
    for secret in ("the-app-key", "the-app-secret", "jwt-1", "jwt-2"):
        assert secret not in caplog.text
        assert secret not in str(lost.value)
