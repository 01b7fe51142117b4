"""KIS's REST side against the conformance checklist (kis.md §7), over real sockets."""

import asyncio
from datetime import datetime, timedelta

import pytest

from brokers.paper.faults import Action, Rule
from brokers.paper.ledger import Side
from tests.brokers.paper.kis_client import QUOTATIONS, TRADING, KisClient

PRICE = f"{QUOTATIONS}/inquire-price"
SAMSUNG = {"FID_COND_MRKT_DIV_CODE": "J", "FID_INPUT_ISCD": "005930"}


# 1: tr_ids


@pytest.mark.parametrize("tr", ["TTTC0012U", "TTTC0802U"])
async def test_old_and_new_tr_ids_place_orders(kis, tr):
    body = {**kis.owner, "PDNO": "005930", "ORD_DVSN": "00", "ORD_QTY": "1", "ORD_UNPR": "90000"}
    status, answer, _ = await kis.post(f"{TRADING}/order-cash", body, **kis.headers(tr))
    assert (status, answer["rt_cd"], answer["msg_cd"]) == (200, "0", "APBK0013")
    assert answer["output"]["ODNO"] == "0000000001"
    assert answer["output"]["KRX_FWDG_ORD_ORGNO"] == "00950"


async def test_the_paper_host_refuses_real_tr_ids_unless_told_otherwise(kis_paper):
    status, answer, _ = await kis_paper.get(f"{TRADING}/inquire-balance", "TTTC8434R", **kis_paper.owner)
    assert (status, answer["rt_cd"], answer["msg_cd"]) == (500, "1", "EGW02006")
    kis_paper.paper.switches.kis_any_tr = True
    status, answer, _ = await kis_paper.get(f"{TRADING}/inquire-balance", "TTTC8434R", **kis_paper.owner)
    assert answer["msg_cd"] == "OPSQ2001"


async def test_real_only_services_on_the_paper_host(kis_paper):
    path = f"{TRADING}/inquire-psbl-rvsecncl"
    query = {
        **kis_paper.owner,
        "INQR_DVSN_1": "0",
        "INQR_DVSN_2": "0",
        "CTX_AREA_FK100": "",
        "CTX_AREA_NK100": "",
    }
    status, answer, _ = await kis_paper.get(path, "VTTC8036R", **query)
    assert (status, answer["rt_cd"], answer["msg_cd"]) == (200, "1", "90000000")
    kis_paper.paper.switches.kis_paper_offers_all = True
    _, answer, _ = await kis_paper.get(path, "VTTC8036R", **query)
    assert answer["rt_cd"] == "0"


async def test_unknown_services(kis):
    assert (await kis.get(PRICE, "FHKST99999999"))[1]["msg_cd"] == "OPSQ0002"
    assert (await kis.get(f"{TRADING}/intgr-margin", "TTTC0869R", **kis.owner))[1]["msg_cd"] == "IGW00009"
    assert (await kis.get(f"{QUOTATIONS}/inquire-ccnl", "FHKST01010100"))[1]["msg_cd"] == "MCA00124"


# 2: tokens


async def test_tokens_are_issued_once_a_minute_and_stay_the_same_for_six_hours(paper, http):
    client = KisClient(http, paper)
    status, first, _ = await client.issue()
    assert status == 200
    assert first["expires_in"] == 86400
    assert first["token_type"] == "Bearer"
    datetime.strptime(first["access_token_token_expired"], "%Y-%m-%d %H:%M:%S")  # noqa: DTZ007
    status, refused, _ = await client.issue()
    assert (status, refused["error_code"]) == (403, "EGW00133")
    paper.clock.advance(timedelta(seconds=61))
    assert (await client.issue())[1]["access_token"] == first["access_token"]
    paper.clock.advance(timedelta(hours=6))
    assert (await client.issue())[1]["access_token"] != first["access_token"]


async def test_dead_and_unknown_tokens(kis):
    kis.paper.clock.advance(timedelta(hours=24))
    status, answer, _ = await kis.get(PRICE, "FHKST01010100", **SAMSUNG)
    assert (status, answer["msg_cd"]) == (500, "EGW00123")
    kis.token = "nonsense"
    assert (await kis.get(PRICE, "FHKST01010100", **SAMSUNG))[1]["msg_cd"] == "EGW00121"
    kis.token = ""
    assert (await kis.get(PRICE, "FHKST01010100", **SAMSUNG))[1]["msg_cd"] == "EGW00122"


async def test_a_revoked_token_is_unknown(kis):
    status, answer, _ = await kis.post(
        "/oauth2/revokeP", {"appkey": kis.key, "appsecret": kis.secret, "token": kis.token}
    )
    assert (status, answer["code"]) == (200, 200)
    assert (await kis.get(PRICE, "FHKST01010100", **SAMSUNG))[1]["msg_cd"] == "EGW00121"


@pytest.mark.parametrize(
    ("key", "secret", "code"),
    [("", "x", "EGW00102"), ("wrong", "x", "EGW00103"), (None, "", "EGW00104"), (None, "wrong", "EGW00105")],
)
async def test_wrong_keys(kis, key, secret, code):
    body = {
        "grant_type": "client_credentials",
        "appkey": kis.key if key is None else key,
        "appsecret": secret,
    }
    status, answer, _ = await kis.post("/oauth2/tokenP", body)
    assert (status, answer["error_code"]) == (403, code)


async def test_a_paper_key_on_the_real_host(paper, http, kis_paper):
    stray = KisClient(http, paper, "real")
    stray.key, stray.secret, stray.token = kis_paper.key, kis_paper.secret, kis_paper.token
    status, answer, _ = await stray.get(PRICE, "FHKST01010100", **SAMSUNG)
    assert (status, answer["msg_cd"]) == (500, "EGW02004")


# 3: fields


async def test_lower_case_body_keys_are_missing_fields(kis):
    body = {key.lower(): value for key, value in kis.owner.items()}
    _, answer, _ = await kis.post(f"{TRADING}/order-cash", body, **kis.headers("TTTC0012U"))
    assert (answer["rt_cd"], answer["msg_cd"]) == ("2", "OPSQ2001")
    assert answer["msg1"] == "ERROR : INPUT INVALID_CHECK_CANO"


async def test_query_names_in_either_case_and_unknown_ones_ignored(kis):
    query = {"fid_cond_mrkt_div_code": "J", "fid_input_iscd": "005930", "whatever": "1"}
    _, answer, headers = await kis.get(PRICE, "FHKST01010100", **query)
    assert answer["output"]["stck_prpr"] == "96200"
    assert answer["msg_cd"] == "MCA00000"
    assert headers["tr_id"] == "FHKST01010100"
    _, answer, _ = await kis.get(PRICE, "FHKST01010100", FID_INPUT_ISCD="005930")
    assert answer["msg1"] == "ERROR : INPUT INVALID_CHECK_MRKT_DIV_CODE"


async def test_another_account_is_refused(kis):
    answer, _ = await kis.balance(CANO="99999999")
    assert (answer["rt_cd"], answer["msg_cd"]) == ("2", "OPSQ2000")


# 4 and 5: headers, padding


async def test_header_names_as_bytes(kis):
    host, port = kis.base.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    lines = [f"GET {PRICE}?FID_COND_MRKT_DIV_CODE=J&FID_INPUT_ISCD=005930 HTTP/1.1", f"Host: {host}"]
    lines += [f"{name}: {value}" for name, value in kis.headers("FHKST01010100").items()]
    writer.write("\r\n".join([*lines, "Connection: close", "", ""]).encode())
    raw = await reader.read()
    writer.close()
    head = raw.split(b"\r\n\r\n")[0].decode().split("\r\n")[1:]
    names = {line.split(":")[0] for line in head}
    assert {"tr_id", "tr_cont", "gt_uid", "Content-Type", "Content-Length", "Date"} <= names
    assert all(name in ("tr_id", "tr_cont", "gt_uid") or name[0].isupper() for name in names)
    assert len(next(line for line in head if line.startswith("gt_uid")).split(": ")[1]) == 32


async def test_ledger_answers_are_padded(kis):
    answer, headers = await kis.balance()
    assert len(answer["msg1"]) == 80
    assert len(answer["ctx_area_fk100"]) == len(answer["ctx_area_nk100"]) == 100
    assert answer["ctx_area_nk100"].strip() == ""
    assert headers["tr_cont"] in "DE"


# 6: pages


@pytest.mark.parametrize(("server", "size"), [("real", 100), ("paper", 15)])
async def test_pages_of_the_day_list(paper, kis, kis_paper, server, size):
    client = kis if server == "real" else kis_paper
    account = paper.ledger.accounts.by_number[client.account]
    for _ in range(size + 3):
        paper.ledger.place(account, "252670", Side.BUY, 1, 600)
    first, headers = await client.day()
    assert (len(first["output1"]), headers["tr_cont"]) == (size, "M")
    cursor = {"CTX_AREA_FK100": first["ctx_area_fk100"], "CTX_AREA_NK100": first["ctx_area_nk100"].strip()}
    second, headers = await client.day(tr_cont="N", **cursor)
    assert (len(second["output1"]), headers["tr_cont"]) == (3, "D")
    assert second["ctx_area_nk100"].strip() == ""
    numbers = [row["odno"] for row in first["output1"] + second["output1"]]
    assert numbers == sorted(set(numbers))


@pytest.mark.parametrize(("server", "size"), [("real", 50), ("paper", 20)])
async def test_pages_of_the_balance(paper, kis, kis_paper, server, size):
    client = kis if server == "real" else kis_paper
    account = paper.ledger.accounts.by_number[client.account]
    paper.ledger.matching = False
    for code in list(paper.market.issues)[:60]:
        order = paper.ledger.place(account, code, Side.BUY, 1, paper.market.lower_limit(code))
        paper.ledger.fill(account, order.number)
    first, headers = await client.balance()
    assert (len(first["output1"]), headers["tr_cont"]) == (size, "M")
    second, _ = await client.balance(CTX_AREA_NK100=first["ctx_area_nk100"], tr_cont="N")
    assert first["output1"][-1]["pdno"] < second["output1"][0]["pdno"]


# 7 and 8: orders and refusals


async def test_modify_and_cancel_get_new_numbers(kis_paper):
    first = (await kis_paper.order(price=90_000, quantity=3))["output"]["ODNO"]
    modified = await kis_paper.change(first, "01", price=90_100)
    assert (modified["msg_cd"], modified["output"]["ODNO"]) == ("40620000", "0000000002")
    assert (await kis_paper.change(first))["msg_cd"] == "40330000"
    cancelled = await kis_paper.change(modified["output"]["ODNO"])
    assert (cancelled["msg_cd"], cancelled["output"]["ODNO"]) == ("40630000", "0000000003")
    assert (await kis_paper.change(modified["output"]["ODNO"]))["msg_cd"] == "40330000"
    assert (await kis_paper.change("0000000077"))["msg_cd"] == "40320000"
    rows = (await kis_paper.day())[0]["output1"]
    assert [row["orgn_odno"] for row in rows] == ["", "0000000001", "0000000002"]
    assert [row["rmn_qty"] for row in rows] == ["0", "0", "0"]
    assert [row["cncl_yn"] for row in rows] == ["N", "Y", "Y"]


async def test_a_partial_cancel_leaves_the_rest(kis):
    number = (await kis.order(quantity=10))["output"]["ODNO"]
    assert (await kis.change(number, quantity=4, whole="N"))["rt_cd"] == "0"
    query = {**kis.owner, "INQR_DVSN_1": "0", "INQR_DVSN_2": "0", "CTX_AREA_FK100": "", "CTX_AREA_NK100": ""}
    _, answer, _ = await kis.get(f"{TRADING}/inquire-psbl-rvsecncl", "TTTC0084R", **query)
    assert [(row["odno"], row["psbl_qty"]) for row in answer["output"]] == [(number, "6")]


@pytest.mark.parametrize(
    ("order", "real", "paper_code"),
    [
        ({"code": "999999"}, "APBK0656", "40070000"),
        ({"price": 96_250}, "APBK0506", "40030000"),
        ({"price": 200_000}, "APBK1058", "40270000"),
        ({"price": 96_000, "quantity": 5_000}, "APBK0952", "40250000"),
        ({"price": 0, "kind": "01", "quantity": 801}, "APBK0952", "40250000"),
        ({"side": "sell", "quantity": 101}, "APBK0400", "40240000"),
    ],
)
async def test_refusals(kis, kis_paper, order, real, paper_code):
    answer = await kis.order(**order)
    assert (answer["rt_cd"], answer["msg_cd"], "output" in answer) == ("7", real, False)
    answer = await kis_paper.order(**order)
    assert (answer["rt_cd"], answer["msg_cd"]) == ("1", paper_code)


@pytest.mark.parametrize(
    ("moment", "real", "paper_code"),
    [
        ("2026-11-21T10:00", "APBK0919", "40100000"),
        ("2026-11-20T07:00", "APBK0918", "40570000"),
        ("2026-11-20T19:00", "APBK0918", "40580000"),
    ],
)
async def test_refusals_outside_hours(paper, http, moment, real, paper_code):
    paper.clock.scheduled = True
    paper.clock.set(datetime.fromisoformat(moment))
    for server, code in (("real", real), ("paper", paper_code)):
        client = await KisClient(http, paper, server).login()
        assert (await client.order(code="999999", price=1))["msg_cd"] == code


async def test_a_change_must_name_the_exchange_of_the_original(kis):
    number = (await kis.order(EXCG_ID_DVSN_CD="NXT"))["output"]["ODNO"]
    answer = await kis.change(number, EXCG_ID_DVSN_CD="KRX")
    assert answer["rt_cd"] == "7"
    assert "원주문 거래소[NXT] 취소주문 거래소[KRX]" in answer["msg1"]
    assert (await kis.change(number, EXCG_ID_DVSN_CD="NXT"))["rt_cd"] == "0"
    assert (await kis.order(EXCG_ID_DVSN_CD="NXT", kind="01", price=0))["rt_cd"] == "7"


# 9: balance


async def test_balance_identities(kis):
    await kis.order(price=96_200, quantity=7)
    await kis.order(side="sell", code="035720", price=0, kind="01", quantity=40)
    answer, _ = await kis.balance()
    totals = answer["output2"][0]
    for row in answer["output1"]:
        assert int(row["evlu_amt"]) == int(row["hldg_qty"]) * int(row["prpr"])
        assert int(row["evlu_pfls_amt"]) == int(row["evlu_amt"]) - int(row["pchs_amt"])
    assert [row["hldg_qty"] for row in answer["output1"] if row["pdno"] == "035720"] == ["0"]
    cash = [int(totals[name]) for name in ("dnca_tot_amt", "thdt_buy_amt", "thdt_sll_amt", "thdt_tlex_amt")]
    assert int(totals["prvs_rcdl_excc_amt"]) == cash[0] - cash[1] + cash[2] - cash[3]
    assert cash[0] == int(totals["nxdy_excc_amt"]) == 100_000_000
    assert cash[3] > 0
    total = int(totals["scts_evlu_amt"]) + int(totals["prvs_rcdl_excc_amt"])
    assert int(totals["tot_evlu_amt"]) == total


# 13, 14, 15 and the rest of the services


async def test_the_rate_limit(paper, http):
    paper.switches.kis_rate_paper = 2
    client = await KisClient(http, paper, "paper").login()
    answers = [await client.get(PRICE, "FHKST01010100", **SAMSUNG) for _ in range(4)]
    assert [status for status, _, _ in answers] == [200, 200, 500, 500]
    assert answers[-1][1]["msg_cd"] == "EGW00201"


async def test_random_refusals_for_chaos(kis):
    kis.paper.faults.add(Rule(Action.ANSWER, code="EGW00215", times=None, probability=0.5))
    answers = [await kis.get(PRICE, "FHKST01010100", **SAMSUNG) for _ in range(20)]
    codes = {answer["msg_cd"] for _, answer, _ in answers}
    assert codes == {"EGW00215", "MCA00000"}


async def test_hashkey(kis):
    headers = {"appkey": kis.key, "appsecret": kis.secret}
    _, answer, _ = await kis.post("/uapi/hashkey", {"CANO": "1"}, **headers)
    assert answer["BODY"] == {"CANO": "1"}
    assert answer["HASH"]


async def test_balance_by_issue_is_refused_unless_switched_on(kis):
    answer, _ = await kis.balance(INQR_DVSN="02")
    assert (answer["rt_cd"], answer["msg_cd"]) == ("2", "OPSQ2001")
    assert answer["msg1"].endswith("INVALID_CHECK_INQR_DVSN")
    kis.paper.switches.kis_balance_by_issue = True
    assert (await kis.balance(INQR_DVSN="02"))[0]["rt_cd"] == "0"


async def test_buying_power_of_a_market_order_counts_the_upper_limit(kis):
    query = {**kis.owner, "PDNO": "005930", "CMA_EVLU_AMT_ICLD_YN": "N", "OVRS_ICLD_YN": "N"}
    path = f"{TRADING}/inquire-psbl-order"
    _, answer, _ = await kis.get(path, "TTTC8908R", ORD_DVSN="01", ORD_UNPR="", **query)
    assert answer["output"]["psbl_qty_calc_unpr"] == "125000"
    assert answer["output"]["nrcvb_buy_qty"] == "799"
    _, answer, _ = await kis.get(path, "TTTC8908R", ORD_DVSN="00", ORD_UNPR="96200", **query)
    assert answer["output"]["nrcvb_buy_qty"] == "1039"


async def test_quotations(kis):
    today = f"{kis.paper.clock.trade_date():%Y%m%d}"
    dates = {"FID_INPUT_DATE_1": "20250101", "FID_INPUT_DATE_2": today, "FID_ORG_ADJ_PRC": "0"}
    minutes = {"FID_INPUT_HOUR_1": "110000", "FID_PW_DATA_INCU_YN": "Y", "FID_ETC_CLS_CODE": ""}
    asked = {
        ("inquire-asking-price-exp-ccn", "FHKST01010200"): SAMSUNG,
        ("inquire-ccnl", "FHKST01010300"): SAMSUNG,
        ("inquire-daily-itemchartprice", "FHKST03010100"): {**SAMSUNG, **dates, "FID_PERIOD_DIV_CODE": "D"},
        ("inquire-time-itemchartprice", "FHKST03010200"): {**SAMSUNG, **minutes},
        ("inquire-time-dailychartprice", "FHKST03010230"): {
            **SAMSUNG,
            **minutes,
            "FID_INPUT_DATE_1": "20261119",
        },
        ("inquire-daily-price", "FHKST01010400"): {
            **SAMSUNG,
            "FID_PERIOD_DIV_CODE": "W",
            "FID_ORG_ADJ_PRC": "1",
        },
        ("intstock-multprice", "FHKST11300006"): {
            "FID_COND_MRKT_DIV_CODE_1": "J",
            "FID_INPUT_ISCD_1": "005930",
            "FID_COND_MRKT_DIV_CODE_2": "J",
            "FID_INPUT_ISCD_2": "247540",
        },
        ("search-stock-info", "CTPF1002R"): {"PRDT_TYPE_CD": "300", "PDNO": "005930"},
        ("search-info", "CTPF1604R"): {"PRDT_TYPE_CD": "300", "PDNO": "005930"},
        ("chk-holiday", "CTCA0903R"): {"BASS_DT": "20261224", "CTX_AREA_NK": "", "CTX_AREA_FK": ""},
    }
    got = {}
    for (path, tr), query in asked.items():
        status, got[path], _ = await kis.get(f"{QUOTATIONS}/{path}", tr, **query)
        assert (status, got[path]["rt_cd"]) == (200, "0"), path
    assert got["inquire-asking-price-exp-ccn"]["output1"]["askp10"] == "97100"
    bars = got["inquire-daily-itemchartprice"]["output2"]
    assert (len(bars), bars[0]["stck_bsop_date"], bars[1]["stck_clpr"]) == (100, today, "96200")
    assert len(got["inquire-daily-price"]["output"]) == 30
    assert [row["inter_shrn_iscd"] for row in got["intstock-multprice"]["output"]] == ["005930", "247540"]
    assert got["search-stock-info"]["output"]["pdno"] == "00000A005930"
    assert got["search-info"]["output"]["std_pdno"] == "KR7005930003"
    days = {row["bass_dt"]: (row["wday_dvsn_cd"], row["opnd_yn"]) for row in got["chk-holiday"]["output"]}
    assert days["20261224"] == ("05", "Y")
    assert days["20261225"][1] == days["20261227"][1] == days["20261231"][1] == "N"


async def test_realised_profit(kis):
    await kis.order(side="sell", code="005930", price=0, kind="01", quantity=10)
    today = f"{kis.paper.clock.trade_date():%Y%m%d}"
    query = {
        "INQR_STRT_DT": today,
        "INQR_END_DT": today,
        "PDNO": "",
        "SORT_DVSN": "00",
        "INQR_DVSN": "00",
        "CBLC_DVSN": "00",
        "CTX_AREA_FK100": "",
        "CTX_AREA_NK100": "",
    }
    _, by_day, _ = await kis.get(f"{TRADING}/inquire-period-profit", "TTTC8708R", **kis.owner, **query)
    _, by_issue, _ = await kis.get(
        f"{TRADING}/inquire-period-trade-profit", "TTTC8715R", **kis.owner, **query
    )
    assert by_issue["output1"][0]["pdno"] == "00000A005930"
    assert by_day["output1"][0]["rlzt_pfls"] == by_issue["output2"]["tot_rlzt_pfls"]
    _, sellable, _ = await kis.get(f"{TRADING}/inquire-psbl-sell", "TTTC8408R", **kis.owner, PDNO="005930")
    assert sellable["output"]["ord_psbl_qty"] == "90"
