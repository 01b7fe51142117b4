"""Basket files: every row's own error, nothing sent from a wrong file, nothing sent twice."""

import threading
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import Workbook

from brokers.adapters import client_for
from brokers.blocks.models import Basket, BasketRow, Block
from brokers.blocks.services import baskets, staging
from brokers.blocks.services.basket_rows import judge
from brokers.models import Order
from brokers.services import facts
from lucy import clock
from lucy.errors import LucyError
from tests.accounts.callers import browser_of
from tests.blocks.desk import SYMBOL, make_fund, make_plan
from tests.browser.desk import make_issues
from tests.factories import make_user
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


def all_tried():
    """Every row became part of a block, or says why not."""
    eventually(lambda: not BasketRow.objects.filter(block=None, note="").exists())


def place(user, plan, name, text):
    """As a person does: look, then send what was looked at."""
    placed = baskets.place(user, plan, baskets.looked(judge(user, plan, text), name))
    all_tried()
    return placed


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
    found = judge(trader, plan, "\n".join([HEAD, *rows]))
    said = [" ".join(row.errors) for row in found.rows]
    words = ["", "펀드코드", "종목코드", "구분", "숫자", "하나만", "비중", "위에", "호가단위"]
    assert [bool(text) for text in said] == [bool(word) for word in words]
    assert all(word in text for word, text in zip(words, said, strict=True))
    with pytest.raises(LucyError, match="오류가 있는 파일"):
        place(trader, plan, "wrong.csv", found.text)
    assert not Block.objects.exists()
    assert not Basket.objects.exists()


def test_a_file_is_ordered_once_row_by_row(plan, trader, low):
    text = "\n".join([HEAD, f"A,{SYMBOL},매수,10,,{low}", f"B,{SYMBOL},매수,,50%,{low}"])
    basket, is_new = place(trader, plan, "one.csv", text)
    assert is_new
    assert place(trader, plan, "other name.csv", text) == (basket, False)
    block = Block.objects.get()  # one issue, side and price: one block
    assert block.ordered_quantity == 10 + 49  # half of the cash, less the commission
    assert set(BasketRow.objects.values_list("number", "block")) == {(2, block.pk), (3, block.pk)}
    eventually(lambda: Order.objects.filter(status="accepted").count() == 2)


def test_a_basket_whose_process_died_is_continued_by_the_sweep(plan, trader, low, monkeypatch):
    text = "\n".join([HEAD, f"A,{SYMBOL},매수,10,,{low}", f"B,{SYMBOL},매수,5,,{low + 100}"])
    died = threading.Event()

    def dying(user, name, plan, wish, **more):
        if wish.price != low:
            died.set()
            raise RuntimeError("the process dies here")
        return staging.place_block(user, name, plan, wish, **more)

    monkeypatch.setattr(baskets, "place_block", dying)
    baskets.place(trader, plan, baskets.looked(judge(trader, plan, text), "two.csv"))
    died.wait(10)
    eventually(lambda: BasketRow.objects.filter(block=None).count() == 1)
    monkeypatch.undo()
    assert baskets.resume() == 0  # it may still live
    Basket.objects.update(created_at=clock.now() - timedelta(minutes=2))
    assert baskets.resume() == 1
    all_tried()
    assert sorted(Block.objects.values_list("ordered_quantity", flat=True)) == [5, 10]
    BasketRow.objects.filter(number=3).update(block=None)
    Basket.objects.update(created_at=clock.now() - timedelta(days=1))
    assert baskets.resume() == 0  # another day's market
    with pytest.raises(LucyError, match="다른 날"):
        baskets.again(Basket.objects.get())


def test_the_page_previews_an_excel_file_and_orders_it(plan, trader, low):
    book = Workbook()
    assert book.active is not None
    for cells in (["펀드코드", "종목코드", "구분", "수량", "가격"], ["A", SYMBOL, "매수", 10, low]):
        book.active.append(cells)
    body = BytesIO()
    book.save(body)
    browser = browser_of(trader)
    file = SimpleUploadedFile("주문.xlsx", body.getvalue())
    page = browser.post("/blocks/basket/", {"plan": str(plan.pk), "file": file})
    assert "블록 1건 보내기" in page.content.decode()
    sent = {"look": page.context["look"]}
    assert browser.post("/blocks/basket/place/", sent).status_code == 302  # not read
    assert not Basket.objects.exists()
    for _ in range(2):
        done = browser.post("/blocks/basket/place/", sent | {"read": "on"})
        assert done.url == f"/blocks/basket/{Basket.objects.get().pk}/"  # type: ignore[attr-defined]
    all_tried()
    assert Block.objects.count() == 1
    shown = browser.get(done.url).content.decode()  # type: ignore[attr-defined]
    assert "주문.xlsx" in shown
    assert browser_of(make_user()).get(done.url).status_code == 404  # type: ignore[attr-defined]
    file.seek(0)
    again = browser.post("/blocks/basket/", {"plan": str(plan.pk), "file": file})
    assert again.url == done.url  # type: ignore[attr-defined]  # the same file: as the first time
    odd = browser.post("/blocks/basket/", {"plan": str(plan.pk), "file": SimpleUploadedFile("x.xlsx", b"no")})
    assert odd.status_code == 422
    assert "보낸 주문은 없습니다" in odd.content.decode()


def test_what_leaves_is_what_was_looked_at(plan, trader, low):
    """A row without a price, and a weight: worked out once, not again when the market has moved."""
    text = "\n".join([HEAD, f"A,{SYMBOL},매수,10,,", f"B,{SYMBOL},매수,,50%,{low}"])
    seen = baskets.looked(judge(trader, plan, text), "f.csv")
    sent = baskets.looked_at(trader, baskets.sealed(trader, seen))
    assert sent == seen
    with pytest.raises(LucyError, match="10분"):
        baskets.looked_at(make_user(), baskets.sealed(trader, seen))
    baskets.place(trader, plan, sent)
    all_tried()
    prices = {block.price for block in Block.objects.all()}
    assert prices == {line.price for line in seen.lines}


def test_a_file_sent_twice_at_once_is_told_to_both_as_sent(plan, trader, low, monkeypatch):
    what = baskets.looked(judge(trader, plan, f"{HEAD}\nB,{SYMBOL},매수,90,,{low}"), "all.csv")
    look, first = baskets.previews, []  # type: ignore[attr-defined]

    def late(*args):
        monkeypatch.setattr(baskets, "previews", look)
        first.append(baskets.place(trader, plan, what)[0])
        all_tried()
        return look(*args)

    monkeypatch.setattr(baskets, "previews", late)
    assert baskets.place(trader, plan, what) == (first[0], False)
    assert (Block.objects.count(), BasketRow.objects.filter(note="").count()) == (1, 1)


def test_an_issue_that_has_not_traded_needs_a_price(plan, trader, low, account, monkeypatch):
    none = replace(client_for(account).quote(SYMBOL), price=Decimal(0))
    monkeypatch.setattr(facts, "quote_of", lambda *_: none)
    (row,) = judge(trader, plan, f"{HEAD}\nA,{SYMBOL},매수,,10,").rows
    assert row.errors == ["현재가가 없습니다. 가격을 적으세요."]


def test_rows_that_are_refused_keep_the_reason_and_leave_later(plan, trader, low, monkeypatch):
    text = "\n".join([HEAD, f"A,{SYMBOL},매수,10,,{low}", f"B,{SYMBOL},매수,5,,{low + 100}"])

    def moody(user, name, plan, wish, **more):
        if wish.price != low:
            raise LucyError("block_refused", "그 사이 현금이 모자랍니다.", status=409)
        return staging.place_block(user, name, plan, wish, **more)

    monkeypatch.setattr(baskets, "place_block", moody)
    basket, _new = place(trader, plan, "two.csv", text)
    monkeypatch.undo()
    assert BasketRow.objects.get(block=None).note == "그 사이 현금이 모자랍니다."
    address = f"/blocks/basket/{basket.pk}/"
    assert "그 사이 현금이" in browser_of(trader).get(address).content.decode()
    assert browser_of(make_user()).post(f"{address}resume/").status_code == 404
    browser_of(trader).post(f"{address}resume/")
    all_tried()
    assert not BasketRow.objects.filter(block=None).exists()
    assert sorted(Block.objects.values_list("ordered_quantity", flat=True)) == [5, 10]


def test_the_example_is_read_and_orders_nothing(plan, trader):
    browser = browser_of(trader)
    for kind in ("csv", "xlsx"):
        file = SimpleUploadedFile(f"example.{kind}", browser.get(f"/blocks/basket/example.{kind}").content)
        page = browser.post("/blocks/basket/", {"plan": str(plan.pk), "file": file})
        assert page.status_code == 422
        assert [row.symbol for row in page.context["judged"].rows] == ["005930", "000660", "069500"]
        assert all("펀드코드" in row.errors[0] for row in page.context["judged"].rows)
    assert not Basket.objects.exists()


def test_zeros_that_a_spreadsheet_cut_off_are_put_back_and_rows_keep_their_numbers(plan, trader, low):
    found = judge(trader, plan, f"{HEAD}\n\nA,5930,매수,10,,{low}\n")
    assert [(row.number, row.symbol, row.errors) for row in found.rows] == [(3, SYMBOL, [])]


def test_a_table_without_its_columns_is_refused(plan, trader):
    for text in ("", "펀드코드,종목코드\nA,1", "a\nb"):
        with pytest.raises(LucyError):
            judge(trader, plan, text)
