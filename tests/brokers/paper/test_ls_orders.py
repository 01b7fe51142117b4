"""LS's orders, modifies and cancels: answers, refusals, numbers (ls.md 7.4 to 7.6)."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from brokers.paper.clock import KST
from brokers.paper.ledger import Condition, PriceType
from tests.brokers.paper.ls_client import KEYS, LsSession, ls_session


@pytest.fixture
async def ls():
    async with ls_session() as session:
        yield session


# New orders


@pytest.mark.parametrize(
    ("kind", "side", "code", "message"),
    [
        ("paper", "2", "00040", "모의투자 매수주문이 완료 되었습니다."),
        ("paper", "1", "00039", "모의투자 매도주문이 완료 되었습니다."),
        ("real", "2", "00040", "매수 주문이 완료되었습니다."),
        ("real", "1", "00039", "매도 주문이 완료되었습니다."),
    ],
)
async def test_a_taken_order(ls: LsSession, kind: str, side: str, code: str, message: str):
    reply = await ls.as_kind(kind).place(side, price=96_200 if side == "2" else 120_000)
    assert (reply.status, reply.code, reply.body["rsp_msg"]) == (200, code, message)
    assert reply.block("2")["OrdNo"] == 1


async def test_the_first_block_echoes_the_request(ls: LsSession):
    echo = (await ls.place(MbrNo="NXT")).block("1")
    assert (echo["AcntNo"], echo["InptPwd"], echo["CommdaCode"]) == (KEYS["paper"][2], "********", "40")
    assert (echo["IsuNo"], echo["OrdQty"], echo["OrdPrc"]) == ("A005930", 10, "90000.00")
    assert (echo["BnsTpCode"], echo["OrdprcPtnCode"], echo["OrdCndiTpCode"]) == ("2", "00", "0")
    assert echo["MbrNo"] == "NXT"
    assert len(echo) == 26


async def test_the_second_block_is_the_result(ls: LsSession):
    ls.broker.clock.set(datetime(2026, 11, 20, 10, 11, 12, 345_000, tzinfo=KST))
    result = (await ls.place()).block("2")
    assert result["OrdTime"] == "101112345"
    assert (result["OrdMktCode"], result["OrdPtnCode"]) == ("40", "00")  # as seen on paper
    assert (result["ShtnIsuNo"], result["IsuNm"], result["AcntNm"]) == (
        "A005930",
        "삼성전자",
        ls.account.name,
    )
    assert result["OrdAmt"] == result["MnyOrdAmt"] == 900_000
    real = (await ls.as_kind("real").place("1", price=120_000)).block("2")
    assert (real["OrdMktCode"], real["OrdPtnCode"]) == ("10", "01")
    kosdaq = (await ls.as_kind("real").place(IsuNo="247540", OrdprcPtnCode="03", OrdPrc=0, OrdQty=1)).block(
        "2"
    )
    assert (kosdaq["OrdMktCode"], kosdaq["OrdPtnCode"]) == ("20", "02")
    assert kosdaq["OrdAmt"] == ls.broker.market.upper_limit("247540")


async def test_price_types_conditions_and_venues_reach_the_books(ls: LsSession):
    await ls.place(OrdprcPtnCode="03", OrdPrc=0, OrdCndiTpCode="1")
    await ls.place(OrdCndiTpCode="2", MbrNo="NXT")
    await ls.place(MbrNo="ABC")
    market, fill_or_kill, default = ls.account.orders.values()
    assert (market.price_type, market.condition) == (PriceType.MARKET, Condition.IOC)
    assert (fill_or_kill.condition, fill_or_kill.exchange) == (Condition.FOK, "NXT")
    assert default.exchange == "KRX"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"OrdPrc": 90_050}, "02705"),
        ({"OrdPrc": 90_000.5}, "02705"),
        ({"OrdPrc": 200_000}, "01427"),
        ({"OrdQty": 100_000}, "01425"),
        ({"BnsTpCode": "1", "OrdQty": 101}, "01478"),
        ({"IsuNo": "A999999"}, "09604"),
        ({"IsuNo": "005930"}, "09604"),  # paper wants the prefix
        ({"OrdQty": 0}, "09604"),
        ({"OrdprcPtnCode": "99"}, "09604"),
        ({"OrdCndiTpCode": "9"}, "09604"),
        ({"MgntrnCode": "003"}, "01900"),
    ],
)
async def test_refusals(ls: LsSession, changes: dict[str, Any], code: str):
    reply = await ls.place(**changes)
    assert (reply.status, reply.code) == (200, code)
    assert reply.body["rsp_msg"].startswith("모의투자 ")
    assert reply.body.get("CSPAT00601OutBlock2", {}).get("OrdNo", 0) == 0
    assert not ls.account.orders


async def test_below_the_lower_limit_both_blocks_come_zeroed(ls: LsSession):
    reply = await ls.place(price=60_000)
    assert reply.code == "03181"
    assert set(reply.block("1").values()) | set(reply.block("2").values()) == {0, "", "0.00"}


async def test_a_real_account_may_leave_the_prefix_out(ls: LsSession):
    assert (await ls.as_kind("real").place(IsuNo="005930")).block("2")["ShtnIsuNo"] == "A005930"


async def test_an_etn_has_a_prefix_of_its_own(ls: LsSession):
    price = ls.broker.market.issue("530031").price
    assert (await ls.place(IsuNo="A530031", OrdPrc=price)).code == "09604"
    assert (await ls.place(IsuNo="Q530031", OrdPrc=price)).block("2")["ShtnIsuNo"] == "Q530031"


async def test_the_paper_server_books_an_order_without_a_side(ls: LsSession):
    assert (await ls.place(BnsTpCode="")).code == "00040"
    assert (await ls.as_kind("real").place(BnsTpCode="")).code == "09604"


@pytest.mark.parametrize(
    ("now", "code"),
    [
        (datetime(2026, 11, 21, 10, 0, tzinfo=KST), "01715"),  # a Saturday
        (datetime(2026, 11, 20, 8, 0, tzinfo=KST), "01458"),
        (datetime(2026, 11, 20, 18, 30, tzinfo=KST), "01458"),
        (datetime(2026, 11, 20, 10, 0, tzinfo=KST), "00040"),
    ],
)
async def test_sessions(now: datetime, code: str):
    async with ls_session(scheduled=True) as ls:
        ls.broker.clock.set(now)
        assert (await ls.place()).code == code


# Modify


async def test_a_modify_replaces_quantity_and_price_under_a_new_number(ls: LsSession):
    await ls.place(quantity=10, price=90_000)
    reply = await ls.modify(1, quantity=7, price=91_000)
    assert (reply.code, reply.body["rsp_msg"]) == ("00462", "모의투자 정정주문이 완료 되었습니다.")
    result = reply.block("2")
    assert (result["OrdNo"], result["PrntOrdNo"], result["BnsTpCode"]) == (2, 1, "2")
    old, new = ls.account.orders.values()
    assert (old.open, new.open, new.price) == (0, 7, 91_000)
    again = await ls.modify(2, quantity=7, price=92_000)
    assert (again.block("2")["OrdNo"], again.block("2")["PrntOrdNo"]) == (3, 1)


async def test_a_replaced_number_is_dead(ls: LsSession):
    await ls.place()
    await ls.modify(1, quantity=10, price=91_000)
    assert (await ls.modify(1, quantity=10, price=92_000)).code == "01433"
    assert (await ls.cancel(1, 10)).code == "01433"


@pytest.mark.parametrize(
    ("quantity", "price", "changes", "code"),
    [
        (10, 90_000, {}, "02257"),
        (11, 91_000, {}, "02714"),
        (10, 91_050, {}, "02705"),
        (10, 91_000, {"OrgOrdNo": 77}, "01433"),
        (10, 91_000, {"IsuNo": "A000660"}, "01433"),
    ],
)
async def test_refused_modifies(
    ls: LsSession, quantity: int, price: int, changes: dict[str, object], code: str
):
    await ls.place()
    reply = await ls.modify(1, quantity, price, **changes)
    assert (reply.status, reply.code) == (200, code)
    assert ls.account.orders[ls.broker.ledger.today, 1].open == 10


async def test_a_partly_filled_order_modified_is_two_rows(ls: LsSession):
    """The recorded case of ls.md 2.2: 121 with 80 done, the remaining 41 at another price."""
    await ls.place(quantity=121)
    ls.broker.ledger.fill(ls.account, 1, 80)
    await ls.modify(1, quantity=41, price=91_000)
    ls.broker.ledger.fill(ls.account, 2, 41)
    rows = [
        (row["ordno"], row["qty"], row["cheqty"], row["ordrem"]) for row in (await ls.orders()).block("1")
    ]
    assert rows == [(1, 121, 80, 0), (2, 41, 41, 0)]


async def test_a_real_modify_has_another_code(ls: LsSession):
    real = ls.as_kind("real")
    await real.place()
    assert (await real.modify(1, 10, 91_000)).code == "00132"


# Cancel


async def test_a_cancel_has_a_number_of_its_own(ls: LsSession):
    await ls.place()
    reply = await ls.cancel(1, 10)
    assert (reply.code, reply.body["rsp_msg"]) == ("00463", "모의투자 취소주문이 완료 되었습니다.")
    assert (reply.block("1")["OrgOrdNo"], reply.block("1")["OrdQty"]) == (1, 10)
    assert (reply.block("2")["OrdNo"], reply.block("2")["PrntOrdNo"]) == (2, 1)
    assert (await ls.cancel(1, 10)).code == "01433"
    real = ls.as_kind("real")
    number = (await real.place()).block("2")["OrdNo"]
    assert (await real.cancel(number, 10)).code == "00156"


async def test_a_partial_cancel_leaves_the_number_with_less_open(ls: LsSession):
    await ls.place(quantity=10)
    assert (await ls.cancel(1, 11)).code == "01443"
    assert (await ls.cancel(1, 4)).block("2")["OrdNo"] == 2
    row = (await ls.orders(chegb="2")).block("1")[0]
    assert (row["ordno"], row["qty"], row["ordrem"]) == (1, 10, 6)


# Numbers


async def test_one_counter_numbers_all_requests_of_a_day():
    async with ls_session(scheduled=True) as ls:
        ls.broker.clock.set(datetime(2026, 11, 19, 10, 0, tzinfo=KST))
        await ls.place()
        await ls.modify(1, 10, 91_000)
        await ls.cancel(2, 10)
        assert (await ls.place()).block("2")["OrdNo"] == 4
        ls.broker.clock.advance(timedelta(days=1))
        await ls.log_in()
        assert (await ls.place()).block("2")["OrdNo"] == 1
