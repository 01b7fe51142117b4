"""The allocation report: a day in parts, sums over all of it, files, REST; each their own funds only."""

import csv
from datetime import timedelta
from decimal import Decimal
from io import BytesIO

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook
from rest_framework.test import APIClient

from brokers.adapters import client_for
from brokers.blocks import reports
from brokers.blocks.allocated import Chosen, Sums, shares_in, sums_of
from brokers.blocks.models import AllocationShare, Block
from brokers.blocks.services import allocating
from brokers.blocks.services.staging import place_block
from brokers.blocks.terms import BlockStatus
from brokers.services.reconcile import reconcile
from lucy import clock
from tests.blocks.desk import SYMBOL, fill, make_fund, make_plan, orders_of, wish
from tests.downloads import downloaded
from tests.factories import make_account, make_user
from tests.services import eventually

pytestmark = pytest.mark.django_db

PAGE = reverse("blocks:allocations")
FILE = "blocks:allocations-file"


def browser_of(user):
    browser = Client()
    browser.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return browser


def make_block(plan, user, filled, **changes):
    """A block of the day and its shares: `filled` by leg, at 1,000 won, with 1 won of fee a share."""
    number, now, side = Block.objects.count(), clock.now(), changes.get("side", "buy")
    values = {"symbol": SYMBOL, "side": side, "trade_date": clock.trade_date()} | changes
    status = values.pop("status", BlockStatus.WORKING)
    total, tax = sum(filled), 2 * sum(filled) if side == "sell" else 0
    block = Block.objects.create(
        plan=plan, user=user, client_block_id=f"b{number}", name=f"종목 {values['symbol']}", price=1_000,
        order_type="limit", quantity=total, ordered_quantity=total, worst_value=total * 1_000, status=status,
        filled_quantity=total, filled_amount=total * 1_000, fee=total, tax=tax,
        created_at=now + timedelta(seconds=number), updated_at=now, **values,
    )  # fmt: skip
    for leg, part in zip(plan.legs.order_by("position"), filled, strict=True):
        AllocationShare.objects.create(
            block=block, position=leg.position, fund=leg.fund, account=leg.account, weight=leg.weight,
            ordered=part, filled=part, amount=part * 1_000, fee=part, tax=2 * part if side == "sell" else 0,
            created_at=block.created_at, **values,
        )  # fmt: skip
    return block


@pytest.fixture
def manager():
    return make_user("manager")


@pytest.fixture
def plan(manager):
    account = make_account(manager)
    return make_plan(manager, [(make_fund(code, manager), account, 5000) for code in "AB"])


@pytest.fixture
def full_day(plan, manager):
    """Buys and sales, two issues, one of them final; one of yesterday; 61 allocations of today."""
    yesterday = clock.trade_date() - timedelta(days=1)
    make_block(plan, manager, [900, 900], trade_date=yesterday)
    for _ in range(28):
        make_block(plan, manager, [3, 2])
    make_block(plan, manager, [7, 1], side="sell", status=BlockStatus.FINAL)
    make_block(plan, manager, [5, 0], symbol="000660")
    make_block(plan, manager, [4, 4], symbol="000660", side="sell")
    return plan


def parts(browser, **query):
    """Every row of the list, part after part, and how many each part had."""
    rows, sizes, after = [], [], ""
    while True:
        part = browser.get(PAGE, query | ({"after": after} if after else {})).context["part"]
        rows += [row.pk for row in part.rows]
        sizes.append(len(part.rows))
        if not (after := part.after):
            return rows, sizes


def test_the_day_comes_in_parts_and_its_sums_are_of_all_of_it(full_day, manager):
    browser = browser_of(manager)
    rows, sizes = parts(browser)
    assert sizes == [50, 11]
    assert len(set(rows)) == 61
    page = browser.get(PAGE)
    sums = page.context["sums"]
    assert (sums.buys.shares, sums.sells.shares) == (28 * 5 + 5, 8 + 8)
    assert sums.net == (16 - 145) * 1_000 - 161 - 32
    words = page.content.decode()
    assert "−129,193" in words or "-129,193" in words
    assert "900,000" not in words  # yesterday's
    assert "조건으로 배분된 체결이 없습니다" in browser.get(PAGE, {"day": "2020-01-02"}).content.decode()


def test_filters_narrow_rows_sums_and_files_alike(full_day, manager):
    browser = browser_of(manager)
    for query, count in (
        ({"fund": "A"}, 31),
        ({"side": "sell"}, 4),
        ({"symbol": "000660"}, 3),
        ({"final": "yes"}, 2),
        ({"final": "no"}, 59),
        ({"fund": "B", "symbol": "000660", "side": "sell", "final": "no"}, 1),
        ({"symbol": "035720"}, 0),
    ):
        rows, _ = parts(browser, **query)
        assert len(rows) == count, query
        sums = browser.get(PAGE, query).context["sums"]
        assert sums == sum((Sums.of(row) for row in AllocationShare.objects.filter(pk__in=rows)), Sums())
        _, file = downloaded(manager, FILE, "csv", **query)
        assert len(file.decode().splitlines()) == 1 + count


def test_each_sees_their_own_funds_in_rows_and_sums(full_day, manager):
    """Sums come from blocks seen whole, from shares of those seen in part; both count the same."""
    half, stranger, office = make_user("half"), make_user("stranger"), make_user("office")
    office.user_permissions.add(Permission.objects.get(codename="see_every_fund"))
    fund = full_day.legs.get(position=1).fund
    fund.grants.create(user=half)
    own = make_plan(half, [(fund, make_account(half), 10_000)], code="OWN")
    make_block(own, half, [11])
    today = clock.trade_date()
    for user, count in ((half, 32), (stranger, 0), (office, 62), (manager, 62)):
        chosen = Chosen(user, today)
        rows = list(shares_in(chosen))
        assert len(rows) == count
        assert sums_of(chosen) == sum(map(Sums.of, rows), Sums()), user
    assert browser_of(half).get(PAGE, {"fund": "B"}).status_code == 404
    assert "모든 펀드" in browser_of(stranger).get(PAGE).content.decode()


def test_the_files_say_the_same_fund_after_fund(full_day, manager, monkeypatch):
    found = {kind: downloaded(manager, FILE, kind) for kind in ("csv", "xlsx", "pdf")}
    assert all(answer.streaming for answer, _ in found.values())
    bodies = {kind: body for kind, (_, body) in found.items()}
    lines = list(csv.reader(bodies["csv"].decode("utf-8-sig").splitlines()))
    sheet = load_workbook(BytesIO(bodies["xlsx"])).active
    assert sheet is not None
    rows = list(sheet.iter_rows(values_only=True))
    assert [line[0] for line in lines] == [row[0] for row in rows] == ["펀드코드", *["A"] * 31, *["B"] * 30]
    assert sum(int(str(row[6])) for row in rows[1:]) == 161
    assert bodies["pdf"].startswith(b"%PDF")
    assert b"HYGothic-Medium" in bodies["pdf"]
    monkeypatch.setattr(reports, "PDF_ROWS", 60)
    browser = browser_of(manager)
    refused = browser.get(reverse(FILE, args=["pdf"]), {"side": ""}, follow=True)
    assert "60줄까지입니다" in refused.content.decode()
    assert browser.get(reverse(FILE, args=["exe"])).status_code == 404


def test_scripts_read_it_a_page_at_a_time(full_day, manager):
    erp = APIClient()
    erp.force_authenticate(manager)
    first = erp.get("/api/v1/allocations/", {"fund": "A", "limit": 20}).json()
    second = erp.get(first["next"]).json()
    assert (len(first["results"]), len(second["results"]), second["next"]) == (20, 11, None)
    assert first["sums"] == second["sums"]
    assert first["sums"]["sell"] == {"shares": 11, "amount": "11000", "fee": "11", "tax": "22"}
    final = erp.get("/api/v1/allocations/", {"final": "true"}).json()["results"]
    assert [(row["fund"], row["filled"], row["final"]) for row in final] == [("B", 1, True), ("A", 7, True)]
    assert erp.get("/api/v1/allocations/", {"fund": "nobodys"}).status_code == 404
    assert erp.get("/api/v1/allocations/", {"cursor": "odd"}).status_code == 400


def test_fills_reach_the_report_on_the_day_the_block_left(paper, account, ls_account, trader):
    """A block that was written the day before; its fees stand with it, the sum of its shares'."""
    legs = [(make_fund(code, trader), one, 5000) for code, one in (("A", account), ("B", ls_account))]
    low = client_for(account).quote(SYMBOL).lower_limit
    block = place_block(trader, "b1", make_plan(trader, legs), wish(low, 100))
    AllocationShare.objects.update(trade_date=clock.trade_date() - timedelta(days=1))
    eventually(lambda: Block.objects.get(pk=block.pk).status == "working")
    for order in orders_of(block):
        fill(paper, order, 3)
        reconcile(order.account)
    kept = allocating.refresh(block.pk)
    assert kept is not None
    chosen = Chosen(trader, clock.trade_date())
    rows = list(shares_in(chosen))
    assert [row.filled for row in rows] == [3, 3]
    assert kept.fee == sum(row.fee for row in rows) > Decimal(0)
    assert sums_of(chosen) == sum(map(Sums.of, rows), Sums())
