"""LS's account inquiries: holdings, order lists with paging, cash, journals (ls.md 3, 7.8, 7.9, 7.11)."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from brokers.paper.clock import KST
from brokers.paper.ledger import Side
from tests.brokers.paper.ls_client import LsSession, Reply, ls_session


@pytest.fixture
async def ls():
    async with ls_session() as session:
        yield session


def today(ls: LsSession) -> str:
    return f"{ls.broker.ledger.today:%Y%m%d}"


async def day_orders(ls: LsSession, headers: dict[str, str] | None = None, **changes: object) -> Reply:
    fields = {
        "OrdMktCode": "00",
        "BnsTpCode": "0",
        "IsuNo": "",
        "ExecYn": "0",
        "OrdDt": today(ls),
        "SrtOrdNo2": 0,
        "BkseqTpCode": "1",
        "OrdPtnCode": "00",
    }
    return await ls.call("CSPAQ13700", headers, **(fields | changes))


# t0424


async def test_holdings(ls: LsSession):
    reply = await ls.holdings()
    summary, rows = reply.block(""), reply.block("1")
    row = next(row for row in rows if row["expcode"] == "005930")
    assert (row["hname"], row["janqty"], row["mdposqt"], row["price"]) == ("삼성전자", 100, 100, 96_200)
    assert (row["pamt"], row["mamt"], row["appamt"]) == (81_500, 8_150_000, 9_620_000)
    assert summary["tappamt"] == sum(row["appamt"] for row in rows)
    assert summary["mamt"] == sum(row["mamt"] for row in rows)
    assert summary["sunamt"] == summary["tappamt"] + summary["sunamt1"]
    assert summary["cts_expcode"] == ""


async def test_the_return_is_after_costs_and_cut(ls: LsSession):
    row = (await ls.holdings(charge="1")).block("1")[0]
    fees = int(8_150_000 * Decimal("0.00015")) + int(9_620_000 * Decimal("0.00015"))
    tax = int(9_620_000 * ls.account.tax_rate)
    profit = 9_620_000 - 8_150_000 - fees - tax
    assert (row["fee"], row["tax"], row["dtsunik"]) == (fees, tax, profit)
    assert row["sunikrt"] == "17.76"  # 17.768 %
    assert (await ls.holdings(charge="0")).block("1")[0]["sunikrt"] == "18.03"  # 18.036 %


async def test_an_open_sell_order_lowers_what_may_be_sold(ls: LsSession):
    await ls.place("1", quantity=30, price=120_000)
    assert (await ls.holdings()).block("1")[0]["mdposqt"] == 70


async def test_the_average_is_cut_and_unchanged_by_sells(ls: LsSession):
    await ls.place(quantity=7)
    ls.broker.ledger.fill(ls.account, 1, 7)
    average = (8_150_000 + 7 * 90_000) // 107
    assert (await ls.holdings()).block("1")[0]["pamt"] == average
    await ls.place("1", quantity=50, price=120_000)
    ls.broker.ledger.fill(ls.account, 2, 50)
    assert (await ls.holdings()).block("1")[0]["pamt"] == average


async def test_the_list_of_no_holdings_is_empty_but_there(ls: LsSession):
    ls.account.holdings.clear()
    reply = await ls.holdings()
    assert reply.code == "00000"
    assert reply.body["t0424OutBlock1"] == []
    assert reply.block("")["tappamt"] == 0


async def test_by_settlement_a_purchase_of_today_is_not_there_yet(ls: LsSession):
    await ls.place(quantity=5, IsuNo="A000660", OrdPrc=500_000)
    ls.broker.ledger.fill(ls.account, 1, 5)
    traded = {row["expcode"] for row in (await ls.holdings(chegb="2")).block("1")}
    settled = {row["expcode"] for row in (await ls.holdings(chegb="0")).block("1")}
    assert traded - settled == {"000660"}


# t0425


async def test_no_orders_leave_both_blocks_out(ls: LsSession):
    reply = await ls.orders()
    assert reply.code == "00000"
    assert reply.body.keys() == {"rsp_cd", "rsp_msg"}


async def test_a_row_of_an_order(ls: LsSession):
    ls.broker.clock.set(datetime(2026, 11, 20, 10, 11, 12, 345_000, tzinfo=KST))
    await ls.place(quantity=10)
    ls.broker.ledger.fill(ls.account, 1, 3, 89_000)
    ls.broker.ledger.fill(ls.account, 1, 3, 90_000)
    reply = await ls.orders()
    row = reply.block("1")[0]
    assert reply.headers["tr_cont"] == "0"
    assert (row["ordno"], row["orgordno"], row["expcode"], row["medosu"]) == (1, 0, "005930", "매수")
    assert (row["qty"], row["cheqty"], row["ordrem"]) == (10, 6, 4)
    assert (row["price"], row["cheprice"], row["price1"]) == (90_000, 89_500, 96_200)
    assert (row["ordtime"], row["hogagb"], row["exchname"]) == ("10111234", "00", "KRX")
    totals = reply.block("")
    assert (totals["tqty"], totals["tcheqty"], totals["tordrem"], totals["tmsamt"]) == (10, 6, 4, 537_000)


async def test_words_of_the_states(ls: LsSession):
    for _ in range(4):
        await ls.place()
    ls.broker.ledger.fill(ls.account, 2)
    await ls.modify(3, 10, 91_000)
    await ls.cancel(4, 10)
    rows = (await ls.orders()).block("1")
    assert [(row["ordno"], row["medosu"], row["status"], row["ordrem"], row["orgordno"]) for row in rows] == [
        (1, "매수", "접수", 10, 0),
        (2, "매수", "체결", 0, 0),
        (3, "매수", "정정확인", 0, 0),
        (4, "매수", "취소확인", 0, 0),
        (5, "매수정정", "접수", 10, 3),
        (6, "매수취소", "취소확인", 0, 4),
    ]
    assert [row["ordno"] for row in (await ls.orders(chegb="2")).block("1")] == [1, 5]
    assert [row["ordno"] for row in (await ls.orders(chegb="1")).block("1")] == [2]


async def test_filters_and_order_of_the_list(ls: LsSession):
    await ls.place()
    await ls.place("1", price=120_000)
    await ls.place(IsuNo="A000660", OrdPrc=500_000, OrdQty=1)
    assert [row["ordno"] for row in (await ls.orders(sortgb="1")).block("1")] == [3, 2, 1]
    assert [row["ordno"] for row in (await ls.orders(medosu="1")).block("1")] == [2]
    assert [row["ordno"] for row in (await ls.orders(medosu="2")).block("1")] == [1, 3]
    assert [row["ordno"] for row in (await ls.orders(expcode="000660")).block("1")] == [3]


@pytest.mark.parametrize("sortgb", ["1", "2"])
async def test_paging_takes_the_header_and_the_cursor(ls: LsSession, sortgb: str):
    ls.broker.switches.ls_order_page = 3
    for _ in range(7):
        await ls.place(quantity=1)
    seen: list[int] = []
    headers, cursor = {"tr_cont": "N"}, ""
    for _ in range(4):
        reply = await ls.orders(headers, sortgb=sortgb, cts_ordno=cursor)
        seen += [row["ordno"] for row in reply.block("1")]
        if reply.headers["tr_cont"] != "Y":
            break
        headers = {"tr_cont": "Y", "tr_cont_key": reply.headers["tr_cont_key"]}
        cursor = reply.block("")["cts_ordno"]
        assert cursor
    assert seen == list(range(1, 8) if sortgb == "2" else range(7, 0, -1))
    assert reply.block("")["cts_ordno"] == ""


async def test_the_cursor_alone_starts_again(ls: LsSession):
    ls.broker.switches.ls_order_page = 3
    for _ in range(5):
        await ls.place(quantity=1)
    assert [row["ordno"] for row in (await ls.orders(cts_ordno="3")).block("1")] == [1, 2, 3]


# CSPAQ13700


async def test_rows_of_a_day(ls: LsSession):
    ls.broker.clock.set(datetime(2026, 11, 20, 10, 11, 12, tzinfo=KST))
    await ls.log_in()
    await ls.place(quantity=10)
    ls.broker.ledger.fill(ls.account, 1, 4, 89_500)
    await ls.modify(1, 6, 91_000)
    await ls.cancel(2, 6)
    reply = await day_orders(ls)
    assert reply.code == "00136"
    first, second, third = reply.block("3")
    assert (first["OrdNo"], first["IsuNo"], first["MrcTpNm"], first["MrcAbleQty"]) == (
        1,
        "A005930",
        "정상",
        0,
    )
    assert (first["OrdQty"], first["ExecQty"], first["AllExecQty"], first["ExecPrc"]) == (
        10,
        4,
        4,
        "89500.00",
    )
    assert (first["OrdTime"], first["LastExecTime"]) == ("10:11:12", "10:11:12")
    assert (second["OrgOrdNo"], second["MrcTpNm"], second["OrdQty"], second["OrdPrc"]) == (
        1,
        "정정확인",
        6,
        "91000.00",
    )
    assert second["LastExecTime"] == ":  :"
    assert (third["OrgOrdNo"], third["MrcTpNm"], third["OrdPrc"]) == (2, "취소확인", "0.00")
    assert reply.block("2")["BuyExecAmt"] == 358_000


async def test_an_earlier_day_and_one_without_orders():
    async with ls_session(scheduled=True) as ls:
        ls.broker.clock.set(datetime(2026, 11, 19, 10, 0, tzinfo=KST))
        await ls.place()
        ls.broker.clock.advance(timedelta(days=1))
        await ls.log_in()
        assert [row["OrdNo"] for row in (await day_orders(ls, OrdDt="20261119")).block("3")] == [1]
        assert (await ls.orders()).body.keys() == {"rsp_cd", "rsp_msg"}
        empty = await day_orders(ls)
        assert (empty.status, empty.code) == (200, "00707")
        assert empty.body["rsp_msg"] == "모의투자 조회할 내역(자료)이 없습니다."
        assert (await day_orders(ls.as_kind("real"))).code == "02679"


@pytest.mark.parametrize(("direction", "start"), [("1", 0), ("0", 999_999_999)])
async def test_pages_of_a_day(ls: LsSession, direction: str, start: int):
    ls.broker.switches.ls_history_page = 2
    for _ in range(5):
        await ls.place(quantity=1)
    seen: list[int] = []
    headers: dict[str, str] = {}
    while True:
        reply = await day_orders(ls, headers, BkseqTpCode=direction, SrtOrdNo2=start)
        seen += [row["OrdNo"] for row in reply.block("3")]
        if reply.headers["tr_cont"] != "Y":
            break
        assert reply.code == "00704"
        headers = {"tr_cont": "Y", "tr_cont_key": reply.headers["tr_cont_key"]}
    assert seen == ([1, 2, 3, 4, 5] if direction == "1" else [5, 4, 3, 2, 1])


async def test_filters_of_a_day(ls: LsSession):
    await ls.place()
    await ls.place("1", price=120_000)
    ls.broker.ledger.fill(ls.account, 2)
    assert [row["OrdNo"] for row in (await day_orders(ls, ExecYn="1")).block("3")] == [2]
    assert [row["OrdNo"] for row in (await day_orders(ls, ExecYn="3")).block("3")] == [1]
    assert [row["OrdNo"] for row in (await day_orders(ls, BnsTpCode="1")).block("3")] == [2]
    assert (await day_orders(ls, OrdMktCode="20")).code == "00707"
    assert [row["OrdNo"] for row in (await day_orders(ls, SrtOrdNo2=1)).block("3")] == [2]


# Cash


async def test_cash_follows_the_ledger(ls: LsSession):
    await ls.place(quantity=10)
    await ls.place(quantity=10)
    ls.broker.ledger.fill(ls.account, 1)
    balance = ls.broker.ledger.balance(ls.account)
    for tr_cd in ("CSPAQ12200", "CSPAQ22200"):
        reply = await ls.call(tr_cd, BalCreTp="0")
        assert reply.code == "00136"
        cash = reply.block("2")
        assert (cash["Dps"], cash["D1Dps"], cash["D2Dps"]) == (100_000_000, balance.d1_cash, balance.d2_cash)
        assert cash["MnyOrdAbleAmt"] == cash["RcvblUablOrdAbleAmt"] == balance.orderable
        assert cash["Dps"] == cash["MgnMny"] + cash["MnyOrdAbleAmt"]
    assert (await ls.call("CSPAQ12200", BalCreTp="0")).block("2")["DpsastTotamt"] == balance.total


async def test_orderable_quantity(ls: LsSession):
    figures = (await ls.call("CSPBQ00200", BnsTpCode="2", IsuNo="A005930", OrdPrc=90_000)).block("2")
    assert figures["OrdAbleQty"] == ls.broker.ledger.buyable(ls.account, "005930", 90_000)[0] == 1110
    assert figures["OrdAbleAmt"] == 1110 * 90_000
    selling = (await ls.call("CSPBQ00200", BnsTpCode="1", IsuNo="A005930", OrdPrc=90_000)).block("2")
    assert selling["OrdAbleQty"] == 100
    assert (await ls.call("CSPBQ00200", BnsTpCode="1", IsuNo="A999999", OrdPrc=0)).code == "09604"


async def test_cost_basis(ls: LsSession):
    await ls.place(quantity=5)
    ls.broker.ledger.fill(ls.account, 1)
    fields = {"BalCreTp": "0", "CmsnAppTpCode": "0", "D2balBaseQryTp": "0", "UprcTpCode": "0"}
    row = (await ls.call("CSPAQ12300", **fields)).block("3")[0]
    assert (row["IsuNo"], row["BnsBaseBalQty"], row["BalQty"], row["CrdayBuyExecQty"]) == (
        "A005930",
        105,
        100,
        5,
    )
    assert row["AvrUprc"] == "81904.76"
    broken_even = (await ls.call("CSPAQ12300", **(fields | {"UprcTpCode": "1"}))).block("3")[0]
    assert Decimal(broken_even["AvrUprc"]) > Decimal(row["AvrUprc"])


# Journals


async def trade_some(ls: LsSession) -> None:
    """Two purchases at one price, one sale."""
    for _ in range(2):
        number = (await ls.place(quantity=10)).block("2")["OrdNo"]
        ls.broker.ledger.fill(ls.account, number)
    number = (await ls.place("1", quantity=20, price=120_000)).block("2")["OrdNo"]
    ls.broker.ledger.fill(ls.account, number)


async def test_the_journal_of_a_day(ls: LsSession):
    await trade_some(ls)
    sold = next(execution for execution in ls.account.executions if execution.side is Side.SELL)
    for reply in (await ls.call("t0150"), await ls.call("t0151", date=today(ls))):
        sale, purchase = reply.block("1")
        assert (sale["medosu"], sale["qty"], sale["price"], sale["amt"]) == ("매도", 20, 120_000, 2_400_000)
        assert sale["tax"] + sale["argtax"] == sold.tax
        assert sale["adjamt"] == 2_400_000 - sold.fee - sold.tax
        assert (purchase["medosu"], purchase["qty"], purchase["amt"]) == ("매수", 20, 1_800_000)
        totals = reply.block("")
        assert (totals["mdamt"], totals["msamt"], totals["tamt"]) == (2_400_000, 1_800_000, 4_200_000)
        assert totals["tfee"] == ls.account.today.fees
    assert (await ls.call("t0151", date="20200102")).block("1") == []


async def test_trades_of_a_period(ls: LsSession):
    fields = {"QryTp": "0", "QrySrtDt": today(ls), "QryEndDt": today(ls), "SrtNo": 0}
    fields |= {"PdptnCode": "01", "IsuLgclssCode": "00", "IsuNo": ""}
    assert (await ls.call("CDPCQ04700", **fields)).code == "00707"
    await trade_some(ls)
    ls.broker.switches.ls_history_page = 2
    first = await ls.call("CDPCQ04700", **fields)
    headers = {"tr_cont": first.headers["tr_cont"], "tr_cont_key": first.headers["tr_cont_key"]}
    second = await ls.call("CDPCQ04700", headers, **fields)
    assert [row["TrdNo"] for row in first.block("3") + second.block("3")] == [1, 2, 3]
    assert second.headers["tr_cont"] == "N"
    assert second.block("3")[0]["SmryNm"] == "장내매도"
    assert first.block("5")["BuyAmt"] == 1_800_000
    assert (await ls.call("CDPCQ04700", **(fields | {"QryTp": "1"}))).code == "00707"


async def test_returns_of_a_period(ls: LsSession):
    ls.broker.market.set_price("005930", 97_200)
    start = f"{ls.broker.ledger.today - timedelta(days=60):%Y%m%d}"
    reply = await ls.call("FOCCQ33600", QrySrtDt=start, QryEndDt=today(ls), TermTp="1")
    assert (reply.code, reply.headers["tr_cont"], len(reply.block("3"))) == ("00133", "Y", 20)
    months = (await ls.call("FOCCQ33600", QrySrtDt=start, QryEndDt=today(ls), TermTp="3")).block("3")
    assert months[-1]["BaseDt"] == today(ls)
    assert (months[-1]["EvalPnlAmt"], months[-1]["TermErnrat"]) == (100_000, "0.080")
