"""LS's gateway: OAuth, dispatch, types on the wire, pace (ls.md 7.1 to 7.3)."""

import asyncio
import base64
import json
from datetime import datetime, timedelta

import aiohttp
import pytest

from brokers.paper.clock import KST
from brokers.paper.faults import Action, Rule
from tests.brokers.paper.ls_client import KEYS, LsSession, ls_session


@pytest.fixture
async def ls():
    async with ls_session() as session:
        yield session


# OAuth


async def test_a_token_comes_for_a_form(ls: LsSession):
    response = await ls.ask_token()
    answer = await response.json()
    assert response.status == 200
    assert answer["token_type"] == "Bearer"
    assert answer["scope"] == "oob"
    assert 380 <= len(answer["access_token"]) <= 400
    header, claims = (
        json.loads(base64.urlsafe_b64decode(part + "==")) for part in answer["access_token"].split(".")[:2]
    )
    assert header["alg"] == "HS512"
    assert (claims["sub"], claims["iss"], claims["jti"]) == ("token", "unogw", KEYS["paper"][0])


async def test_a_token_comes_for_a_query_with_an_empty_body(ls: LsSession):
    key, secret, _ = KEYS["paper"]
    fields = {"grant_type": "client_credentials", "appkey": key, "appsecretkey": secret, "scope": "oob"}
    headers = {"content-type": "application/x-www-form-urlencoded"}
    async with ls.http.post(
        ls.broker.url("ls_paper") + "/oauth2/token", params=fields, headers=headers
    ) as response:
        assert response.status == 200
        ls.token = (await response.json())["access_token"]
    assert (await ls.call("t0167", id="")).status == 200


@pytest.mark.parametrize(
    ("now", "seconds"),
    [
        (datetime(2026, 11, 20, 19, 37, tzinfo=KST), 11 * 3600 + 23 * 60),
        (datetime(2026, 11, 20, 6, 59, 30, tzinfo=KST), 30),
        (datetime(2026, 11, 20, 7, 0, tzinfo=KST), 24 * 3600),
    ],
)
async def test_a_token_lives_until_seven_in_the_morning(ls: LsSession, now: datetime, seconds: int):
    ls.broker.clock.set(now)
    answer = await (await ls.ask_token()).json()
    assert answer["expires_in"] == seconds
    ls.token = answer["access_token"]
    ls.broker.clock.advance(timedelta(seconds=seconds - 1))
    assert (await ls.call("t0167", id="")).status == 200
    ls.broker.clock.advance(timedelta(seconds=1))
    assert (await ls.call("t0167", id="")).code == "IGW00121"


async def test_a_new_token_kills_the_old_one(ls: LsSession):
    old = await ls.log_in()
    await ls.log_in()
    assert (await ls.call("t0167", id="")).status == 200
    ls.token = old
    reply = await ls.call("t0167", id="")
    assert (reply.status, reply.code) == (500, "IGW00121")


@pytest.mark.parametrize(
    ("changes", "code"),
    [({"appkey": "nobody"}, "IGW00103"), ({"appsecretkey": "wrong"}, "IGW00105")],
)
async def test_bad_keys_are_forbidden(ls: LsSession, changes: dict[str, str], code: str):
    response = await ls.ask_token(**changes)
    answer = await response.json()
    assert response.status == 403
    assert answer["error_code"] == code
    assert answer["error_description"]
    assert "rsp_cd" not in answer


async def test_a_key_of_the_other_broker_is_unknown(ls: LsSession):
    kis = next(account for account in ls.broker.ledger.accounts if account.broker == "kis")
    response = await ls.ask_token(appkey=kis.app_key, appsecretkey=kis.app_secret)
    assert (response.status, (await response.json())["error_code"]) == (403, "IGW00103")


async def test_a_revoked_token_is_dead(ls: LsSession):
    key, secret, _ = KEYS["paper"]
    fields = {
        "appkey": key,
        "appsecretkey": secret,
        "token_type_hint": "access_token",
        "token": await ls.log_in(),
    }
    async with ls.http.post(ls.broker.url("ls_paper") + "/oauth2/revoke", data=fields) as response:
        assert (response.status, (await response.json())["code"]) == (200, 200)
    assert (await ls.call("t0167", id="")).code == "IGW00121"


async def test_rest_takes_both_kinds_of_keys_on_both_ports(ls: LsSession):
    for kind in ("real", "paper"):
        session = ls.as_kind(kind)
        for port in ("ls_real", "ls_paper"):
            session.port = port
            reply = await session.call("CSPAQ22200", BalCreTp="0")
            assert reply.code == "00136"
            assert reply.body["rsp_msg"].startswith("모의투자 ") is (kind == "paper")


# Dispatch


async def test_no_token_is_a_bad_token(ls: LsSession):
    reply = await ls.post("/stock/accno", "t0424", {})
    assert (reply.status, reply.code) == (500, "IGW00121")


@pytest.mark.parametrize(
    ("path", "tr_cd"),
    [
        ("/stock/accno", "t1101"),
        ("/stock/order", "t0424"),
        ("/stock/accno", "t9999"),
        ("/stock/accno", "SC0"),
    ],
)
async def test_a_tr_on_the_wrong_path_is_refused(ls: LsSession, path: str, tr_cd: str):
    await ls.log_in()
    reply = await ls.post(path, tr_cd, {f"{tr_cd}InBlock": {}})
    assert (reply.status, reply.code) == (500, "IGW00215")


async def test_an_unknown_path_is_not_found(ls: LsSession):
    async with ls.http.post(ls.broker.url("ls_paper") + "/stock/order-cancel") as response:
        assert response.status == 404


@pytest.mark.parametrize(
    ("tr_cd", "fields"),
    [("t0424", {}), ("t1101", {"shcode": "000000"}), ("t1102", {"shcode": "005930"}), ("t0167", {})],
)
async def test_four_headers_always_come(ls: LsSession, tr_cd: str, fields: dict[str, str]):
    reply = await ls.call(tr_cd, **fields)
    assert reply.headers["Content-Type"] == "application/json; charset=utf-8"
    assert reply.headers["tr_cd"] == tr_cd
    assert reply.headers["tr_cont"] in ("N", "")
    assert reply.headers["tr_cont_key"] == ""


async def test_refusals_carry_the_headers_too(ls: LsSession):
    reply = await ls.post("/stock/accno", "t0424", {})
    assert {"tr_cd", "tr_cont", "tr_cont_key"} <= reply.headers.keys()


async def test_the_empty_block_that_tells_paper_from_real(ls: LsSession):
    reply = await ls.call("FOCCQ33600")
    assert reply.status == 200
    assert reply.code == "09604"
    assert reply.body["rsp_msg"].startswith("모의투자 ")
    real = await ls.as_kind("real").call("FOCCQ33600")
    assert real.status == 200
    assert "모의투자" not in real.body["rsp_msg"]


@pytest.mark.parametrize("body", ["", "not json", "[]", {}, {"t0424InBlock": "text"}])
async def test_a_body_without_its_block_is_a_refusal_of_the_business(ls: LsSession, body: object):
    await ls.log_in()
    reply = await ls.post("/stock/accno", "t0424", body)
    assert (reply.status, reply.code) == (200, "09604")


# Types


async def test_a_string_for_a_number_is_refused(ls: LsSession):
    for changes in ({"OrdQty": "10"}, {"OrdPrc": "90000"}, {"OrdQty": True}, {"OrdQty": 1.5}):
        reply = await ls.place(**changes)
        assert (reply.status, reply.code) == (500, "IGW40011")
    reply = await ls.cancel(number="1", quantity=1)
    assert reply.code == "IGW40011"
    assert not ls.account.orders


async def test_numbers_and_strings_stand_as_the_portal_types_say(ls: LsSession):
    order = (await ls.place(OrdPrc=90_000.0)).body["CSPAT00601OutBlock1"]
    assert (order["OrdQty"], order["OrdPrc"]) == (10, "90000.00")
    quote = (await ls.call("t1102", shcode="005930")).block("")
    assert isinstance(quote["price"], int)
    assert quote["diff"] == "000.00"
    ls.broker.market.set_price("005930", 95_100)
    assert (await ls.call("t1102", shcode="005930")).block("")["diff"] == "-01.14"
    rate = (await ls.call("CSPBQ00200", BnsTpCode="2", IsuNo="A005930", OrdPrc=90_000)).block("2")
    assert rate["CmsnRat"] == "0.01500"


async def test_old_account_fields_in_a_request_are_ignored(ls: LsSession):
    reply = await ls.call("CSPAQ22200", RecCnt=1, AcntNo="1", InptPwd="0000", BalCreTp="0")
    assert reply.code == "00136"


# Pace


async def test_each_tr_has_its_own_window_of_a_second():
    async with ls_session(paced=True) as ls:
        await ls.log_in()
        replies = await asyncio.gather(*(ls.orders() for _ in range(4)))
        assert sorted(reply.status for reply in replies) == [200, 200, 500, 500]
        assert {reply.code for reply in replies if reply.status == 500} == {"IGW00201"}
        assert (await ls.holdings()).status == 200
        ls.port = "ls_real"  # the count follows the key, not the port
        assert (await ls.orders()).code == "IGW00201"
        other = ls.as_kind("real")
        assert (await other.orders()).status == 200
        await asyncio.sleep(1.05)
        assert (await ls.orders()).status == 200


# Faults


async def test_an_ordered_error_is_worded_as_the_gateway_does(ls: LsSession):
    ls.broker.faults.add(
        Rule(
            Action.ANSWER, broker="ls", target="t0425", code="IGW00121", message="유효하지 않은 token 입니다."
        )
    )
    reply = await ls.orders()
    assert (reply.status, reply.code) == (500, "IGW00121")
    assert (await ls.orders()).status == 200


async def test_a_lost_reply_has_still_placed_the_order(ls: LsSession):
    await ls.log_in()
    ls.broker.faults.add(Rule(Action.LOSE_REPLY, broker="ls", target="CSPAT00601"))
    with pytest.raises(aiohttp.ClientConnectionError):
        await ls.place()
    assert len(ls.account.orders) == 1
