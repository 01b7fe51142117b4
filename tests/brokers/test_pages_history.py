"""Trades and profit of a period by the broker's own record, on the page and as files."""

import csv
import io
from datetime import timedelta

import pytest
from django.urls import reverse
from openpyxl import load_workbook

from brokers import exports
from brokers.models import Fill, OrderNumber, OrderOrigin
from brokers.paper.faults import Action, Rule
from brokers.terms import Side
from brokers.views import files
from lucy import clock
from tests.brokers.adapters.test_history import trade
from tests.brokers.test_pages import make_fill, signed_in
from tests.downloads import downloaded
from tests.factories import make_account, make_order, make_user

pytestmark = pytest.mark.django_db


def page_of(user, name, **query):
    answer = signed_in(user).get(reverse(f"brokers:{name}"), query)
    assert answer.status_code == 200
    return answer.content.decode()


def known(account, number, **changes):
    order = make_order(account, broker_order_no=number, **changes)
    OrderNumber.objects.create(account=account, order=order, number=number, trade_date=clock.trade_date())
    return order


def sheet_of(content):
    return list(load_workbook(io.BytesIO(content)).active.iter_rows(values_only=True))


def test_kis_lines_say_whose_they_are_by_their_number(paper, account, trader):
    own = known(account, trade(paper, account, Side.BUY, 3))
    elsewhere = known(account, trade(paper, account, Side.SELL, 2), origin=OrderOrigin.ELSEWHERE)
    trade(paper, account, Side.BUY, 1)  # nobody told Lucy
    part = page_of(trader, "trade-rows", account=account.pk)
    assert part.count('class="trade-row"') == 3
    assert reverse("brokers:order", args=[own.pk]) in part
    assert reverse("brokers:order", args=[elsewhere.pk]) in part
    for label in (">Lucy</a>", ">외부</a>", ">기록 없음</span>"):
        assert part.count(label) == 1
    only_sales = page_of(trader, "trade-rows", account=account.pk, side="sell")
    assert only_sales.count('class="trade-row"') == 1
    assert "2줄은 뺐습니다" in only_sales


def test_ls_lines_find_their_order_by_the_fills_shape(paper, ls_account, trader):
    for _ in range(2):
        trade(paper, ls_account, Side.BUY, 3)
    executions = paper.call(lambda broker: broker.ledger.accounts.by_number[ls_account.number].executions)
    order = make_order(ls_account, trader)
    Fill.objects.create(
        account=ls_account, order=order, trade_date=clock.trade_date(), broker_order_no="1", fill_no="1",
        symbol="005930", side="buy", quantity=3, price=executions[0].price, executed_at=clock.now(),
        recorded_at=clock.now(),
    )  # fmt: skip
    part = page_of(trader, "trade-rows", account=ls_account.pk)
    assert part.count('class="trade-row"') == 2
    assert (part.count(">Lucy</a>"), part.count(">기록 없음</span>")) == (1, 1)


def test_the_next_page_is_asked_for_with_the_brokers_own_cursor(paper, ls_account, trader):
    for _ in range(21):
        trade(paper, ls_account, Side.BUY, 1)
    browser = signed_in(trader)
    first = page_of(trader, "trade-rows", account=ls_account.pk)
    assert first.count('class="trade-row"') == 20
    address = first.split('hx-get="')[-1].split('"')[0].replace("&amp;", "&")
    rest = browser.get(address).content.decode()
    assert rest.count('class="trade-row"') == 1
    assert "다음 쪽" not in rest
    forged = browser.get(reverse("brokers:trade-rows"), {"account": ls_account.pk, "after": '["x", 1]'})
    assert forged.status_code == 404


def test_a_silent_broker_leaves_the_page_and_names_the_part(paper, account, trader):
    rule = Rule(Action.ANSWER, broker="kis", times=None, status=500)
    paper.call(lambda running: running.faults.add(rule))
    assert "거래내역" in page_of(trader, "trades")
    for name in ("trade-rows", "trade-totals", "profit-figures"):
        part = page_of(trader, name, account=account.pk)
        assert "받지 못했습니다" in part
        assert "다시 묻기" in part
    answer = signed_in(trader).get(reverse("brokers:trades-file", args=["csv"]), {"account": account.pk})
    assert answer.status_code == 302  # back to the page, which says why


def test_profit_is_told_by_day_and_by_issue(paper, account, ls_account, trader):
    for one in (account, ls_account):
        trade(paper, one, Side.BUY, 3)
        trade(paper, one, Side.SELL, 2)
        realised = int(
            sum(
                execution.realised
                for execution in paper.call(
                    lambda broker, number=one.number: broker.ledger.accounts.by_number[number].executions
                )
            )
        )
        part = page_of(trader, "profit-figures", account=one.pk)
        assert f"{abs(realised):,}" in part
        assert f'"value": {realised}' in part
        assert "종목별" in part
        assert f"{abs(realised):,}" in page_of(trader, "trade-totals", account=one.pk)


def test_files_hold_the_whole_period_and_what_the_filters_want(paper, ls_account, trader):
    for _ in range(21):
        trade(paper, ls_account, Side.BUY, 1)
    trade(paper, ls_account, Side.SELL, 2)
    asked = {"account": ls_account.pk, "side": "buy"}
    answer, content = downloaded(trader, "brokers:trades-file", "csv", **asked)
    assert ".csv" in answer["Content-Disposition"]
    lines = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    assert (lines[0][:4], len(lines)) == (["매매일", "시각", "주문번호", "종목코드"], 22)
    assert {line[5] for line in lines[1:]} == {"매수"}
    _, content = downloaded(trader, "brokers:trades-file", "xlsx", **asked)
    rows = sheet_of(content)
    assert (len(rows), rows[1][3], rows[1][8]) == (22, "005930", 1)
    _, content = downloaded(trader, "brokers:profits-file", "csv", account=ls_account.pk)
    assert content.decode("utf-8-sig").splitlines()[1].split(",")[3:6:2] == ["21", "2"]
    answer, _ = downloaded(trader, "brokers:trades-file", "exe", **asked)
    assert answer.status_code == 404


def test_own_orders_and_fills_are_files_too(account, trader):
    order = make_order(
        account, trader, broker_order_no="7", name="=삼성전자", status="filled", filled_quantity=10
    )
    make_fill(order)
    hidden = make_order(make_account(make_user()), broker_order_no="8", name="남의 종목")
    make_fill(hidden)
    _, content = downloaded(trader, "brokers:orders-file", "csv")
    (line,) = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))[1:]
    assert line[2:5] == ["005930", "'=삼성전자", "매수"]
    assert line[11:15] == ["체결", "Lucy", trader.username, "7"]
    _, content = downloaded(trader, "brokers:fills-file", "xlsx")
    (row,) = sheet_of(content)[1:]
    assert row[5:9] == (10, 70_000, 700_000, "7")
    assert downloaded(trader, "brokers:fills-file", "csv", side="sell")[1].decode().count("\n") == 1


def test_a_sheet_too_long_for_excel_is_refused_with_a_way_out(paper, account, trader, monkeypatch):
    monkeypatch.setattr(files, "EXCEL_ROWS", 1)
    for _ in range(2):
        trade(paper, account, Side.BUY, 1)
    address = reverse("brokers:trades-file", args=["xlsx"])
    page = signed_in(trader).get(address, {"account": account.pk}, follow=True)
    assert "CSV로 받거나 기간을 줄이세요" in page.content.decode()


def test_no_text_becomes_a_formula():
    told = "".join(exports.csv_lines(["이름"], [["=1+1"], ["@SUM(A1)"], ["-"], ["삼성"]]))
    assert told.splitlines()[1:] == ["'=1+1", "'@SUM(A1)", "'-", "삼성"]


@pytest.mark.parametrize(
    "query", [{"first": "2026-13-01"}, {"first": "2019-01-01"}, {"side": "never"}, {"account": "x"}]
)
def test_a_wrong_period_or_account_asks_nothing(trader, account, query):
    browser = signed_in(trader)
    page = browser.get(reverse("brokers:trades"), query).content.decode()
    assert "field-error" in page
    assert reverse("brokers:trade-rows") not in page
    assert browser.get(reverse("brokers:trade-rows"), query).status_code == 404


def test_another_traders_past_is_not_told(trader, account):
    hidden = make_account(make_user())
    browser = signed_in(trader)
    for name in ("trade-rows", "trade-totals", "profit-figures"):
        assert browser.get(reverse(f"brokers:{name}"), {"account": hidden.pk}).status_code == 404
    for name in ("trades-file", "profits-file"):
        address = reverse(f"brokers:{name}", args=["csv"])
        assert browser.get(address, {"account": hidden.pk}).status_code == 404


def test_a_period_without_days_is_the_last_week_and_this_month(trader, account):
    today = clock.trade_date()
    assert f'value="{today - timedelta(days=6)}"' in page_of(trader, "trades")
    assert f'value="{today.replace(day=1)}"' in page_of(trader, "profits")
