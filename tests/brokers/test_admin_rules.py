"""Limits, restricted issues, closed days and keys in the admin: who may, what is told, what never shows."""

from datetime import date

import pytest

from accounts.roles import BACK_OFFICE
from brokers.models import EventDay, RestrictedIssue, RuleChange, ServiceKey, TradingLimit
from lucy import clock
from tests.accounts.callers import browser_of, make_staff
from tests.factories import make_user

pytestmark = pytest.mark.django_db

LIMITS = "/admin/brokers/tradinglimit/"
DAYS = "/admin/brokers/eventday/"
KEYS = "/admin/brokers/servicekey/"
NOTHING = dict.fromkeys(
    ("account", "user", "order_quantity", "order_value", "day_quantity", "day_value", "distance_percent"), ""
)


@pytest.fixture
def browser(db):
    return browser_of(make_staff(BACK_OFFICE, "office"))


@pytest.fixture(autouse=True)
def _nothing_kept():
    yield
    clock.forget_days()


def test_a_limit_is_added_changed_and_deleted_and_each_is_told(browser):
    browser.post(f"{LIMITS}add/", NOTHING | {"scope": "system", "order_quantity": "10"})
    row = TradingLimit.objects.get()
    browser.post(f"{LIMITS}{row.pk}/change/", NOTHING | {"scope": "system", "order_quantity": "20"})
    browser.post(f"{LIMITS}{row.pk}/delete/", {"post": "yes"})
    told = list(RuleChange.objects.order_by("pk").values_list("by", "deed", "changes"))
    assert [(by, deed) for by, deed, _ in told] == [
        ("office", "add"),
        ("office", "change"),
        ("office", "delete"),
    ]
    assert told[1][2] == {"order_quantity": ["10", "20"]}
    assert told[2][2]["order_quantity"] == ["20", ""]
    assert not TradingLimit.objects.exists()


def test_saving_without_a_change_tells_nothing(browser):
    browser.post(f"{LIMITS}add/", NOTHING | {"scope": "system", "order_quantity": "10"})
    row = TradingLimit.objects.get()
    browser.post(f"{LIMITS}{row.pk}/change/", NOTHING | {"scope": "system", "order_quantity": "10"})
    assert RuleChange.objects.count() == 1


@pytest.mark.parametrize(
    "wrong", [{"scope": "account"}, {"scope": "user"}, {"scope": "system", "account": "x"}]
)
def test_a_scope_needs_its_target(browser, account, wrong):
    wrong = {name: str(account.pk) if value == "x" else value for name, value in wrong.items()}
    assert browser.post(f"{LIMITS}add/", NOTHING | wrong).status_code == 200
    assert not TradingLimit.objects.exists()


def test_a_target_has_one_row(browser, account):
    for _ in range(2):
        browser.post(f"{LIMITS}add/", NOTHING | {"scope": "account", "account": str(account.pk)})
    assert TradingLimit.objects.count() == 1


def test_several_rows_deleted_at_once_are_each_told(browser):
    for symbol in ("000001", "000002"):
        RestrictedIssue.objects.create(symbol=symbol, reason="x")
    chosen = [str(row.pk) for row in RestrictedIssue.objects.all()]
    form = {"action": "delete_selected", "_selected_action": chosen, "post": "yes"}
    browser.post("/admin/brokers/restrictedissue/", form)
    assert not RestrictedIssue.objects.exists()
    assert RuleChange.objects.filter(deed="delete", rule="거래 제한 종목").count() == 2


def test_staff_overrule_a_told_holiday_but_do_not_rewrite_it(browser):
    day = EventDay.objects.create(locdate=date(2026, 11, 18), date_name="임시공휴일", source="godata")
    form = {"closed": "false", "hours": "", "date_name": "딴 이름", "locdate": "2026-11-19"}
    browser.post(f"{DAYS}{day.pk}/change/", form)
    day.refresh_from_db()
    assert (day.closed, day.date_name, day.decided_by) == (False, "임시공휴일", "office")
    assert day.decided_at is not None
    assert clock.is_trading_day(date(2026, 11, 18))
    assert RuleChange.objects.get().changes == {"closed": ["", "False"]}


def test_staff_add_a_closed_day(browser):
    form = {
        "locdate": "2026-11-18",
        "date_name": "전산 장애",
        "date_kind": "01",
        "closed": "true",
        "hours": "",
    }
    browser.post(f"{DAYS}add/", form)
    assert clock.closed_because(date(2026, 11, 18)) == "전산 장애"


def test_the_history_is_only_read(browser):
    browser.post(f"{LIMITS}add/", NOTHING | {"scope": "system", "order_quantity": "10"})
    row = RuleChange.objects.get()
    address = "/admin/brokers/rulechange/"
    assert "1회 주문수량 (주): (없음) → 10" in browser.get(address).content.decode()
    assert browser.post(f"{address}{row.pk}/change/", {"text": "x"}).status_code == 403
    assert browser.post(f"{address}{row.pk}/delete/", {"post": "yes"}).status_code == 403
    with pytest.raises(TypeError):
        row.save()


def test_a_key_goes_in_and_never_comes_out(browser):
    browser.post(f"{KEYS}add/", {"service": "godata", "new_value": "very-secret-key"})
    row = ServiceKey.objects.get()
    assert row.value == "very-secret-key"
    for address in (KEYS, f"{KEYS}{row.pk}/change/", f"{KEYS}{row.pk}/history/"):
        assert "very-secret-key" not in browser.get(address).content.decode()
    browser.post(f"{KEYS}{row.pk}/change/", {"new_value": ""})
    row.refresh_from_db()
    assert row.value == "very-secret-key"
    browser.post(f"{KEYS}{row.pk}/change/", {"new_value": "another-key"})
    row.refresh_from_db()
    assert row.value == "another-key"


@pytest.mark.parametrize("address", [LIMITS, DAYS, KEYS, "/admin/brokers/rulechange/"])
def test_who_lacks_the_permission_sees_nothing(address):
    assert browser_of(make_user(is_staff=True)).get(address).status_code == 403
