"""LS's quotes, issue lists, candles and tables (ls.md 4)."""

from datetime import datetime

import pytest

from brokers.paper.clock import KST
from tests.brokers.paper.ls_client import LsSession, ls_session

SAMSUNG = "005930"
NOON = datetime(2026, 11, 20, 12, 0, 30, tzinfo=KST)  # a Friday


@pytest.fixture
async def ls():
    async with ls_session(scheduled=True) as session:
        session.broker.clock.set(NOON)
        yield session


# Quotes


async def test_a_quote(ls: LsSession):
    ls.broker.market.set_price(SAMSUNG, 97_200)
    quote = (await ls.call("t1102", shcode=SAMSUNG)).block("")
    issue = ls.broker.market.issue(SAMSUNG)
    assert (quote["hname"], quote["price"], quote["recprice"]) == ("삼성전자", 97_200, 96_200)
    assert (quote["sign"], quote["change"], quote["diff"]) == ("2", 1_000, "001.04")
    assert (quote["uplmtprice"], quote["dnlmtprice"]) == (125_000, 67_400)
    assert quote["value"] == issue.value // 1_000_000
    assert quote["listing"] == issue.listed_shares // 1_000
    assert quote["total"] == 97_200 * issue.listed_shares // 100_000_000
    assert quote["hightime"] == "120030"
    assert quote["high52w"] >= quote["high"]


@pytest.mark.parametrize(
    ("price", "sign", "change"), [(95_200, "5", 1_000), (96_200, "3", 0), (125_000, "1", 28_800)]
)
async def test_signs(ls: LsSession, price: int, sign: str, change: int):
    ls.broker.market.set_price(SAMSUNG, price)
    quote = (await ls.call("t1101", shcode=SAMSUNG)).block("")
    assert (quote["sign"], quote["change"]) == (sign, change)


@pytest.mark.parametrize("tr_cd", ["t1101", "t8450"])
async def test_the_order_book(ls: LsSession, tr_cd: str):
    quote = (await ls.call(tr_cd, shcode=SAMSUNG, exchgubun="U")).block("")
    book = ls.broker.market.book(SAMSUNG)
    assert [quote[f"offerho{depth}"] for depth in range(1, 11)] == [level.price for level in book.asks]
    assert [quote[f"bidrem{depth}"] for depth in range(1, 11)] == [level.quantity for level in book.bids]
    assert (quote["offer"], quote["bid"]) == (book.ask_total, book.bid_total)
    if tr_cd == "t8450":
        assert quote["ex_shcode"] == "U005930"
        assert (quote["unx_offerrem1"], quote["nxt_offerrem1"]) == (book.asks[0].quantity, 0)


async def test_an_unknown_code_gives_no_block(ls: LsSession):
    for tr_cd in ("t1101", "t1102", "t8450", "t8410", "t8412", "t1305"):
        reply = await ls.call(tr_cd, shcode="999999")
        assert (reply.status, reply.code, len(reply.body)) == (200, "00000", 2)


async def test_many_quotes_at_once(ls: LsSession):
    rows = (await ls.call("t8407", nrec=3, shcode="005930999999247540")).block("1")
    assert [row["shcode"] for row in rows] == ["005930", "247540"]
    assert rows[0]["offerho"] == ls.broker.market.book(SAMSUNG).asks[0].price
    codes = sorted(ls.broker.market.issues)
    everything = (await ls.call("t8407", nrec=len(codes), shcode="".join(codes))).block("1")
    assert len(everything) == 50


# Lists


async def test_issue_lists(ls: LsSession):
    everything = (await ls.call("t8436", gubun="0")).block("")
    assert len(everything) == len(ls.broker.market.issues)
    kosdaq = (await ls.call("t8436", gubun="2")).block("")
    assert {row["gubun"] for row in kosdaq} == {"2"}
    samsung = next(row for row in everything if row["shcode"] == SAMSUNG)
    assert (samsung["expcode"], samsung["etfgubun"], samsung["memedan"]) == ("KR7005930003", "0", "00001")
    assert {row["etfgubun"] for row in everything} == {"0", "1", "2"}
    assert "bu12gubun" not in (await ls.call("t8430", gubun="1")).block("")[0]


async def test_the_master_tells_who_is_on_nxt(ls: LsSession):
    rows = {row["shcode"]: row for row in (await ls.call("t9945", gubun="1")).block("")}
    assert (rows[SAMSUNG]["nxt_chk"], rows[SAMSUNG]["etfchk"]) == ("1", "0")
    assert (rows["069500"]["nxt_chk"], rows["069500"]["etfchk"]) == ("0", "1")


async def test_a_company(ls: LsSession):
    reply = await ls.call("t3320", gicode=SAMSUNG)
    company, finances = reply.body["t3320OutBlock"], reply.body["t3320OutBlock1"]
    assert company["company"] == "삼성전자"
    assert len(company["sigavalue"]) == 12
    assert int(company["sigavalue"]) == 96_200 * 5_919_637_922 // 100_000_000
    assert len(finances["eps"]) == 13
    for gicode in ("069500", "A005930"):
        assert len((await ls.call("t3320", gicode=gicode)).body) == 2


async def test_the_finance_ranking_pages_by_index(ls: LsSession):
    first = await ls.call("t3341", gubun="1", gubun1="9", gubun2="1", idx=0)
    assert isinstance(first.block("1")[0]["roe"], float)
    headers = {"tr_cont": first.headers["tr_cont"], "tr_cont_key": first.headers["tr_cont_key"]}
    second = await ls.call("t3341", headers, gubun="1", gubun1="9", gubun2="1", idx=first.block("")["idx"])
    ranks = [row["rank"] for row in first.block("1") + second.block("1")]
    assert ranks == list(range(1, len(ranks) + 1))
    ratios = [float(row["per"]) for row in first.block("1") + second.block("1")]
    assert ratios == sorted(ratios)


async def test_sectors_index_and_time(ls: LsSession):
    sectors = (await ls.call("t8424", gubun1="")).block("")
    assert {"001", "301"} <= {row["upcode"] for row in sectors}
    assert {len(row["hname"].encode("cp949")) for row in sectors} == {20}
    assert (await ls.call("t1511", upcode="001")).block("")["pricejisu"] == "2600.00"
    ls.broker.market.set_price(SAMSUNG, 97_200)
    index = (await ls.call("t1511", upcode="001")).block("")
    assert (index["sign"], index["highjo"]) == ("2", 1)
    assert (await ls.call("t0167", id="")).block("") == {"dt": "20261120", "time": "120030000000"}


# Candles


async def day_candles(ls: LsSession, headers: dict[str, str] | None = None, **changes: object):
    fields = {"shcode": SAMSUNG, "gubun": "2", "qrycnt": 5, "sdate": "", "edate": "99999999"}
    fields |= {"cts_date": "", "comp_yn": "N", "sujung": "Y", "exchgubun": "U"}
    return await ls.call("t8451", headers, **(fields | changes))


async def test_candles_are_oldest_first_and_the_next_page_is_older(ls: LsSession):
    first = await day_candles(ls)
    dates = [row["date"] for row in first.block("1")]
    assert dates == ["20261116", "20261117", "20261118", "20261119", "20261120"]
    assert first.block("")["rec_count"] == 5
    headers = {"tr_cont": first.headers["tr_cont"], "tr_cont_key": first.headers["tr_cont_key"]}
    second = await day_candles(ls, headers, cts_date=first.block("")["cts_date"])
    assert [row["date"] for row in second.block("1")] == [
        "20261109",
        "20261110",
        "20261111",
        "20261112",
        "20261113",
    ]
    alone = await day_candles(ls, cts_date=first.block("")["cts_date"])
    assert [row["date"] for row in alone.block("1")] == dates


async def test_candles_between_two_days(ls: LsSession):
    reply = await day_candles(ls, sdate="20261116", edate="20261117", qrycnt=500)
    assert [row["date"] for row in reply.block("1")] == ["20261116", "20261117"]
    assert reply.headers["tr_cont"] == "N"
    assert reply.block("")["cts_date"] == ""
    assert len((await day_candles(ls, sdate="20261114", edate="20261115")).body) == 2  # a weekend


async def test_todays_candle_is_the_quote(ls: LsSession):
    ls.broker.market.set_price(SAMSUNG, 97_200)
    bar = (await day_candles(ls, qrycnt=1)).block("1")[0]
    assert (bar["date"], bar["close"], bar["high"], bar["sign"]) == ("20261120", 97_200, 97_200, "2")


async def test_longer_candles(ls: LsSession):
    days = (await day_candles(ls, qrycnt=15)).block("1")
    week = (await day_candles(ls, gubun="3", qrycnt=2)).block("1")
    assert [row["date"] for row in week] == ["20261113", "20261120"]
    assert week[0]["high"] == max(row["high"] for row in days[5:10])
    assert week[0]["jdiff_vol"] == sum(row["jdiff_vol"] for row in days[5:10])
    assert (week[0]["open"], week[0]["close"]) == (days[5]["open"], days[9]["close"])
    assert [row["date"][:6] for row in (await day_candles(ls, gubun="4", qrycnt=2)).block("1")] == [
        "202610",
        "202611",
    ]
    assert [row["date"][:4] for row in (await day_candles(ls, gubun="5", qrycnt=2)).block("1")] == [
        "2025",
        "2026",
    ]


async def test_a_page_holds_500_candles_at_most(ls: LsSession):
    assert len((await day_candles(ls, qrycnt=2000)).block("1")) == 500


@pytest.mark.parametrize("tr_cd", ["t8412", "t8452"])
async def test_minutes_are_named_by_their_end(ls: LsSession, tr_cd: str):
    fields = {"shcode": SAMSUNG, "ncnt": 1, "qrycnt": 500, "nday": "1", "sdate": "", "edate": "99999999"}
    fields |= {"cts_date": "", "cts_time": ""}
    rows = (await ls.call(tr_cd, **fields)).block("1")
    assert (rows[0]["time"], rows[-1]["time"], len(rows)) == ("090100", "120100", 181)
    assert rows[-1]["close"] == 96_200
    fives = (await ls.call(tr_cd, **(fields | {"ncnt": 5}))).block("1")
    assert (fives[0]["time"], fives[-1]["time"], len(fives)) == ("090500", "120500", 37)
    assert fives[0]["jdiff_vol"] == sum(row["jdiff_vol"] for row in rows[:5])
    ls.broker.clock.set(NOON.replace(hour=16))
    whole = (await ls.call(tr_cd, **fields)).block("1")
    assert (whole[-1]["time"], len(whole)) == ("153000", 390)


async def test_no_minutes_before_the_opening(ls: LsSession):
    ls.broker.clock.set(NOON.replace(hour=8))
    fields = {"shcode": SAMSUNG, "ncnt": 1, "qrycnt": 500, "sdate": "", "edate": "99999999"}
    assert len((await ls.call("t8412", **fields)).body) == 2


async def test_minute_pages_join(ls: LsSession):
    fields = {"shcode": SAMSUNG, "ncnt": 1, "qrycnt": 100, "nday": "1", "sdate": "", "edate": "99999999"}
    first = await ls.call("t8412", **fields)
    cursor = {"cts_date": first.block("")["cts_date"], "cts_time": first.block("")["cts_time"]}
    headers = {"tr_cont": "Y", "tr_cont_key": first.headers["tr_cont_key"]}
    second = await ls.call("t8412", headers, **fields, **cursor)
    times = [row["time"] for row in second.block("1") + first.block("1")]
    assert len(times) == 181
    assert times == sorted(set(times))


async def test_ticks(ls: LsSession):
    for price in (96_300, 96_400, 96_300, 96_500):
        ls.broker.market.set_price(SAMSUNG, price)
    table = (await ls.call("t1301", shcode=SAMSUNG, cvolume=0, starttime="", endtime="", cts_time="")).block(
        "1"
    )
    assert [row["price"] for row in table] == [96_500, 96_300, 96_400, 96_300]
    assert table[0]["volume"] == ls.broker.market.issue(SAMSUNG).volume
    fields = {"shcode": SAMSUNG, "ncnt": 2, "qrycnt": 10, "sdate": "", "edate": "99999999"}
    bars = (await ls.call("t8411", **fields)).block("1")
    assert [(bar["open"], bar["close"]) for bar in bars] == [(96_300, 96_400), (96_300, 96_500)]


# Tables


async def test_the_day_table_is_newest_first(ls: LsSession):
    fields = {"shcode": SAMSUNG, "dwmcode": 1, "date": "", "idx": 0, "cnt": 4, "exchgubun": "K"}
    first = await ls.call("t1305", **fields)
    rows = first.block("1")
    assert [row["date"] for row in rows] == ["20261120", "20261119", "20261118", "20261117"]
    assert rows[1]["change"] == abs(rows[1]["close"] - rows[2]["close"])
    headers = {"tr_cont": "Y", "tr_cont_key": first.headers["tr_cont_key"]}
    second = await ls.call("t1305", headers, **(fields | {"date": first.block("")["date"]}))
    assert second.block("1")[0]["date"] == "20261116"
    assert rows[3]["change"] == abs(rows[3]["close"] - second.block("1")[0]["close"])


async def test_the_minute_table_is_newest_first(ls: LsSession):
    fields = {"shcode": SAMSUNG, "gubun": "1", "time": "", "cnt": 3, "exchgubun": "K"}
    first = await ls.call("t1302", **fields)
    rows = first.block("1")
    assert [row["chetime"] for row in rows] == ["120100", "120000", "115900"]
    assert rows[0]["volume"] - rows[1]["volume"] == rows[0]["cvolume"]
    headers = {"tr_cont": "Y", "tr_cont_key": first.headers["tr_cont_key"]}
    second = await ls.call("t1302", headers, **(fields | {"time": first.block("")["cts_time"]}))
    assert second.block("1")[0]["chetime"] == "115800"
