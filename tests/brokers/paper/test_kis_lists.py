"""KIS's rankings and lists of the paper broker (kis.md §4), over real sockets."""

from datetime import timedelta

import pytest

from brokers.paper import kis_lists
from tests.brokers.paper.kis_client import QUOTATIONS

RANKINGS = "/uapi/domestic-stock/v1/ranking"
TOTALS = {
    "FID_COND_MRKT_DIV_CODE": "V",
    "FID_COND_SCR_DIV_CODE": "16449",
    "FID_INPUT_ISCD": "0000",
    "FID_DIV_CLS_CODE": "0",
    "FID_RANK_SORT_CLS_CODE": "0",
    "FID_ETC_CLS_CODE": "1",
}
RANKS = {
    "fid_vol_cnt": "",
    "fid_cond_mrkt_div_code": "J",
    "fid_cond_scr_div_code": "20172",
    "fid_input_iscd": "0000",
    "fid_rank_sort_cls_code": "0",
    "fid_div_cls_code": "0",
    "fid_trgt_cls_code": "0",
    "fid_trgt_exls_cls_code": "0",
    "fid_input_price_1": "",
    "fid_input_price_2": "",
}


async def ask(kis, path, tr, **query):
    status, body, _headers = await kis.get(path, tr, **query)
    assert status == 200
    return body


async def totals(kis, **changes):
    body = await ask(kis, f"{QUOTATIONS}/foreign-institution-total", "FHPTJ04400000", **TOTALS | changes)
    return body["output"]


async def test_provisional_totals(kis):
    bought = await totals(kis)
    assert 0 < len(bought) <= 30
    net = [int(row["ntby_qty"]) for row in bought]
    assert net == sorted(net, reverse=True)
    assert net[-1] > 0
    assert all(row["ntby_qty"] == row["frgn_ntby_qty"] for row in bought)
    first = bought[0]
    amount = int(first["frgn_ntby_qty"]) * int(first["stck_prpr"]) // 1_000_000
    assert int(first["frgn_ntby_tr_pbmn"]) == amount
    parts = ("ivtr", "bank", "insu", "mrbn", "fund")
    institutions = sum(int(first[f"{name}_ntby_qty"]) for name in parts) + int(first["etc_orgt_ntby_vol"])
    assert int(first["orgn_ntby_qty"]) == institutions

    sold = await totals(kis, FID_RANK_SORT_CLS_CODE="1", FID_DIV_CLS_CODE="1")
    won = [int(row["ntby_qty"]) * int(row["stck_prpr"]) for row in sold]
    assert won == sorted(won)
    assert won[-1] < 0
    market = kis.paper.market
    kosdaq = await totals(kis, FID_INPUT_ISCD="1001")
    assert {market.issue(row["mksc_shrn_iscd"]).market for row in kosdaq} == {"KOSDAQ"}


async def test_wrong_codes_are_refused(kis):
    path = f"{QUOTATIONS}/foreign-institution-total"
    wrong = TOTALS | {"FID_COND_MRKT_DIV_CODE": "J"}
    assert (await ask(kis, path, "FHPTJ04400000", **wrong))["msg1"].endswith("CHECK_MRKT_DIV_CODE")
    missing = {name: value for name, value in TOTALS.items() if name != "FID_ETC_CLS_CODE"}
    assert (await ask(kis, path, "FHPTJ04400000", **missing))["msg_cd"] == "OPSQ2001"


@pytest.mark.parametrize(
    ("sort", "column"),
    [("0", "total_ntsl_bidp_rsqn"), ("2", "shnu_rsqn_rate"), ("3", "seln_rsqn_rate")],
)
async def test_books(kis, sort, column):
    body = await ask(
        kis, f"{RANKINGS}/quote-balance", "FHPST01720000", **RANKS | {"fid_rank_sort_cls_code": sort}
    )
    rows = body["output"]
    figures = [float(row[column]) for row in rows]
    assert figures == sorted(figures, reverse=True)
    assert [row["data_rank"] for row in rows] == [str(rank) for rank in range(1, len(rows) + 1)]
    assert len(rows) == 30
    first = rows[0]
    net = int(first["total_bidp_rsqn"]) - int(first["total_askp_rsqn"])
    assert int(first["total_ntsl_bidp_rsqn"]) == net


async def test_after_hours_books_and_filters(kis):
    path, tr = f"{RANKINGS}/after-hour-balance", "FHPST01760000"
    asked = RANKS | {"fid_cond_scr_div_code": "20176", "fid_rank_sort_cls_code": "4"}
    rows = (await ask(kis, path, tr, **asked))["output"]
    bids = [int(row["ovtm_total_bidp_rsqn"]) for row in rows]
    assert bids == sorted(bids, reverse=True)
    assert "acml_vol" not in rows[0]
    dear = (await ask(kis, path, tr, **asked | {"fid_input_price_1": "500000"}))["output"]
    assert dear
    assert all(int(row["stck_prpr"]) >= 500_000 for row in dear)
    busy = (await ask(kis, path, tr, **asked | {"fid_vol_cnt": "9999999999"}))["output"]
    assert busy == []


async def opinions(kis, first, last, **changes):
    query = {
        "FID_COND_MRKT_DIV_CODE": "J",
        "FID_COND_SCR_DIV_CODE": "16634",
        "FID_INPUT_ISCD": "999",
        "FID_DIV_CLS_CODE": "0",
        "FID_INPUT_DATE_1": f"00{first:%Y%m%d}",
        "FID_INPUT_DATE_2": f"{last:%Y%m%d}",
    }
    return (await ask(kis, f"{QUOTATIONS}/invest-opbysec", "FHKST663400C0", **query | changes))["output"]


async def test_opinions_by_firm_stop_at_twenty(kis):
    today = kis.paper.ledger.today
    rows = await opinions(kis, today - timedelta(days=60), today)
    assert len(rows) == 20
    days = [row["stck_bsop_date"] for row in rows]
    assert days == sorted(days, reverse=True)
    row = next(row for row in rows if row["hts_goal_prc"] != "0")
    gap = int(row["stck_prpr"]) - int(row["hts_goal_prc"])
    assert int(row["stft_esdg"]) == gap
    assert float(row["dprt"]) == round(gap * 100 / int(row["hts_goal_prc"]), 2)
    one = await opinions(kis, today - timedelta(days=60), today, FID_INPUT_ISCD="00030")
    assert {row["mbcr_name"] for row in one} == {"삼성증권"}
    sells = await opinions(kis, today - timedelta(days=60), today, FID_DIV_CLS_CODE="3")
    assert {row["invt_opnn_cls_code"] for row in sells} == {"4"}


async def test_watch_groups_belong_to_an_hts_id(kis):
    path = f"{QUOTATIONS}/intstock-grouplist"
    asked = {"TYPE": "1", "FID_ETC_CLS_CODE": "00", "USER_ID": kis.hts_id}
    groups = (await ask(kis, path, "HHKCM113004C7", **asked))["output2"]
    assert [group["inter_grp_name"] for group in groups] == ["대형주", "성장주", "빈그룹"]
    assert groups[0]["ask_cnt"] == "005"
    assert (await ask(kis, path, "HHKCM113004C7", **asked | {"USER_ID": "other"}))["output2"] == []
    blank = dict.fromkeys(kis_lists.GROUP_ASKED, "")
    query = blank | {"TYPE": "1", "USER_ID": kis.hts_id, "INTER_GRP_CODE": "002", "FID_ETC_CLS_CODE": "4"}
    body = await ask(kis, f"{QUOTATIONS}/intstock-stocklist-by-group", "HHKCM113004C6", **query)
    assert body["output1"]["inter_grp_name"] == "성장주"
    assert [row["jong_code"] for row in body["output2"]] == ["247540", "035720", "068270"]


async def test_conditions(kis):
    asked = {"user_id": kis.hts_id}
    rows = (await ask(kis, f"{QUOTATIONS}/psearch-title", "HHKST03900300", **asked))["output2"]
    assert [row["seq"] for row in rows] == ["0", "1", "2"]
    path = f"{QUOTATIONS}/psearch-result"
    nobody = await ask(kis, path, "HHKST03900400", **asked, seq="0")
    assert (nobody["rt_cd"], nobody["msg_cd"]) == ("1", "MCA05918")
    market = kis.paper.market
    market.set_price("000660", market.lower_limit("000660"))
    (row,) = (await ask(kis, path, "HHKST03900400", **asked, seq="1"))["output2"]
    assert (row["code"], row["daebi"]) == ("000660", "4")
    assert row["price"] == f"{market.issue('000660').price}.0000".zfill(16)
    assert row["expprice"] == "0.0000".rjust(16)


async def test_the_paper_server_has_none_of_them(kis_paper):
    path = f"{QUOTATIONS}/foreign-institution-total"
    status, body, _ = await kis_paper.get(path, "FHPTJ04400000", **TOTALS)
    assert (status, body["msg_cd"]) == (500, "IGW00009")
