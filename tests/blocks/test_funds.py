"""Keeping funds: who may, what is refused and where it says so, what the history tells, nothing lost."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from accounts.roles import BACK_OFFICE
from brokers.adapters import client_for
from brokers.blocks.models import Block, Fund, FundHolding, FundTarget, IssueRule
from brokers.blocks.selectors import position_of
from brokers.blocks.services import funds
from brokers.blocks.services.funds import Books, Head, Restriction
from brokers.blocks.services.staging import place_block
from brokers.blocks.terms import IssueStance
from brokers.models import RuleChange
from brokers.terms import Side
from lucy import clock
from lucy.errors import LucyError
from tests.accounts.callers import browser_of, error_of, make_staff, script_of
from tests.blocks.desk import SYMBOL, make_fund, make_plan, wish
from tests.browser.desk import make_issues
from tests.factories import make_user
from tests.services import eventually

pytestmark = pytest.mark.django_db
OTHER = "035720"
KEPT = ("edit-fund", "fund-books", "fund-restrictions")


@pytest.fixture
def staff(db):
    make_issues()
    return make_staff(BACK_OFFICE, "office")


@pytest.fixture
def fund(trader):
    return make_fund("A", trader, cash=5_000_000)


def rows(*given, **more):
    """A table as the page sends it."""
    sent = {"row-TOTAL_FORMS": str(len(given)), "row-INITIAL_FORMS": "0"} | more
    for index, row in enumerate(given):
        sent |= {f"row-{index}-{name}": str(value) for name, value in row.items()}
    return sent


def refusal_of(deed, *given, **more):
    with pytest.raises(LucyError) as refused:
        deed(*given, **more)
    return refused.value


def test_a_fund_is_made_and_changed_and_the_history_tells(staff):
    browser = browser_of(staff)
    new = {"code": "G-1", "name": "성장", "cash": "1,000,000", "as_of": "2026-01-02T15:30:00"}
    limits = {"order_value": "", "day_value": "500,000", "is_active": "on"}
    odd = browser.post(reverse("blocks:new-fund"), new | limits | {"code": "한글", "cash": "-1"})
    assert odd.status_code == 422
    assert set(odd.context["form"].errors) == {"cash"}  # the shape; the code's is the service's
    odd = browser.post(reverse("blocks:new-fund"), new | limits | {"code": "한글"})
    assert set(odd.context["form"].errors) == {"code"}
    assert browser.post(reverse("blocks:new-fund"), new | limits).status_code == 302
    taken = browser.post(reverse("blocks:new-fund"), new | limits)
    assert "이미 있습니다" in str(taken.context["form"].errors["code"])
    fund = Fund.objects.get()
    assert (fund.cash, fund.day_value, fund.as_of.astimezone(clock.KST).hour) == (1_000_000, 500_000, 15)
    edit = reverse("blocks:edit-fund", args=[fund.pk])
    seen = browser.get(edit).context["seen"]
    changed = {"name": "성장 2", "order_value": "300,000", "four_eyes": "on", "is_active": "on", "seen": seen}
    assert browser.post(edit, changed).status_code == 302
    again = browser.post(edit, changed | {"name": "남의 것"})  # what was seen is not there any more
    assert again.status_code == 409
    assert "다른 사람이" in again.content.decode()
    fund.refresh_from_db()
    assert (fund.name, fund.order_value, fund.day_value, fund.four_eyes) == ("성장 2", 300_000, None, True)
    assert [(row.by, row.deed) for row in RuleChange.objects.order_by("at")] == [
        ("office", "add"),
        ("office", "change"),
    ]
    shown = browser.get(reverse("blocks:fund", args=[fund.pk])).content.decode()
    assert "펀드명: 성장 → 성장 2" in shown


def test_who_may_not_is_told_so(staff, fund, trader):
    orders, looks, nobody = trader, make_user("looks"), make_user("nobody")
    fund.grants.create(user=looks)
    targets = reverse("blocks:fund-targets", args=[fund.pk])
    for name in KEPT:
        address = reverse(f"blocks:{name}", args=[fund.pk])
        assert browser_of(staff).get(address).status_code == 200, name
        for user in (orders, looks):
            refused = browser_of(user).post(address, rows({"symbol": SYMBOL}))
            assert refused.status_code == 403, name
            assert "백오피스에 요청하세요" in refused.content.decode()
        assert browser_of(nobody).get(address).status_code == 404, name
    assert "펀드를 만들 권한" in browser_of(orders).get(reverse("blocks:new-fund")).content.decode()
    assert browser_of(orders).get(targets).status_code == 200  # who orders for it decides what it wants
    assert browser_of(looks).get(targets).status_code == 403
    assert browser_of(nobody).get(targets).status_code == 404
    page = browser_of(looks).get(reverse("blocks:fund", args=[fund.pk])).content.decode()
    assert "고치기" not in page
    for deed, given in (
        (funds.change_fund, Head("x")),
        (funds.set_books, Books(Decimal(1), fund.as_of, {})),
        (funds.restrict, []),
    ):
        assert refusal_of(deed, orders, fund, given).status == 403
    assert refusal_of(funds.set_targets, looks, fund, {}).code == "may_not_aim_fund"
    assert refusal_of(funds.make_fund, orders, "X", Head("x"), Decimal(0), fund.as_of).status == 403
    assert not RuleChange.objects.exists()


def test_books_are_told_whole_and_rows_say_what_is_wrong(staff, fund):
    FundHolding.objects.create(fund=fund, symbol=OTHER, quantity=3)
    browser, address = browser_of(staff), reverse("blocks:fund-books", args=[fund.pk])
    shown = browser.get(address)
    head = {
        "cash": "7,000,000",
        "as_of": shown.context["form"]["as_of"].value(),
        "seen": shown.context["seen"],
    }
    wrong = rows(
        {"symbol": "999999", "quantity": "1"},
        {"symbol": SYMBOL, "quantity": ""},
        {"symbol": "없는 종목", "quantity": "1"},
        {"symbol": OTHER, "quantity": "1"},
        {"symbol": OTHER, "quantity": "2"},
        **head,
    )
    answer = browser.post(address, wrong)
    words = ["", "수량을", "정확한 종목명", "", "위에"]
    said = [str(row.errors) if row.errors else "" for row in answer.context["rows"]]
    assert answer.status_code == 422
    assert [bool(text) for text in said] == [bool(word) for word in words]
    assert all(word in text for word, text in zip(words, said, strict=True))
    unknown = browser.post(address, rows({"symbol": "999999", "quantity": "1"}, **head))
    assert "목록에 없는" in str(unknown.context["rows"][0].errors["symbol"])
    assert FundHolding.objects.get().quantity == 3
    stored_as_of = Fund.objects.get().as_of
    good = rows({"symbol": "삼성전자", "quantity": "1,200"}, {"symbol": "", "quantity": ""}, **head)
    assert browser.post(address, good).status_code == 302
    assert list(FundHolding.objects.values_list("symbol", "quantity")) == [(SYMBOL, 1200)]
    fund.refresh_from_db()
    assert (fund.cash, fund.as_of) == (
        7_000_000,
        stored_as_of,
    )  # as shown: not cut to seconds
    told = RuleChange.objects.get()
    assert f"{OTHER} 카카오: 3주 → (없음)" in told.text
    assert "현금: 5,000,000원 → 7,000,000원" in told.text
    later = clock.now() + timedelta(hours=1)
    assert refusal_of(funds.set_books, staff, fund, Books(Decimal(1), later, {})).details["field"] == "as_of"


def test_books_do_not_forget_blocks_that_are_still_open(paper, staff, fund, trader, account):
    low = client_for(account).quote(SYMBOL).lower_limit
    plan = make_plan(trader, [(fund, account, 10_000)])
    block = place_block(trader, "b", plan, wish(low, 10))
    eventually(lambda: Block.objects.get(pk=block.pk).status == "working")
    before = position_of(fund)
    refused = refusal_of(funds.set_books, staff, fund, Books(Decimal(9_000_000), clock.now(), {}))
    assert (refused.code, refused.status) == ("blocks_open", 409)
    assert position_of(Fund.objects.get()).cash == before.cash
    funds.set_books(staff, fund, Books(Decimal(9_000_000), fund.as_of, {}))  # the same moment, corrected
    assert position_of(Fund.objects.get()).cash == before.cash + 4_000_000
    browser = browser_of(staff)
    admin = reverse("admin:blocks_fund_change", args=[fund.pk])
    sent = {"code": "A", "name": "A", "cash": "1", "is_active": "on", **_no_rows()}
    after = block.created_at + timedelta(seconds=1)  # the admin's form knows whole seconds
    eventually(lambda: clock.now() > after)
    for as_of, words in ((after, "아직 끝나지 않았습니다"), (after + timedelta(hours=1), "지금보다 앞")):
        assert words in browser.post(admin, sent | _moment(as_of)).content.decode()


def _moment(at):
    local = at.astimezone(clock.KST)
    return {"as_of_0": f"{local:%Y-%m-%d}", "as_of_1": f"{local:%H:%M:%S}"}


def _no_rows():
    names = ("grants", "holdings", "targets")
    return {f"{name}-{part}_FORMS": "0" for name in names for part in ("TOTAL", "INITIAL")}


def test_targets_and_restrictions(staff, fund, trader):
    browser = browser_of(trader)
    address = reverse("blocks:fund-targets", args=[fund.pk])
    too_much = browser.post(
        address, rows({"symbol": SYMBOL, "percent": "60"}, {"symbol": OTHER, "percent": "40.01"})
    )
    assert too_much.status_code == 422
    assert "100.01 %" in too_much.context["wrong"]
    good = rows({"symbol": SYMBOL, "percent": "60"}, {"symbol": OTHER, "percent": "12.5"})
    assert browser.post(address, good).status_code == 302
    assert dict(FundTarget.objects.values_list("symbol", "percent")) == {SYMBOL: 60, OTHER: Decimal("12.5")}
    assert RuleChange.objects.get().by == trader.username
    office, where = browser_of(staff), reverse("blocks:fund-restrictions", args=[fund.pk])
    row = {"symbol": OTHER, "side": "buy", "stance": "forbidden", "reason": ""}
    assert "사유를" in str(office.post(where, rows(row)).context["rows"][0].errors["reason"])
    assert office.post(where, rows(row | {"reason": "한도"})).status_code == 302
    rule = IssueRule.objects.get()
    assert (rule.fund_id, rule.symbol, rule.side, rule.reason) == (fund.pk, OTHER, "buy", "한도")
    same = [Restriction(OTHER, Side.BUY, IssueStance.WARNED, "둘")] * 2
    assert refusal_of(funds.restrict, staff, fund, same).details["symbol"] == OTHER
    shown = browser.get(reverse("blocks:fund", args=[fund.pk])).content.decode()
    assert "한도" in shown
    assert "12.50 %" in shown


def test_an_erp_keeps_its_funds(staff, trader):
    erp, address = script_of(staff), "/api/v1/funds/"
    new = {"code": "ERP-1", "name": "하나", "cash": "1000000", "as_of": "2026-01-02T15:30:00+09:00"}
    assert erp.post(address, new | {"as_of": "2999-01-01T00:00:00Z"}, format="json").status_code == 400
    made = erp.post(address, new, format="json")
    assert made.status_code == 201
    fund = Fund.objects.get()
    assert "code" in error_of(erp.post(address, new, format="json"))["details"]
    one = f"{address}ERP-1/"
    assert erp.get(f"{address}{fund.pk}/").json() == erp.get(one).json()
    erp.patch(one, {"day_value": "500000", "four_eyes": True}, format="json")
    changed = erp.patch(one, {"name": "둘"}, format="json").json()
    assert (changed["name"], changed["day_value"], changed["four_eyes"]) == ("둘", "500000", True)
    books = {"cash": "2000000", "as_of": "2026-01-05T15:30:00+09:00", "holdings": {SYMBOL: 12}}
    assert erp.put(f"{one}books/", books, format="json").json()["holdings"] == {SYMBOL: 12}
    odd = error_of(erp.put(f"{one}books/", books | {"holdings": {"999999": 1}}, format="json"))
    assert "holdings" in odd["details"]
    rule = {"symbol": SYMBOL, "side": "buy", "stance": "warned", "reason": "실적 발표"}
    told = erp.put(f"{one}restrictions/", {"restrictions": [rule]}, format="json").json()
    assert told["restrictions"] == [rule]
    fund.grants.create(user=trader, can_order=True)
    desk = script_of(trader)
    aimed = desk.put(f"{one}targets/", {"targets": {SYMBOL: "12.50"}}, format="json").json()
    assert aimed["targets"] == {SYMBOL: "12.5"}
    for path, body in (("books/", books), ("restrictions/", {"restrictions": []})):
        refused = desk.put(f"{one}{path}", body, format="json")
        assert (refused.status_code, error_of(refused)["code"]) == (403, "may_not_keep_fund")
    assert error_of(desk.patch(one, {"name": "x"}, format="json"))["code"] == "may_not_keep_fund"
    assert error_of(desk.post(address, new, format="json"))["code"] == "may_not_make_fund"
    assert script_of(make_user()).put(f"{one}books/", books, format="json").status_code == 404


def test_the_console_tells_what_changed_below_a_fund(staff, fund):
    row = FundHolding.objects.create(fund=fund, symbol=OTHER, quantity=3)
    sent = {
        "code": "A",
        "name": "A호",
        "cash": "5000000",
        "is_active": "on",
        **_no_rows(),
        **_moment(fund.as_of),
    }
    sent |= {"holdings-TOTAL_FORMS": "2", "holdings-INITIAL_FORMS": "1"}
    sent |= {"holdings-0-id": str(row.pk), "holdings-0-fund": str(fund.pk), "holdings-0-symbol": OTHER}
    sent |= {"holdings-0-quantity": "5", "holdings-1-symbol": SYMBOL, "holdings-1-quantity": "7"}
    address = reverse("admin:blocks_fund_change", args=[fund.pk])
    assert browser_of(staff).post(address, sent).status_code == 302
    sent |= {"holdings-TOTAL_FORMS": "1", "holdings-0-DELETE": "on"}
    assert browser_of(staff).post(address, sent).status_code == 302
    told = RuleChange.objects.filter(rule="펀드 보유").order_by("at", "pk")
    assert [change.deed for change in told] == ["change", "add", "delete"]
    assert "3 → 5" in told[0].text
