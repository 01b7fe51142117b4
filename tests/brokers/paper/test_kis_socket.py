"""KIS's WebSocket against items 10 to 12 of the conformance checklist (kis.md §7)."""

import asyncio
import contextlib
import json

import pytest

from brokers.paper.faults import Action, Rule
from tests.brokers.paper.kis_client import KisClient


@pytest.mark.parametrize(("server", "tr", "columns"), [("real", "H0STCNI0", 26), ("paper", "H0STCNI9", 23)])
async def test_notices_are_encrypted_and_carry_single_fills(kis, kis_paper, server, tr, columns):
    client = kis if server == "real" else kis_paper
    async with client.socket() as socket:
        ack = await socket.ask(tr, client.hts_id)
        assert (ack["header"]["encrypt"], ack["body"]["msg_cd"]) == ("Y", "OPSP0000")
        output = ack["body"]["output"]
        assert (len(output["key"]), len(output["iv"])) == (32, 16)
        await client.order(price=96_300, quantity=830)
        notices = [await socket.notice(tr, output) for _ in range(3)]
    assert {len(notice) for notice in notices} == {columns}
    accepted, first, second = notices
    assert accepted[:3] == [client.hts_id, client.account, "0000000001"]
    assert (accepted[9], accepted[10], accepted[13], accepted[14]) == ("0000000830", "000096300", "1", "1")
    assert [(fill[13], fill[14], fill[9], fill[10]) for fill in (first, second)] == [
        ("2", "2", "0000000821", "000096200"),
        ("2", "2", "0000000009", "000096300"),
    ]
    assert (accepted[-1], first[-1], first[-2]) == ("", "000096300", "삼성전자")
    assert first[18] == ("000000000" if server == "real" else "1Y")


async def test_modify_and_cancel_notices_name_the_original(kis):
    async with kis.socket() as socket:
        output = (await socket.ask("H0STCNI0", kis.hts_id))["body"]["output"]
        first = (await kis.order(quantity=5))["output"]["ODNO"]
        second = (await kis.change(first, "01", price=90_100))["output"]["ODNO"]
        third = (await kis.change(second))["output"]["ODNO"]
        notices = [await socket.notice("H0STCNI0", output) for _ in range(3)]
    assert [notice[2:6] for notice in notices] == [
        [first, "", "02", "0"],
        [second, first, "02", "1"],
        [third, second, "02", "2"],
    ]
    assert notices[2][9:11] == ["0000000000", "000000000"]
    assert [notice[13:15] for notice in notices] == [["1", "1"], ["1", "2"], ["1", "2"]]


async def test_ioc_and_rejections(kis):
    account = kis.paper.ledger.accounts.by_number[kis.account]
    async with kis.socket() as socket:
        output = (await socket.ask("H0STCNI0", kis.hts_id))["body"]["output"]
        await kis.order(price=90_000, kind="11")
        notices = [await socket.notice("H0STCNI0", output) for _ in range(2)]
        assert notices[1][13:15] == ["1", "3"]
        number = (await kis.order())["output"]["ODNO"]
        kis.paper.ledger.reject(account, int(number))
        notices = [await socket.notice("H0STCNI0", output) for _ in range(2)]
        assert notices[1][12:14] == ["1", "1"]


@pytest.mark.parametrize("offset", [-0.2, 0.2])
async def test_the_order_notice_comes_before_or_after_the_answer(kis, offset):
    kis.paper.faults.add(Rule(Action.NOTICE_OFFSET, seconds=offset, times=None))
    async with kis.socket() as socket:
        output = (await socket.ask("H0STCNI0", kis.hts_id))["body"]["output"]
        loop = asyncio.get_running_loop()

        async def timed(work):
            await work
            return loop.time()

        answered, noticed = await asyncio.gather(timed(kis.order()), timed(socket.notice("H0STCNI0", output)))
    assert (noticed - answered) * (1 if offset > 0 else -1) > 0.1


async def test_key_and_iv_are_new_for_each_connection(kis):
    outputs = []
    for _ in range(2):
        async with kis.socket() as socket:
            outputs.append((await socket.ask("H0STCNT0", "005930"))["body"]["output"])
        await asyncio.sleep(0.05)
    assert outputs[0] != outputs[1]


@pytest.mark.parametrize(("trade", "book"), [(46, 59), (47, 62)])
async def test_market_data_in_both_layouts_with_many_records(kis, trade, book):
    paper = kis.paper
    paper.switches.change({"kis_trade_columns": trade, "kis_book_columns": book})
    async with kis.socket() as socket:
        ack = await socket.ask("H0STCNT0", "005930")
        assert ack["header"]["encrypt"] == "N"
        await socket.ask("H0STASP0", "005930")
        paper.market.set_price("005930", 96_300)
        paper.market.set_price("005930", 96_400)
        flag, count, data = await socket.frame("H0STCNT0")
        fields = data.split("^")
        assert (flag, count, len(fields)) == ("0", "002", 2 * trade)
        assert (fields[2], fields[trade + 2], fields[4], fields[3]) == ("96300", "96400", "100", "2")
        _, count, data = await socket.frame("H0STASP0")
        fields = data.split("^")
        assert (count, len(fields), fields[3], fields[13]) == ("001", book, "96400", "96300")


async def test_the_notice_layout_can_be_switched(kis):
    kis.paper.switches.kis_notice_columns_real = 23
    async with kis.socket() as socket:
        output = (await socket.ask("H0STCNI0", kis.hts_id))["body"]["output"]
        await kis.order()
        assert len(await socket.notice("H0STCNI0", output)) == 23


async def test_a_client_that_answers_pings_stays_and_a_silent_one_goes(paper, http):
    paper.switches.change({"kis_ping_seconds": 0.05, "kis_silence_seconds": 0.3})
    client = KisClient(http, paper)
    async with client.socket("/") as socket:
        for turn in range(12):
            text = await socket.text()
            header = json.loads(text)["header"]
            assert header["tr_id"] == "PINGPONG"
            assert len(header["datetime"]) == 14
            if turn % 2:
                await socket.ws.send_str(text)
            else:
                await socket.ws.pong(text.encode())
        assert await closes(socket)


async def test_a_server_that_stops_talking(paper, http):
    paper.switches.change({"kis_ping_seconds": 0.05, "kis_silence_seconds": 5})
    paper.faults.add(Rule(Action.SILENCE, target="PINGPONG", skip=2))
    async with KisClient(http, paper).socket() as socket:
        assert [json.loads(await socket.text())["header"]["tr_id"] for _ in range(2)] == ["PINGPONG"] * 2
        with pytest.raises(TimeoutError):
            await socket.text(0.3)


async def closes(socket):
    """Whether the server closes the connection, whatever it still sends."""
    with contextlib.suppress(ConnectionError):
        while await socket.text():
            pass
        return False
    return True


async def test_one_session_for_a_key(kis):
    async with kis.socket() as first, kis.socket() as second:
        await first.ask("H0STCNT0", "005930")
        ack = await second.ask("H0STCNT0", "005930")
        assert (ack["body"]["msg_cd"], ack["body"]["rt_cd"]) == ("OPSP8996", "9")
        assert "output" not in ack["body"]


async def test_registrations_are_counted(kis):
    codes = list(kis.paper.market.issues)[:42]
    async with kis.socket() as socket:
        answers = [(await socket.ask("H0STCNT0", code))["body"]["msg_cd"] for code in codes]
        assert answers == ["OPSP0000"] * 41 + ["OPSP0008"]
        assert (await socket.ask("H0STCNT0", codes[0]))["body"]["msg_cd"] == "OPSP0002"
        assert (await socket.ask("H0STCNT0", codes[0], "2"))["body"]["msg_cd"] == "OPSP0001"
        assert (await socket.ask("H0STCNT0", codes[0], "2"))["body"]["msg_cd"] == "OPSP0003"
        assert (await socket.ask("H0STCNT0", codes[41]))["body"]["msg_cd"] == "OPSP0000"


async def test_wrong_registrations(kis):
    async with kis.socket() as socket:
        wrong_id = await socket.ask("H0STCNI0", "nobody")
        assert (wrong_id["body"]["msg_cd"], wrong_id["header"]["tr_id"]) == ("OPSP0017", "(null)")
        assert (await socket.ask("H0STXXX0", "005930"))["body"]["msg_cd"] == "OPSP8991"
        assert (await socket.ask("H0STCNT0", ""))["body"]["msg_cd"] == "OPSP8992"
        assert (await socket.ask("H0STCNT0", "005930", "7"))["body"]["msg_cd"] == "OPSP8997"
        assert (await socket.ask("H0STCNT0", "005930", custtype="X"))["body"]["msg_cd"] == "OPSP8998"
        for text, code in (
            ("{", "OPSP9999"),
            ("{}", "OPSP9998"),
            ('{"header":{"custtype":"P"}}', "OPSP9992"),
        ):
            await socket.ws.send_str(text)
            assert json.loads(await socket.text())["body"]["msg_cd"] == code
    async with kis.socket() as socket:
        answer = await socket.ask("H0STCNT0", "005930", approval_key="unknown")
        assert answer["body"]["msg_cd"] == "OPSP0011"


async def test_nothing_is_replayed_after_a_reconnect(kis):
    async with kis.socket() as socket:
        await socket.ask("H0STCNI0", kis.hts_id)
        await kis.paper_drop()
        with pytest.raises(ConnectionError):
            await socket.text()
    await kis.order(price=96_200)
    await asyncio.sleep(0.05)
    async with kis.socket() as socket:
        await socket.ask("H0STCNI0", kis.hts_id)
        with pytest.raises(TimeoutError):
            await socket.text(0.3)


async def test_a_connection_lost_in_mid_frame(kis):
    async with kis.socket() as socket:
        await socket.ask("H0STCNI0", kis.hts_id)
        kis.paper.faults.add(Rule(Action.CUT_FRAME))
        await kis.order()
        with pytest.raises(ConnectionError):
            await socket.text()
