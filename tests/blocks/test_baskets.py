"""Basket files: every row's own error, nothing sent from a wrong file, nothing sent twice."""

from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from openpyxl import Workbook

from brokers.adapters import client_for
from brokers.blocks.models import Basket, BasketRow, Block
from brokers.blocks.services import baskets, staging
from brokers.models import Order
from lucy.errors import LucyError
from tests.blocks.desk import SYMBOL, make_fund, make_plan
from tests.browser.desk import make_issues
from tests.services import eventually

pytestmark = pytest.mark.django_db
HEAD = "펀드코드,종목코드,구분,수량,비중,가격"


@pytest.fixture
def low(paper, account):
    make_issues()
    return int(client_for(account).quote(SYMBOL).lower_limit)


@pytest.fixture
def plan(trader, account, ls_account, low):
    funds = [make_fund("A", trader), make_fund("B", trader, cash=low * 100)]
    return make_plan(trader, [(funds[0], account, 6000), (funds[1], ls_account, 4000)])


def test_each_row_tells_its_own_error_and_nothing_is_sent(plan, trader, low):
    rows = [
        f"A,{SYMBOL},매수,10,,{low}",
        f"Z,{SYMBOL},매수,10,,{low}",
        f"A,999999,매수,10,,{low}",
        f"A,{SYMBOL},사자,10,,{low}",
        f"A,{SYMBOL},매도,ten,,{low}",
        f"B,{SYMBOL},매수,10,5,{low}",
        f"B,{SYMBOL},매도,,101,{low}",
        f"A,{SYMBOL},매수,1,,{low}",
        f"A,035720,매수,1,,{low + 1}",
    ]
    found = baskets.judge(trader, plan, "\n".join([HEAD, *rows]))
    said = [" ".join(row.errors) for row in found.rows]
    words = ["", "펀드", "종목코드", "구분", "숫자", "하나만", "비중", "위에", "호가단위"]
    assert [bool(text) for text in said] == [bool(word) for word in words]
    assert all(word in text for word, text in zip(words, said, strict=True))
    with pytest.raises(LucyError, match="오류가 있는 파일"):
        baskets.place(trader, plan, "wrong.csv", found.text)
    assert not Block.objects.exists()
    assert not Basket.objects.exists()


def test_a_file_is_ordered_once_row_by_row(plan, trader, low):
    text = "\n".join([HEAD, f"A,{SYMBOL},매수,10,,{low}", f"B,{SYMBOL},매수,,50%,{low}"])
    basket, is_new = baskets.place(trader, plan, "one.csv", text)
    assert is_new
    assert baskets.place(trader, plan, "other name.csv", text) == (basket, False)
    block = Block.objects.get()  # one issue, side and price: one block
    assert block.ordered_quantity == 10 + 49  # half of the cash, less the commission
    assert set(BasketRow.objects.values_list("number", "block")) == {(2, block.pk), (3, block.pk)}
    eventually(lambda: Order.objects.filter(status="accepted").count() == 2)


def test_a_basket_whose_process_died_is_continued(plan, trader, low, monkeypatch):
    text = "\n".join([HEAD, f"A,{SYMBOL},매수,10,,{low}", f"B,{SYMBOL},매수,5,,{low + 100}"])
    calls: list = []

    def dying(*args, **kwargs):
        calls.append(args)
        if len(calls) == 2:
            raise SystemExit
        return staging.place_block(*args, **kwargs)

    monkeypatch.setattr(baskets, "place_block", dying)
    with pytest.raises(SystemExit):
        baskets.place(trader, plan, "two.csv", text)
    monkeypatch.undo()
    baskets.place(trader, plan, "two.csv", text)
    assert sorted(Block.objects.values_list("ordered_quantity", flat=True)) == [5, 10]
    assert not BasketRow.objects.filter(block=None).exists()


def test_the_page_previews_an_excel_file_and_orders_it(plan, trader, low):
    book = Workbook()
    assert book.active is not None
    for cells in (["펀드코드", "종목코드", "구분", "수량", "가격"], ["A", SYMBOL, "매수", 10, low]):
        book.active.append(cells)
    body = BytesIO()
    book.save(body)
    browser = Client()
    browser.force_login(trader, backend="django.contrib.auth.backends.ModelBackend")
    file = SimpleUploadedFile("주문.xlsx", body.getvalue())
    page = browser.post("/blocks/basket/", {"plan": str(plan.pk), "file": file})
    assert "블록 1건 보내기" in page.content.decode()
    judged = page.context["judged"]
    sent = {"plan": str(plan.pk), "file_name": "주문.xlsx", "text": judged.text.replace("\n", "\r\n")}
    for _ in range(2):
        assert browser.post("/blocks/basket/place/", sent).status_code == 302
    assert Block.objects.count() == 1
    odd = browser.post("/blocks/basket/", {"plan": str(plan.pk), "file": SimpleUploadedFile("x.xlsx", b"no")})
    assert odd.status_code == 422


def test_a_table_without_its_columns_is_refused(plan, trader):
    for text in ("", "펀드코드,종목코드\nA,1", "a\nb"):
        with pytest.raises(LucyError):
            baskets.judge(trader, plan, text)
