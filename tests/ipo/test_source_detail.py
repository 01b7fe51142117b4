"""An offer's own page: the true capture to the last field, and made pages of other stages."""

from datetime import date
from decimal import Decimal

import pytest

from ipo.pages.bids import LockupLine, PriceLine
from ipo.pages.detail import parse_detail
from ipo.pages.offer import Issue, Underwriter
from lucy.html import PageChanged
from tests.ipo.local38 import edited, saved

TRUE = "38_detail_2293.euckr.html"
BEFORE = "38_detail_made_before.cp949.html"
LISTED = "38_detail_made_listed.cp949.html"


@pytest.fixture(scope="module")
def page():
    return parse_detail(saved(TRUE))


def test_the_company(page):
    company = page.company
    assert page.no == 2293
    assert (company.name, company.progress, company.market, company.code) == (
        "레몬헬스케어",
        "공모주",
        "코스닥",
        "365660",
    )
    assert (company.industry, company.chief, company.kind) == (
        "소프트웨어 개발 및 공급업",
        "홍병진",
        "중소일반",
    )
    assert company.address == "서울특별시 금천구 가산디지털1로 145"
    assert (company.homepage, company.phone, company.largest_holder) == (
        "http://www.lemonhc.com",
        "02-855-5815",
        "",
    )
    assert (company.sales_million, company.pretax_income_million) == (14877, -2898)
    assert (company.net_income_million, company.capital_million) == (-2898, 5645)


@pytest.mark.parametrize("address", ["javascript:alert(1)", " data:text/html,x", "vbscript:x", "//x.kr"])
def test_what_is_no_web_address_becomes_no_link(address):
    told = edited(saved(TRUE), ("http://www.lemonhc.com", address))
    assert parse_detail(told).company.homepage == ""


def test_the_offer(page):
    offer = page.offer
    assert (offer.shares, offer.par_value, offer.offer_price, offer.amount_million) == (
        2_000_000,
        500,
        10_000,
        20_000,
    )
    assert (offer.new_shares, offer.old_shares) == (Issue(2_000_000, Decimal(100)), None)
    assert (offer.band_low, offer.band_high) == (7_500, 10_000)
    assert (offer.competition, offer.proportional_competition) == (Decimal("1510.57"), 3021)
    assert offer.underwriters == (Underwriter("KB증권", 500_000, 500_000, 16_000, 20_000),)


def test_the_days_and_what_institutions_bid(page):
    days = page.schedule
    assert (days.forecast_start, days.forecast_end) == (date(2026, 6, 15), date(2026, 6, 19))
    assert (days.subscription_start, days.subscription_end) == (date(2026, 6, 24), date(2026, 6, 25))
    assert (days.allotment_on, days.payment_on, days.refund_on) == (date(2026, 6, 29),) * 3
    assert (days.listing_on, days.ir_on) == (date(2026, 7, 6), date(2026, 6, 12))
    assert days.ir_place.startswith("기관 : 온라인-유투브 PM 01:00")
    assert (days.institution_ratio, days.lockup_percent) == (Decimal("1238.00"), Decimal("6.92"))
    assert (days.offer_price, days.shares, days.current_price) == (10_000, 2_000_000, None)


def test_who_gets_how_much(page):
    employees, institutions, public = page.schedule.allotments
    assert (employees.group, employees.shares_low, employees.deposit_percent) == ("우리사주조합", None, 100)
    assert (institutions.shares_low, institutions.percent_low, institutions.most_low) == (1_500_000, 75, None)
    assert (public.shares_low, public.percent_high, public.deposit_percent) == (500_000, 25, 50)
    assert (public.most_low, public.most_high, public.least) == (16_000, 20_000, None)


def test_the_forecast_in_detail(page):
    assert page.lockup.lines == (
        LockupLine("6개월 확약", 16_495_000),
        LockupLine("3개월 확약", 0),
        LockupLine("1개월 확약", 12_379_000),
        LockupLine("15일 확약", 99_551_000),
    )
    assert (page.lockup.total_shares, page.lockup.percent) == (128_425_000, Decimal("6.92"))
    assert page.participation.requests == 2_233
    assert page.participation.shares == 1_857_004_000
    assert page.participation.ratio == Decimal("1238.00")
    assert page.prices == (
        PriceLine("가격미제시", 15, 13_096_000, Decimal("0.71")),
        PriceLine("10,000원 초과", 60, 42_161_000, Decimal("2.27")),
        PriceLine("10,000원 (상단)", 2155, 1_801_744_000, Decimal("97.02")),
        PriceLine("7,500원 초과 10,000원 미만", None, None, None),
        PriceLine("7,500원 (하단)", 3, 3_000, None),
        PriceLine("합계", 2_233, 1_857_004_000, Decimal(100)),
    )


def test_the_figures_of_three_years(page):
    ratios, indicators = page.figures
    years = (date(2025, 12, 31), date(2024, 12, 31), date(2023, 12, 31))
    assert (ratios.title, ratios.periods) == ("재무비율", years)
    assert [(row.group, row.label, *map(str, row.values)) for row in ratios.rows] == [
        ("안정성", "부채비율", "373.59", "0.00", "0.00"),
        ("안정성", "유동비율", "127.55", "21.04", "14.41"),
        ("수익성", "자기자본수익률", "-97.31", "9.30", "-31.37"),
        ("수익성", "영업이익률", "-4.16", "0.85", "-88.68"),
        ("성장성", "매출액증가율", "7.24", "145.78", "42.19"),
        ("성장성", "영업이익증가율", "-622.05", "-102.37", "-13.64"),
    ]
    assert (indicators.title, indicators.periods) == ("주가지표", years)
    assert [(row.label.split()[0], row.unit, *map(str, row.values)) for row in indicators.rows] == [
        ("EPS", "원", "-186", "-257", "787"),
        ("PER", "", "-53.77", "-38.96", "12.70"),
        ("BPS", "원", "191", "-2760", "-2511"),
        ("PBR", "", "52.32", "-3.62", "-3.98"),
        ("SPS", "원", "1413", "1318", "536"),
        ("PSR", "", "7.08", "7.59", "18.65"),
    ]


def test_the_filings_and_the_unlisted_market(page):
    assert [(str(filing.filed_on), filing.number) for filing in page.filings] == [
        ("2026-06-23", "20260623000235"),
        ("2026-06-12", "20260612000375"),
        ("2026-05-26", "20260526000330"),
        ("2026-05-08", "20260508000554"),
        ("2026-04-17", "20260417000560"),
    ]
    assert page.filings[0].title == "[레몬헬스케어][발행조건확정]증권신고서(지분증권)"
    assert [(ask.price, ask.shares) for ask in page.otc.asks] == [
        (17_000, 35_000),
        (17_000, 25_000),
        (17_000, 15_000),
        (17_000, 35_000),
        (17_000, 3_000),
    ]
    assert [bid.moment for bid in page.otc.bids[:2]] == [(7, 3, 18, 1), (7, 3, 15, 2)]
    assert {bid.price for bid in page.otc.bids} == {16_500}
    assert page.oddities == ()


def test_before_the_forecast_a_lockup_of_nought_is_unknown():
    page = parse_detail(saved(BEFORE))
    assert (page.company.code, page.company.homepage, page.company.capital_million) == ("", "", None)
    assert (page.schedule.institution_ratio, page.schedule.lockup_percent) == (None, None)
    assert (page.schedule.listing_on, page.offer.offer_price, page.offer.competition) == (None, None, None)
    assert (page.schedule.subscription_start, page.schedule.subscription_end) == (
        date(2026, 12, 30),
        date(2027, 1, 4),
    )
    assert (page.lockup, page.participation, page.prices, page.figures) == (None, None, (), ())


def test_several_underwriters_have_a_table_of_their_own():
    offer = parse_detail(saved(BEFORE)).offer
    assert offer.shares == 3_322_560  # written without commas
    assert offer.new_shares == Issue(2_600_000, Decimal("78.25"))
    assert offer.old_shares == Issue(722_560, Decimal("21.75"))
    assert offer.underwriters == (
        Underwriter("KB증권", 384_750, 461_700, None, None, role="대표"),
        Underwriter("IBK투자증권", 128_250, 128_250, 4_000, 5_000),
    )


def test_that_table_may_be_missing():
    page = saved(BEFORE)
    start = page.index("인수회사")
    table = page[page.rindex("<table", 0, start) : page.index("</table>", start) + len("</table>")]
    assert parse_detail(page.replace(table, "")).offer.underwriters == (
        Underwriter("KB증권"),
        Underwriter("IBK투자증권"),
    )


def test_shares_by_group_may_be_a_range():
    employees, institutions, _public = parse_detail(saved(BEFORE)).schedule.allotments
    assert (employees.shares_low, employees.percent_low) == (40_000, Decimal("2.5"))
    assert (institutions.shares_low, institutions.shares_high) == (2_325_792, 2_491_920)
    assert (institutions.percent_low, institutions.percent_high) == (70, 75)


def test_a_listed_foreign_issue():
    page = parse_detail(saved(LISTED))
    assert (page.company.code, page.company.progress) == ("9525T0", "신규상장")
    assert (page.schedule.institution_ratio, page.schedule.lockup_percent) == (Decimal("213.31"), 0)
    assert page.schedule.current_price == 12_340
    assert (page.offer.par_value, page.offer.competition) == (None, Decimal("0.77"))
    assert page.offer.underwriters == (
        Underwriter("KB증권", 1_250_000, 1_500_000, 641_250, 641_250, unit="DR"),
    )


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ('summary="기업개요"', 'summary="개요"', "기업개요: 0 tables"),
        ('summary="공모정보"', 'summary="공모"', "공모정보: 0 tables"),
        (" 매출액 </td>", " 매출 </td>", "기업개요: 0 cells beside 매출액"),
        ("&nbsp; 365660<", "&nbsp; 36566<", "종목코드: no code"),
        ("14,877 (백만원)", "14,877 억", "매출액: no number"),
        (
            "2026.06.24 &nbsp;~ &nbsp; 2026.06.25",
            "2026.06.25 &nbsp;~ &nbsp; 2026.06.24",
            "공모청약일: no period",
        ),
        ("납입일</td>", "지급일</td>", "0 cells beside 납입일"),
        ("기관경쟁률</font>", "경쟁</font>", "without 기관경쟁률"),
        ("1238.00:1\t", "많음\t", "기관경쟁률: no ratio"),
        ("7,500 ~ 10,000 원</td>", "10,000 ~ 7,500 원</td>", "희망공모가액: .* falls"),
        ("신주모집 : 2,000,000", "증자 : 2,000,000", "상장공모: no issue"),
    ],
)
def test_what_is_odd_is_named(old, new, named):
    with pytest.raises(PageChanged, match=named):
        parse_detail(edited(saved(TRUE), (old, new)))


def test_a_block_of_another_shape_is_left_out_and_named():
    page = parse_detail(edited(saved(TRUE), ("신청수량(단위:주)", "수량"), ("373.59 %", "373.59 원")))
    assert page.lockup is None
    assert [table.title for table in page.figures] == ["주가지표"]
    assert sorted(oddity.split(":")[0] for oddity in page.oddities) == ["의무보유확약비율", "재무비율"]


def test_values_told_twice_that_differ_are_named():
    page = parse_detail(saved(TRUE).replace("<b>10,000</b> 원", "<b>9,000</b> 원", 1))
    assert page.offer.offer_price == 9_000
    assert page.oddities == ("확정공모가: 9000 and 10000",)


def test_tables_of_value_per_share_are_read_where_a_page_has_them():
    """본질가치분석 of older pages: no capture shows one; they are read in the shape of their neighbours."""
    block = """<table><tr><td>&nbsp;<b>레몬헬스케어</td><td><b>주 당 순 자 산 가 치</b></td></tr></table>
    <table><tr><td>구분</td><td>2025.12.31</td></tr><tr><td>순자산</td><td>1,234 원</td></tr></table>
    <!--주가지표 -->"""
    page = parse_detail(edited(saved(TRUE), ("<!--주가지표 -->", block)))
    table = page.figure_table("자산가치")
    assert table is not None
    assert (table.periods, table.rows[0].values) == ((date(2025, 12, 31),), (1234,))
