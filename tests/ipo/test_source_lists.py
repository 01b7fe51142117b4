"""The source's lists: true captures to the last field, made pages for what the captures do not show."""

import json
from datetime import date
from decimal import Decimal

import pytest

from ipo.pages import names
from ipo.pages.calendar import CalendarRow, parse_calendar
from ipo.pages.forecasts import parse_forecast_results, parse_forecast_schedule
from ipo.pages.listings import parse_listings
from ipo.pages.lists import last_page
from lucy.html import PageChanged, decode
from tests.ipo.local38 import DATA, edited, saved

TRUE = "38_list_k_20260704.euckr.html"
ODD = "38_list_k_made_odd.cp949.html"
LISTINGS = "38_list_nw_reconstructed.cp949.html"
RESULTS = "38_list_r1_reconstructed.cp949.html"


def as_expected(row: CalendarRow) -> dict[str, object]:
    return {
        "no": row.no,
        "name": row.name,
        "subscribe_start": str(row.subscription_start),
        "subscribe_end": str(row.subscription_end),
        "price": row.offer_price and int(row.offer_price),
        "band_low": row.band_low and int(row.band_low),
        "band_high": row.band_high and int(row.band_high),
        "competition": row.competition and float(row.competition),
        "competition_text": row.competition_text,
        "underwriters": list(row.underwriters),
        "state": row.state,
        "spac": row.spac,
    }


def test_the_true_calendar_is_read_to_the_last_field():
    expected = json.loads((DATA / "38_list_k_20260704.expected.json").read_text())
    assert [as_expected(row) for row in parse_calendar(saved(TRUE))] == expected
    assert last_page(saved(TRUE)) == 25


def test_the_true_rows_of_2025_are_read_without_their_headings():
    rows = parse_calendar(saved("38_list_rows_202503_fragment.utf8.html"))
    assert [(row.no, row.name, row.state) for row in rows] == [
        (2175, "나우로보틱스(구.나우테크닉스)", "upcoming"),
        (2165, "더즌", "open"),
        (2164, "티엑스알로보틱스", "closed"),
    ]
    assert (rows[1].offer_price, rows[1].band_low, rows[1].band_high) == (9000, 10500, 12500)
    assert rows[2].underwriters == ("NH투자증권", "신한투자증권", "유진투자증권")


def test_the_turn_of_the_year_and_other_odd_rows():
    rows = {row.no: row for row in parse_calendar(saved(ODD))}
    assert rows[2320].subscription_end == date(2027, 1, 4)
    assert rows[2319].subscription_end == date(2027, 1, 2)
    assert rows[2319].spac
    assert rows[2318].underwriters == ("KB증권", "대신증권")
    assert rows[2318].competition == Decimal("0.77")
    assert rows[2317].offer_price == 34000  # above its band
    assert rows[2317].competition == Decimal("2783.89")
    assert rows[2316].competition is None
    assert rows[2316].status_text == "정정신고서 제출 요구"
    assert rows[2316].subscription_end == date(2026, 5, 6)  # both ends with a year


def test_an_empty_list_only_when_the_page_says_so():
    empty = saved("38_list_k_made_empty.cp949.html")
    assert parse_calendar(empty) == []
    with pytest.raises(PageChanged, match="no offers"):
        parse_calendar(edited(empty, ("등록된 자료가 없습니다.", "")))


def test_new_listings():
    rows = {row.no: row for row in parse_listings(saved(LISTINGS))}
    assert list(rows) == [2315, 2307, 2309, 2311, 2314]
    assert rows[2315].listing_on == date(2026, 10, 13)
    assert (rows[2315].code, rows[2315].first_close, rows[2315].change_percent) == ("", None, None)
    bris = rows[2307]
    assert (bris.code, bris.offer_price, bris.open_price, bris.first_close) == ("468670", 19500, 61800, 31350)
    assert (bris.current_price, bris.change_percent) == (34000, Decimal("8.45"))
    assert (bris.against_offer_percent, bris.open_against_offer_percent) == (
        Decimal("74.36"),
        Decimal("216.92"),
    )
    assert rows[2311].code == "0010S0"
    assert not any(row.is_suspect for row in rows.values())


def test_an_impossible_first_day_is_suspect():
    rows = parse_listings(edited(saved(LISTINGS), ("31,350", "2"), ("2026/09/30", "2023/06/23")))
    assert [row.no for row in rows if row.is_suspect] == [2307, 2309]


def test_prices_under_the_wrong_heading_are_noticed():
    page = (
        saved(LISTINGS)
        .replace("시초가(원)", "X")
        .replace("> 공모가(원)", "> 시초가(원)")
        .replace("X", "공모가(원)")
    )
    with pytest.raises(PageChanged, match="do not belong together"):
        parse_listings(page)


def test_forecast_results_and_their_schedule():
    rows = {row.no: row for row in parse_forecast_results(saved(RESULTS))}
    lemon = rows[2293]
    assert lemon.forecast_on == date(2026, 6, 19)
    assert (lemon.band_low, lemon.band_high, lemon.offer_price, lemon.amount_million) == (
        7500,
        10000,
        10000,
        20000,
    )
    assert (lemon.institution_ratio, lemon.lockup_percent) == (Decimal("1238.00"), Decimal("6.92"))
    assert rows[2314].lockup_percent is None
    assert rows[2294].underwriters == ("유진", "미래")
    planned = parse_forecast_schedule(saved("38_list_r_reconstructed.cp949.html"))[0]
    assert (planned.no, planned.forecast_start, planned.forecast_end) == (
        2298,
        date(2026, 7, 20),
        date(2026, 7, 24),
    )
    assert (planned.offer_price, planned.amount_million) == (None, 60000)


def test_a_mistyped_ratio_and_a_lockup_before_there_is_a_result():
    page = edited(saved(RESULTS), ("1109.37:1", "1160,70:1"), ("868.64:1", "&nbsp;"), ("4.05%", "0.00%"))
    rows = {row.no: row for row in parse_forecast_results(page)}
    assert rows[2294].institution_ratio == Decimal("1160.70")
    assert (rows[2309].institution_ratio, rows[2309].lockup_percent) == (None, None)


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("확정공모가 </th>", "가격 </th>", "0 columns 확정공모가"),
        ("확정공모가 </th>", "희망공모가 </th>", "columns 확정공모가"),
        ('summary="공모주 청약일정"', 'summary="공모"', "0 tables"),
        ("2026.08.11~08.12", "2026.08.11~08.10", "no. 2305: period"),
        ("2026.08.11~08.12", "2026.13.11~08.12", "no such day"),
        ("2026.08.11~08.12", "24,800~28,400", "no. 2305: period"),
        ("24,800~28,400", "24,800", "no. 2305: band"),
        ("24,800~28,400", "28,400~24,800", "falls"),
        (">20,700 </td>", ">20,70 </td>", "no. 2296: price"),
        (">20,700 </td>", ">-20,700 </td>", "no. 2296: price"),
        ("1706.71:1", "1706.71", "no. 2296: competition"),
        ("<td>DB증권</td>", "<td>1706.71:1</td>", "no. 2304: underwriters"),
        ("<td>DB증권</td>", "", "6 cells under 7"),
        ("index.htm?o=v&amp;no=2305", "index.htm?o=v&amp;no=2304", "several offers"),
        ("기도산업</font></a></td>", "</font></a></td>", "no. 2305: no name"),
    ],
)
def test_what_is_odd_is_named(old, new, named):
    with pytest.raises(PageChanged, match=named):
        parse_calendar(edited(saved(TRUE), (old, new)))


def test_a_maintenance_page_is_no_empty_calendar():
    with pytest.raises(PageChanged, match="0 tables '공모주 청약일정'"):
        parse_calendar(saved("38_made_maintenance.cp949.html"))
    for body in ("", "   ", "OK", '{"error": 1}', "<html></html>", "<html><body></body></html>"):
        with pytest.raises(PageChanged):
            parse_calendar(body)


def test_bytes_in_another_encoding():
    page = saved(TRUE)
    for encoding in ("utf-8", "utf-16", "johab"):
        with pytest.raises(PageChanged):
            parse_calendar(decode(page.encode(encoding)))
    told = edited(page, ("charset=euc-kr", "charset=utf-8"))
    assert parse_calendar(decode(told.encode())) == parse_calendar(page)


def test_a_single_bad_byte_elsewhere_does_no_harm():
    body = (DATA / TRUE).read_bytes()
    at = body.index(b"</title>")
    assert parse_calendar(decode(body[:at] + b"\xff" + body[at:])) == parse_calendar(saved(TRUE))


@pytest.mark.parametrize(
    ("text", "shown", "former", "exchange"),
    [
        ("HD현대마린솔루션(구.HD현대글로벌서비스)(유가)", "HD현대마린솔루션", "HD현대글로벌서비스", True),
        ("덕산넵코어스(구.넵코어스)", "덕산넵코어스", "넵코어스", False),
        ("명인제약(구,명인)", "명인제약", "명인", False),
        ("명인제약(유가)", "명인제약", "", True),
        ("기도산업", "기도산업", "", False),
    ],
)
def test_a_name_in_its_parts(text, shown, former, exchange):
    name = names.company_name(text)
    assert (name.shown, name.former, name.on_exchange) == (shown, former, exchange)


@pytest.mark.parametrize(
    ("name", "spac", "reit"),
    [
        ("NH스팩33호", True, False),
        ("신한제14호스팩", True, False),
        ("대우증권그린코리아SPAC(유가)", True, False),
        ("메리츠스팩2호", True, False),
        ("하나제1호기업인수목적", True, False),
        ("신한글로벌액티브리츠", False, True),
        ("케이비발해인프라투융자회사", False, True),
        ("메리츠화재", False, False),
        ("레몬헬스케어", False, False),
    ],
)
def test_what_kind_of_offer_a_name_means(name, spac, reit):
    assert (names.is_spac(name), names.is_reit(name)) == (spac, reit)
