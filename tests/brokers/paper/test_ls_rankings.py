"""LS's rankings: order, filters, pages (ls.md 4.1)."""

from typing import Any

import pytest

from tests.brokers.paper.ls_client import PATHS, LsSession, Reply, ls_session

ON_MARKET_DATA = ("t1442", "t1488")
FIELDS: dict[str, dict[str, Any]] = {
    "t1441": {"gubun1": "0", "gubun2": "0", "gubun3": "0"},
    "t1442": {"gubun": "0", "type1": "0", "type2": "0", "type3": "0"},
    "t1444": {"upcode": "001"},
    "t1452": {"gubun": "0", "jnilgubun": "1", "sdiff": 0, "ediff": 0},
    "t1463": {"gubun": "0", "jnilgubun": "0"},
    "t1466": {"gubun": "0", "type1": "0", "type2": "0"},
    "t1481": {"gubun1": "0", "gubun2": "0", "jongchk": "0", "volume": "0"},
    "t1482": {"sort_gbn": 0, "gubun": "0", "jongchk": "0"},
    "t1488": {"gubun": "0", "sign": "1", "jgubun": "1", "jongchk": "0", "volume": "0"},
    "t1489": {"gubun": "0", "jgubun": "0", "jongchk": "0"},
    "t1492": {"gubun1": "0", "gubun2": "0", "jongchk": "0", "volume": "0"},
}


@pytest.fixture
async def ls():
    """A market where three issues moved."""
    async with ls_session() as session:
        market = session.broker.market
        for code, percent in (("005930", 5), ("000660", -3), ("247540", 2)):
            price = market.issue(code).base_price * (100 + percent) // 100
            market.set_price(code, price - price % market.tick(code, price))
        yield session


async def ranking(ls: LsSession, tr_cd: str, headers: dict[str, str] | None = None, **changes: Any) -> Reply:
    PATHS[tr_cd] = "/stock/market-data" if tr_cd in ON_MARKET_DATA else "/stock/high-item"
    return await ls.call(tr_cd, headers, **({"idx": 0} | FIELDS[tr_cd] | changes))


def codes(reply: Reply) -> list[str]:
    return [row["shcode"] for row in reply.block("1")]


@pytest.mark.parametrize("tr_cd", FIELDS)
async def test_every_ranking_answers(ls: LsSession, tr_cd: str):
    reply = await ranking(ls, tr_cd)
    assert (reply.status, reply.code) == (200, "00000")
    assert reply.block("1")[0]["price"] > 0


@pytest.mark.parametrize("tr_cd", ["t1441", "t1481", "t1492"])
async def test_by_rate(ls: LsSession, tr_cd: str):
    assert codes(await ranking(ls, tr_cd)) == ["005930", "247540"]
    assert codes(await ranking(ls, tr_cd, gubun2="1")) == ["000660"]
    assert codes(await ranking(ls, tr_cd, gubun1="2")) == ["247540"]


async def test_by_expected_rate(ls: LsSession):
    assert codes(await ranking(ls, "t1488")) == ["005930", "247540"]
    assert codes(await ranking(ls, "t1488", sign="2")) == ["000660"]


@pytest.mark.parametrize(
    ("tr_cd", "column"),
    [("t1452", "volume"), ("t1463", "value"), ("t1444", "total"), ("t1482", "volume"), ("t1489", "volume")],
)
async def test_the_highest_comes_first(ls: LsSession, tr_cd: str, column: str):
    rows = (await ranking(ls, tr_cd)).block("1")
    assert len(rows) == 20
    assert [row[column] for row in rows] == sorted((row[column] for row in rows), reverse=True)


async def test_pages_of_twenty_take_the_header_and_the_index(ls: LsSession):
    seen: list[str] = []
    reply = await ranking(ls, "t1463")
    while reply.headers["tr_cont"] == "Y":
        seen += codes(reply)
        headers = {"tr_cont": "Y", "tr_cont_key": reply.headers["tr_cont_key"]}
        reply = await ranking(ls, "t1463", headers, idx=reply.block("")["idx"])
    seen += codes(reply)
    assert len(seen) == len(set(seen)) == len(ls.broker.market.issues)
    assert reply.block("")["idx"] == 0
    assert codes(await ranking(ls, "t1463", idx=20)) == seen[:20]


async def test_filters(ls: LsSession):
    ls.broker.market.halt("005930")
    assert "005930" not in codes(await ranking(ls, "t1441", jc_num=0x200))
    assert codes(await ranking(ls, "t1441", sprice=50_000)) == ["005930", "247540"]
    assert "005930" not in codes(await ranking(ls, "t1441", sprice=101_500))
    assert "005930" not in codes(await ranking(ls, "t1488", jongchk="00000512"))
    funds = {issue.code for issue in ls.broker.market.issues.values() if issue.kind != "stock"}
    everything = set(codes(await ranking(ls, "t1452")))
    assert everything
    assert not funds & set(codes(await ranking(ls, "t1463", jc_num2=1 + 8)))


async def test_amounts_are_compared_with_yesterdays(ls: LsSession):
    for row in (await ranking(ls, "t1463")).block("1"):
        issue = ls.broker.market.issue(row["shcode"])
        assert row["jnilvalue"] == issue.previous_volume * issue.base_price // 1_000_000
        assert abs(float(row["bef_diff"]) - row["value"] * 100 / row["jnilvalue"]) < 0.1


async def test_new_highs_and_lows(ls: LsSession):
    row = (await ranking(ls, "t1442")).block("1")[0]
    assert row["shcode"] == "005930"
    assert row["pastprice"] == ls.broker.market.daily_candles("005930")[0].high
    assert row["pastchange"] == row["price"] - row["pastprice"]
    ls.broker.market.set_price("000660", ls.broker.market.lower_limit("000660"))
    assert codes(await ranking(ls, "t1442", type1="1"))[0] == "000660"


async def test_nothing_found_leaves_the_rows_out(ls: LsSession):
    reply = await ranking(ls, "t1463", sprice=90_000_000)
    assert reply.body.keys() == {"rsp_cd", "rsp_msg", "t1463OutBlock"}
