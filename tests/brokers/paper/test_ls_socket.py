"""LS's WebSocket: registration, order events, market data, faults (ls.md 5, 7.7, 7.10)."""

import asyncio
import json
import time
from datetime import datetime

import aiohttp
import pytest

from brokers.paper.clock import KST
from brokers.paper.faults import Action, Rule
from brokers.paper.ls_wire import transactions
from tests.brokers.paper.ls_client import KEYS, Listener, LsSession, ls_session

SAMSUNG, ECOPRO = "005930", "247540"


@pytest.fixture
async def ls():
    async with ls_session() as session:
        yield session


# Registration


async def test_an_acknowledgement(ls: LsSession):
    listener = await ls.listen()
    assert await listener.ask("3", "S3_", SAMSUNG) == {
        "header": {"tr_type": "3", "tr_cd": "S3_", "rsp_cd": "00000", "rsp_msg": "정상처리되었습니다"},
        "body": None,
    }


@pytest.mark.parametrize(
    "path", ["/websocket", "/websocket/stock", "/websocket/etc", "/websocket/investinfo"]
)
async def test_every_path_serves_everything(ls: LsSession, path: str):
    listener = await ls.listen(path)
    assert (await listener.ask("1", "SC1"))["header"]["rsp_cd"] == "00000"


@pytest.mark.parametrize(("kind", "port"), [("real", "ls_paper"), ("paper", "ls_real")])
async def test_a_token_of_the_other_kind_is_refused(ls: LsSession, kind: str, port: str):
    session = ls.as_kind(kind)
    session.port = port
    listener = await session.listen()
    answer = await listener.ask("1", "SC0")
    assert answer["header"]["rsp_cd"] == "10001"
    assert answer["header"]["rsp_msg"] == "token 계좌정보와 서버정보(실전,모의)가 일치하지 않습니다"
    assert answer["body"] is None
    await session.place()
    assert await listener.events() == []


async def test_the_token_of_each_frame_is_checked(ls: LsSession):
    listener = await ls.listen()
    await listener.ask("1", "SC0")
    assert (await listener.ask("3", "S3_", SAMSUNG, token="gone"))["header"]["rsp_cd"] != "00000"
    old, listener.token = listener.token, await ls.log_in()
    assert (await listener.ask("3", "S3_", SAMSUNG, token=old))["header"]["rsp_cd"] != "00000"
    assert (await listener.ask("3", "S3_", SAMSUNG))["header"]["rsp_cd"] == "00000"


async def test_frames_that_make_no_sense_do_no_harm(ls: LsSession):
    listener = await ls.listen()
    for text in ("", "no json", "[]", '{"header": {}}', '{"header": 1, "body": 2}'):
        await listener.socket.send_str(text)
    assert await listener.hear_all() == []
    assert (await listener.ask("9", "S3_", SAMSUNG))["header"]["rsp_cd"] == "10001"
    assert (await listener.ask("3", "XXX", SAMSUNG))["header"]["rsp_cd"] == "00000"


async def test_pings_are_answered(ls: LsSession):
    listener = await ls.listen()
    await listener.socket.ping()
    assert (await listener.ask("3", "S3_", SAMSUNG))["header"]["rsp_cd"] == "00000"


# Order events


async def test_one_order_event_registers_all_five(ls: LsSession):
    listener = await ls.listen()
    await listener.ask("1", "SC3")
    await ls.place(price=96_200)
    assert [code for code, _ in await listener.events()] == ["SC0", "SC1"]
    await listener.ask("2", "SC3")
    await ls.place()
    assert await listener.events() == []


async def test_the_header_holds_only_the_tr(ls: LsSession):
    listener = await ls.listen_to_orders()
    await ls.place()
    assert (await listener.hear())["header"] == {"tr_cd": "SC0"}


async def test_all_values_are_strings_and_all_fields_there(ls: LsSession):
    listener = await ls.listen_to_orders()
    await ls.place("1", quantity=10, price=120_000)
    await ls.modify(1, 10, 121_000)
    ls.broker.ledger.fill(ls.account, 2, 4)
    await ls.cancel(2, 3)
    ls.broker.ledger.reject(ls.account, 2)
    events = await listener.events()
    assert [code for code, _ in events] == ["SC0", "SC0", "SC2", "SC1", "SC0", "SC3", "SC4"]
    for code, body in events:
        shape = transactions()["SC0" if code == "SC0" else "SC1"].answer["body"]
        assert list(body) == [field.name for field in shape.fields]
        assert all(isinstance(value, str) for value in body.values())
        assert body["gubun"] == "B"
        assert len(body["seq"]) == 9
    assert {len(body) for code, body in events if code == "SC0"} == {113}


async def test_a_new_order_that_rests(ls: LsSession):
    listener = await ls.listen_to_orders()
    ls.broker.clock.set(datetime(2026, 11, 20, 10, 11, 12, 345_000, tzinfo=KST))
    await ls.log_in()
    await ls.place(quantity=10)
    [(code, taken)] = await listener.events()
    assert (code, taken["trcode"], taken["ordchegb"]) == ("SC0", "SONAT000", "01")
    assert (taken["ordno"], taken["orgordno"], taken["prntordno"]) == ("1", "0", "1")
    assert (taken["shtcode"], taken["expcode"], taken["hname"]) == ("A005930", "KR7005930003", "삼성전자")
    assert (taken["ordqty"], taken["ordprice"], taken["bnstp"], taken["ordgb"]) == ("10", "90000", "2", "02")
    assert (taken["etfhogagb"], taken["hogagb"], taken["marketgb"]) == ("00", "0", "10")
    assert (taken["ordtm"], taken["accno1"]) == ("101112345", KEYS["paper"][2])


async def test_fills(ls: LsSession):
    listener = await ls.listen_to_orders()
    await ls.place(quantity=10)
    first = ls.broker.ledger.fill(ls.account, 1, 4, 89_000)
    second = ls.broker.ledger.fill(ls.account, 1, 6, 90_000)
    (_, taken), (_, part), (_, rest) = await listener.events()
    assert (part["trcode"], part["ordxctptncode"]) == ("SONAS100", "11")
    assert (part["ordno"], part["execno"], part["execqty"], part["execprc"]) == (
        "1",
        str(first.number),
        "4",
        "89000",
    )
    assert (part["unercqty"], rest["unercqty"]) == ("6", "0")
    assert rest["ordavrexecprc"] == "89600"
    assert int(rest["execno"]) == second.number > first.number
    assert part["trid"] == rest["trid"] == taken["trid"]
    assert (part["shtnIsuno"], part["stdIsuno"], part["bnstp"], part["ordptncode"]) == (
        "A005930",
        "KR7005930003",
        "2",
        "02",
    )
    assert rest["secbalqty"] == "110"
    assert len(part["exectime"]) == 9


async def test_a_modify(ls: LsSession):
    await ls.place(quantity=10)
    listener = await ls.listen_to_orders()
    await ls.modify(1, 7, 91_000)
    (_, taken), (code, done) = await listener.events()
    assert (taken["trcode"], taken["ordchegb"]) == ("SONAT001", "02")
    assert (taken["ordno"], taken["orgordno"], taken["prntordno"]) == ("2", "1", "1")
    assert (code, done["ordxctptncode"], done["execno"]) == ("SC2", "12", "0")
    assert (done["ordno"], done["orgordno"]) == ("2", "1")
    assert (done["mdfycnfqty"], done["mdfycnfprc"], done["unercqty"], done["orgordmdfyqty"]) == (
        "7",
        "91000",
        "7",
        "7",
    )
    assert taken["trid"] == done["trid"]


async def test_a_modify_to_a_marketable_price(ls: LsSession):
    await ls.place(quantity=10)
    listener = await ls.listen_to_orders()
    await ls.modify(1, 10, 97_000)
    (_, taken), (_, done), (code, fill) = await listener.events()
    assert done["unercqty"] == "10"
    assert (code, fill["ordno"], fill["execprc"], fill["unercqty"]) == ("SC1", "2", "96200", "0")
    assert taken["trid"] == done["trid"] == fill["trid"]


async def test_a_cancel(ls: LsSession):
    await ls.place(quantity=10)
    listener = await ls.listen_to_orders()
    await ls.cancel(1, 4)
    (_, taken), (code, done) = await listener.events()
    assert (taken["trcode"], taken["ordchegb"], taken["ordno"], taken["orgordno"]) == (
        "SONAT002",
        "03",
        "2",
        "1",
    )
    assert (taken["ordprice"], taken["ordordcancelqty"]) == ("0", "4")
    assert (code, done["ordxctptncode"], done["execno"]) == ("SC3", "13", "0")
    assert (done["canccnfqty"], done["unercqty"], done["ordprc"], done["ordprcptncode"]) == (
        "4",
        "4",
        "0",
        "",
    )


async def test_what_ioc_leaves_is_cancelled(ls: LsSession):
    listener = await ls.listen_to_orders()
    best = ls.broker.market.book(SAMSUNG).asks[0]
    await ls.place(quantity=best.quantity + 5, price=best.price, OrdCndiTpCode="1")
    events = await listener.events()
    assert [code for code, _ in events] == ["SC0", "SC1", "SC3"]
    assert (events[2][1]["canccnfqty"], events[2][1]["ordno"]) == ("5", "1")


async def test_a_refusal_of_the_exchange(ls: LsSession):
    await ls.place(quantity=10)
    listener = await ls.listen_to_orders()
    ls.broker.ledger.reject(ls.account, 1)
    [(code, refused)] = await listener.events()
    assert (code, refused["ordxctptncode"], refused["rjtqty"], refused["unercqty"]) == (
        "SC4",
        "14",
        "10",
        "0",
    )


async def test_the_money_of_a_day_adds_up(ls: LsSession):
    listener = await ls.listen_to_orders()
    await ls.place(quantity=10)
    ls.broker.ledger.fill(ls.account, 1)
    await ls.place("1", quantity=60, price=120_000)
    ls.broker.ledger.fill(ls.account, 2)
    bodies = [body for _, body in await listener.events()]
    for body in bodies:
        assert body["deposit"] == "100000000"
        assert int(body["ordablemny"]) == int(body["deposit"]) - int(body["csgnmnymgn"])
    assert (bodies[1]["csgnmnymgn"], bodies[1]["ruseableamt"]) == ("900135", "0")
    assert int(bodies[3]["ordablemny"]) + int(bodies[3]["ruseableamt"]) == ls.account.orderable_cash
    assert int(bodies[3]["ruseableamt"]) > 0


async def test_the_real_server_leaves_the_holding_fields_blank(ls: LsSession):
    real = ls.as_kind("real")
    listener = await real.listen_to_orders()
    await real.place("1", price=96_100)
    _, fill = (await listener.events())[1]
    assert (fill["secbalqty"], fill["sellableqty"], fill["avrpchsprc"]) == ("0", "0", "0")


async def test_every_connection_of_the_account_hears_and_no_other(ls: LsSession):
    first, second, deaf = await ls.listen_to_orders(), await ls.listen_to_orders(), await ls.listen()
    other = await ls.as_kind("real").listen_to_orders()
    await ls.place()
    assert len(await first.events()) == len(await second.events()) == 1
    assert await deaf.events() == await other.events() == []


async def test_nothing_is_replayed_after_a_reconnect(ls: LsSession):
    listener = await ls.listen_to_orders()
    await listener.socket.close()
    await ls.place()
    assert await (await ls.listen_to_orders()).events() == []
    assert await (await ls.listen()).events() == []


# Market data


async def test_trades(ls: LsSession):
    listener = await ls.listen()
    await listener.ask("3", "S3_", SAMSUNG)
    ls.broker.market.set_price(SAMSUNG, 95_200, quantity=7)
    ls.broker.market.set_price(SAMSUNG, 97_200, quantity=3)
    down, up = await listener.hear_all()
    assert down["header"] == {"tr_cd": "S3_", "tr_key": SAMSUNG}
    assert all(isinstance(value, str) for value in up["body"].values())
    body = down["body"]
    assert (body["price"], body["sign"], body["change"], body["drate"]) == ("95200", "5", "1000", "-1.04")
    assert (body["cgubun"], body["cvolume"], up["body"]["cgubun"]) == ("-", "7", "+")
    assert int(up["body"]["volume"]) - int(body["volume"]) == 3
    assert (body["exchname"], body["status"], body["shcode"]) == ("KRX", "00", SAMSUNG)


async def test_a_key_of_the_wrong_market_is_acknowledged_and_silent(ls: LsSession):
    listener = await ls.listen()
    for feed in ("S3_", "H1_", "S2_"):
        assert (await listener.ask("3", feed, ECOPRO))["header"]["rsp_cd"] == "00000"
    for feed in ("K3_", "HA_", "KS_"):
        assert (await listener.ask("3", feed, SAMSUNG))["header"]["rsp_cd"] == "00000"
    for code in (SAMSUNG, ECOPRO):
        ls.broker.market.set_price(code, ls.broker.market.issue(code).price)
    assert await listener.hear_all() == []


async def test_books_and_best_quotes(ls: LsSession):
    listener = await ls.listen()
    await listener.ask("3", "HA_", ECOPRO)
    await listener.ask("3", "KS_", ECOPRO)
    ls.broker.market.set_price(ECOPRO, ls.broker.market.issue(ECOPRO).price)
    book_frame, best_frame = await listener.hear_all()
    book = ls.broker.market.book(ECOPRO)
    assert book_frame["header"] == {"tr_cd": "HA_", "tr_key": ECOPRO}
    assert [book_frame["body"][f"bidho{depth}"] for depth in range(1, 11)] == [
        str(level.price) for level in book.bids
    ]
    assert book_frame["body"]["totofferrem"] == str(book.ask_total)
    assert best_frame["body"] == {
        "offerho": str(book.asks[0].price),
        "bidho": str(book.bids[0].price),
        "shcode": ECOPRO,
    }


async def test_unregistering_ends_a_feed(ls: LsSession):
    listener = await ls.listen()
    await listener.ask("3", "S3_", SAMSUNG)
    assert (await listener.ask("4", "S3_", SAMSUNG))["header"]["rsp_cd"] == "00000"
    ls.broker.market.set_price(SAMSUNG, 95_200)
    assert await listener.hear_all() == []


async def test_registrations_above_the_limit_are_acknowledged_and_silent(ls: LsSession):
    ls.broker.switches.ls_registrations = 1
    listener = await ls.listen()
    await listener.ask("3", "S3_", SAMSUNG)
    assert (await listener.ask("3", "S3_", "000660"))["header"]["rsp_cd"] == "00000"
    ls.broker.market.set_price("000660", ls.broker.market.issue("000660").price)
    assert await listener.hear_all() == []


async def test_sessions_are_told_on_change_only():
    async with ls_session(scheduled=True) as ls:
        ls.broker.clock.set(datetime(2026, 11, 20, 8, 59, 55, tzinfo=KST))
        listener = await ls.listen()
        await asyncio.sleep(0.3)
        assert (await listener.ask("3", "JIF", "0"))["header"]["rsp_cd"] == "00000"
        assert await listener.hear_all(0.3) == []
        ls.broker.clock.set(datetime(2026, 11, 20, 9, 0, tzinfo=KST))
        frames = await listener.hear_all(0.4)
        assert [frame["body"] for frame in frames] == [
            {"jangubun": "1", "jstatus": "21"},
            {"jangubun": "2", "jstatus": "21"},
        ]
        assert frames[0]["header"] == {"tr_cd": "JIF", "tr_key": "0"}


# Faults


async def fill_under(ls: LsSession, rule: Rule) -> Listener:
    await ls.place()
    listener = await ls.listen_to_orders()
    ls.broker.faults.add(rule)
    return listener


async def test_a_notice_is_lost(ls: LsSession):
    listener = await fill_under(ls, Rule(Action.LOSE_NOTICE, broker="ls", event="filled"))
    ls.broker.ledger.fill(ls.account, 1, 3)
    ls.broker.ledger.fill(ls.account, 1, 7)
    assert [body["execqty"] for _, body in await listener.events()] == ["7"]


async def test_a_notice_is_repeated(ls: LsSession):
    listener = await fill_under(ls, Rule(Action.REPEAT_NOTICE, broker="ls", event="filled"))
    ls.broker.ledger.fill(ls.account, 1, 3)
    first, second = await listener.events()
    assert first == second


async def test_a_notice_is_overtaken(ls: LsSession):
    listener = await fill_under(ls, Rule(Action.REORDER_NOTICE, broker="ls", event="filled"))
    ls.broker.ledger.fill(ls.account, 1, 3)
    ls.broker.ledger.fill(ls.account, 1, 7)
    assert [body["execqty"] for _, body in await listener.events()] == ["7", "3"]


async def test_a_notice_comes_late(ls: LsSession):
    listener = await fill_under(ls, Rule(Action.DELAY_NOTICE, broker="ls", event="filled", seconds=0.3))
    ls.broker.ledger.fill(ls.account, 1, 3)
    assert await listener.events() == []
    assert len(await listener.hear_all(0.4)) == 1


@pytest.mark.parametrize("action", [Action.DROP_SOCKET, Action.CUT_FRAME])
async def test_the_socket_ends_in_place_of_a_notice(ls: LsSession, action: Action):
    listener = await fill_under(ls, Rule(action, broker="ls", event="filled"))
    ls.broker.ledger.fill(ls.account, 1, 3)
    message = await listener.socket.receive(timeout=1)
    assert message.type in (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR, aiohttp.WSMsgType.CLOSE)
    assert listener.socket.closed


async def test_the_notice_comes_before_the_answer(ls: LsSession):
    listener = await ls.listen_to_orders()
    ls.broker.faults.add(Rule(Action.NOTICE_OFFSET, broker="ls", times=None, seconds=-0.3))
    placing = asyncio.create_task(ls.place())
    assert (await listener.hear())["header"]["tr_cd"] == "SC0"
    assert not placing.done()
    assert (await placing).code == "00040"


async def test_sockets_are_dropped_by_hand(ls: LsSession):
    listener, other = await ls.listen_to_orders(), await ls.as_kind("real").listen_to_orders()
    assert ls.broker.drop_sockets(ls.account.number) == 1
    assert (await listener.socket.receive(timeout=1)).type is aiohttp.WSMsgType.CLOSED
    assert ls.broker.drop_sockets() == 1
    assert (await other.socket.receive(timeout=1)).type is aiohttp.WSMsgType.CLOSED


# Pace


async def test_a_fill_costs_little(ls: LsSession):
    """The bench pushes 200 fills a second; here they must cost a small part of one."""
    ls.broker.ledger.matching = False
    await ls.place(quantity=400)
    listener = await ls.listen_to_orders()
    began = time.process_time()
    for _ in range(400):
        ls.broker.ledger.fill(ls.account, 1, 1)
    assert time.process_time() - began < 1.0
    frames = [json.loads((await listener.socket.receive(timeout=2)).data) for _ in range(400)]
    assert [int(frame["body"]["unercqty"]) for frame in frames] == list(range(399, -1, -1))
