"""공모주-기록: by hand, from a file, into a file; who may, and what a bad row may not do."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ipo.models import OfferingHistory
from ipo.services.history import read_file, write_file
from lucy.errors import LucyError
from tests.factories import make_user
from tests.ipo.rows import make_history

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}
SAMPLE = Path(__file__).parent / "data" / "ipo_history_sample.csv"
GOOD = '회사명,종목코드,상장일,확정공모가,최고체결가\n가나다,012345,2026.05.06,"10,000","21,500"\n'
BAD = f"{GOOD}라마바,,2026-13-40,만원,\n"


@pytest.fixture
def keeper(client, trader):
    client.force_login(trader)
    return client


def upload(client, text, name="a.csv"):
    body = text if isinstance(text, bytes) else text.encode()
    return client.post("/ipo/history/import/", {"file": SimpleUploadedFile(name, body)})


def store(client, text, **more):
    return client.post("/ipo/history/import/store/", {"text": text, **more}, follow=True)


# --- by hand ------------------------------------------------------------------------------------------------


def fields(**changes):
    return {"company": "니어스랩", "code": "0156T0", "offer_price": "41,200"} | changes


def test_a_row_is_added_changed_and_deleted(keeper):
    assert keeper.post("/ipo/history/add/", fields(), headers=HTMX).headers["HX-Refresh"] == "true"
    row = OfferingHistory.objects.get()
    assert (row.offer_price, row.sales_eok, row.key) == (Decimal(41_200), None, "0156T0")
    keeper.post(f"/ipo/history/{row.pk}/", fields(first_day_high="60,000"), headers=HTMX)
    row.refresh_from_db()
    assert row.first_day_high == 60_000
    assert "니어스랩" in keeper.get(f"/ipo/history/{row.pk}/delete/").content.decode()
    assert OfferingHistory.objects.exists()  # asked first
    keeper.post(f"/ipo/history/{row.pk}/delete/", headers=HTMX)
    assert not OfferingHistory.objects.exists()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"company": ""}, "필수"),
        ({"offer_price": "만원"}, "숫자로 적으세요."),
        ({"offer_price": "0"}, "1"),
        ({"code": "12"}, "여섯 자"),
        ({"listing_on": "2026-02-30"}, "날짜"),
    ],
)
def test_a_mistake_is_shown_where_it_is(keeper, changes, words):
    reply = keeper.post("/ipo/history/add/", fields(**changes), headers=HTMX)
    assert reply.status_code == 422
    assert words in reply.content.decode()
    assert not OfferingHistory.objects.exists()


def test_the_same_issue_twice_is_refused(keeper):
    make_history(code="0156T0")
    assert "이미 있는 종목입니다" in keeper.post("/ipo/history/add/", fields()).content.decode()


def test_who_is_in_no_group_only_reads(client):
    client.force_login(make_user("nobody"))
    row = make_history(company="니어스랩")
    shown = client.get("/ipo/history/").content.decode()
    assert "니어스랩" in shown
    assert "기록 추가" not in shown
    for address in ("add/", "import/", f"{row.pk}/", f"{row.pk}/delete/"):
        assert client.get(f"/ipo/history/{address}").status_code == 403
    for address in ("/ipo/history/import/store/", f"/ipo/history/{row.pk}/delete/", "/ipo/forecast/make/"):
        assert client.post(address).status_code == 403
    assert OfferingHistory.objects.count() == 1


def test_a_long_history_goes_on_in_parts(keeper):
    OfferingHistory.objects.bulk_create(
        OfferingHistory(company=f"회사{i:03d}", key=f"name:회사{i:03d}", offer_price=10_000)
        for i in range(103)
    )
    assert "from=100" in keeper.get("/ipo/history/").content.decode()
    rest = keeper.get("/ipo/history/", {"from": "100"}, headers=HTMX).content.decode()
    assert rest.count("history-row") == 3


# --- from a file --------------------------------------------------------------------------------------------


def test_looking_at_a_file_stores_nothing(keeper):
    shown = upload(keeper, GOOD).content.decode()
    assert "1건 가져오기" in shown
    assert not OfferingHistory.objects.exists()


def test_a_good_file_goes_in_whole(keeper):
    assert "1건을 가져왔습니다" in store(keeper, GOOD).content.decode()
    row = OfferingHistory.objects.get()
    assert (row.company, row.code, row.listing_on) == ("가나다", "012345", date(2026, 5, 6))
    assert row.multiple == Decimal("2.15")


def test_every_bad_cell_is_named_with_its_row(keeper):
    shown = upload(keeper, BAD).content.decode()
    assert "&#x27;2026-13-40&#x27;을(를) 연-월-일로 읽을 수 없습니다" in shown
    assert "&#x27;만원&#x27;은(는) 숫자가 아닙니다" in shown
    assert "오류가 있는 1행은 빼고 1건만 가져옵니다" in shown


def test_nothing_of_a_file_with_an_error_goes_in_unless_chosen(keeper):
    assert "아무것도 가져오지 않았습니다" in store(keeper, BAD).content.decode()
    assert not OfferingHistory.objects.exists()
    assert "1건을 가져왔습니다" in store(keeper, BAD, only_good="1").content.decode()
    assert OfferingHistory.objects.get().company == "가나다"


def test_a_known_row_changes_and_keeps_what_the_file_leaves_empty(keeper):
    make_history(company="가나다", code="012345", first_day_high=20_000, note="그대로")
    assert "20,000 → <b>21,500</b>" in upload(keeper, GOOD).content.decode()
    store(keeper, GOOD)
    row = OfferingHistory.objects.get()
    assert (row.first_day_high, row.note, row.sales_eok) == (Decimal(21_500), "그대로", Decimal("148.77"))
    assert "그대로" in upload(keeper, GOOD).content.decode()
    assert read_file(GOOD).counts == {"new": 0, "change": 0, "same": 1, "error": 0}


def test_a_firm_that_gets_its_code_stays_one_row(keeper):
    make_history(company="가나다", code="")
    store(keeper, GOOD)
    assert OfferingHistory.objects.get().key == "012345"


def test_the_sample_reads_in_full(keeper):
    text = SAMPLE.read_text(encoding="utf-8")
    preview = read_file(text)
    assert preview.counts == {"new": 36, "change": 0, "same": 0, "error": 0}
    assert {"38_no", "청약경쟁률", "시초가", "출처"} <= set(preview.unused)
    store(keeper, text)
    row = OfferingHistory.objects.get(company="리센스메디컬")
    assert (row.offer_price, row.institution_ratio, row.lockup_percent, row.first_day_high) == (
        *(Decimal(11_000), Decimal("1352.63"), Decimal("63.92"), None),
    )
    assert OfferingHistory.objects.get(company__startswith="덕산넵코어스").offer_price == 14_600


def test_the_originals_own_headings_are_understood():
    text = (
        "Company,StkCode,FinalOfferingPrice,Revenue,InstitutionalSubscriptionRatio,LockupAgreement,NetIncome,"
        "MaxValue,MultipleVariable,Notes\n산일전기,62040,35000,2145.12,413.87:1,43.9%,386.99,56000,1.6,\n"
    )
    (line,) = read_file(text).lines
    assert line.errors == []
    assert line.values["code"] == "062040"
    assert (line.values["institution_ratio"], line.values["lockup_percent"]) == (
        Decimal("413.87"),
        Decimal("43.90"),
    )


def test_sales_in_millions_are_told_in_eok():
    (line,) = read_file('회사명,확정공모가,매출액(백만원)\n가,1000,"14,877"\n').lines
    assert line.values["sales_eok"] == Decimal("148.77")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("회사명\n가\n", "확정공모가 열이 없습니다"),
        ("회사명,종목명,확정공모가\n가,나,1\n", "두 번"),
        ("\n\n", "비어 있습니다"),
        ("회사명,확정공모가\n" + "가,1\n" * 5001, "5,000행까지"),
        ('회사명,확정공모가\n"가,1\n', "CSV로 읽을 수 없습니다"),
        ("회사명,확정공모가\n가\0,1\n", "CSV 파일이 아닙니다"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(text, words):
    with pytest.raises(LucyError, match=words):
        read_file(text)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("가,,10000", "칸이 3개입니다"),
        (",1000,,", "회사명이(가) 비어 있습니다"),
        ("가,,,", "확정공모가이(가) 비어 있습니다"),
        ("가,-5,,", "확정공모가"),
        ("가,10000.5,,", "소수점 없이"),
        ("가,Infinity,,", "숫자가 아닙니다"),
        ("가,1e400,,", "숫자가 아닙니다"),
        ("가,10000,ABC,", "종목코드"),
        (f"{'가' * 101},10000,,", "회사명"),
    ],
)
def test_a_bad_row_is_an_error_of_its_own(row, words):
    preview = read_file(f"회사명,확정공모가,종목코드,비고\n{row}\n나,10000,,\n")
    assert [line.deed for line in preview.lines] == ["error", "new"]
    assert words in " ".join(preview.lines[0].errors)


def test_the_same_issue_twice_in_a_file_is_an_error():
    preview = read_file("회사명,확정공모가\n니어스랩,1000\n니어스랩(구.옛이름),2000\n")
    assert preview.lines[1].errors == ["2행과 같은 종목입니다."]


def test_odd_values_are_warned_of_and_stored():
    (line,) = read_file("회사명,확정공모가,최고가\n가,1000,9000\n").lines
    assert line.deed == "new"
    assert "9.00배" in line.warnings[0]


def test_korean_windows_files_are_read_and_others_refused(keeper):
    assert "1건 가져오기" in upload(keeper, GOOD.encode("cp949")).content.decode()
    assert "글자를 읽을 수 없습니다" in upload(keeper, b"\xff\xfe\x00\x81\x20").content.decode()
    assert "너무 큽니다" in upload(keeper, b"a" * 1_000_001).content.decode()
    assert "파일을 고르세요" in keeper.post("/ipo/history/import/", {}).content.decode()


@given(
    st.text(max_size=200),
    st.lists(
        st.sampled_from(["가", "1e9", "-", "2026-13-01", '"', ",", "\n", "9" * 30, "٣", "=1"]), max_size=30
    ),
)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_text_breaks_the_reader(noise, pieces):
    for text in (noise, f"회사명,확정공모가,상장일,종목코드,기관경쟁률\n{','.join(pieces)}\n{noise}"):
        try:
            preview = read_file(text)
        except LucyError:
            continue
        assert all(line.errors or line.values["company"] for line in preview.lines)


# --- into a file --------------------------------------------------------------------------------------------


def test_what_is_exported_can_be_imported_again(keeper):
    make_history(company='=HYPERLINK("x")', note="-1+2")
    make_history(company="보통, 회사", sales_eok=None, lockup_percent=Decimal(0))
    reply = keeper.get("/ipo/history/export.csv")
    assert "attachment" in reply["Content-Disposition"]
    text = reply.content.decode("utf-8-sig")
    assert "'=HYPERLINK" in text  # a spreadsheet shows it and runs nothing
    assert read_file(text).counts == {"new": 0, "change": 0, "same": 2, "error": 0}
    kept = list(OfferingHistory.objects.order_by("key").values_list("company", "note", "lockup_percent"))
    OfferingHistory.objects.all().delete()
    store(keeper, write_file([]) + text.split("\r\n", 1)[1])
    again = OfferingHistory.objects.order_by("key").values_list("company", "note", "lockup_percent")
    assert list(again) == kept
