"""A company's figures: KIS's four statements side by side, LS's one answer, amounts in won."""

from decimal import Decimal

import pytest

from brokers.adapters.base import BadReply, Rejected
from brokers.adapters.companies import Company
from brokers.adapters.kis.wire import companies as kis
from brokers.adapters.ls.wire import companies as ls
from brokers.terms import Server
from tests.brokers.adapters.test_charts import SAMSUNG, Client, client, paper  # noqa: F401

EOK = 100_000_000
PRICE = {
    "stck_sdpr": "70000", "bstp_kor_isnm": "전기·전자", "lstn_stcn": "5969782550", "hts_avls": "4178848",
    "cpfn": "7780", "stck_fcam": "100", "per": "12.50", "pbr": "1.10", "eps": "5600.00", "bps": "63000.00",
    "hts_frgn_ehrt": "51.20", "w52_hgpr": "88000", "w52_lwpr": "50000", "stac_month": "12",
}  # fmt: skip


def test_kis_statements_are_merged_by_their_month_newest_first():
    balance = [
        {"stac_yymm": "202403", "total_aset": "4708999.00"},
        {"stac_yymm": "202312", "total_aset": "1"},
    ]
    income = [{"stac_yymm": "202312", "sale_account": "2589355.00", "bsop_prti": "-65670.00"}]
    found = kis.company(SAMSUNG, PRICE, [balance, income, []])
    assert (found.market_cap, found.capital) == (4_178_848 * EOK, 7_780 * EOK)
    assert [(one.year, one.month) for one in found.periods] == [(2024, 3), (2023, 12)]
    spring, year = found.periods
    assert (spring.assets, spring.sales) == (Decimal(4_708_999 * EOK), None)
    assert (year.sales, year.operating_profit) == (2_589_355 * EOK, -65_670 * EOK)
    assert found.roe is None


def test_kis_without_statements_tells_what_the_price_service_does():
    found = kis.company(SAMSUNG, PRICE, [])
    assert (found.per, found.periods) == (Decimal("12.50"), ())
    with pytest.raises(Rejected):
        kis.company("999999", PRICE | {"stck_sdpr": "0"}, [])
    with pytest.raises(BadReply, match="hts_avls"):
        kis.company(SAMSUNG, PRICE | {"hts_avls": "많음"}, [])


def test_ls_pads_its_figures_and_leaves_funds_out():
    body = {
        "t3320OutBlock": {
            "upgubunnm": "전기전자 ",
            "gstock": 5969782,
            "sigavalue": "   4178848",
            "gsmm": "12",
        },
        "t3320OutBlock1": {"gsym": "202312", "per": "000012.50", "eps": "   2131", "roe": "-0004.15"},
    }
    found = ls.company(body, SAMSUNG)
    assert (found.industry, found.market_cap) == ("전기전자", 4_178_848 * EOK)
    assert (found.per, found.roe, found.periods[0].eps) == (Decimal("12.5"), Decimal("-4.15"), 2131)
    assert ls.company({}, SAMSUNG) == Company(SAMSUNG)


def test_both_brokers_describe_the_same_company(client: Client):  # noqa: F811
    at_kis, at_ls = client("kis", Server.REAL).company(SAMSUNG), client("ls", Server.REAL).company(SAMSUNG)
    assert at_kis.listed_shares == at_ls.listed_shares
    assert len(at_kis.periods) == 5
    newest = at_kis.periods[0]
    assert newest.assets == newest.liabilities + newest.equity
    assert newest.net_income == pytest.approx(newest.eps * at_kis.listed_shares)
    assert len(at_ls.periods) == 1
    assert client("kis", Server.PAPER).company(SAMSUNG).periods == ()
