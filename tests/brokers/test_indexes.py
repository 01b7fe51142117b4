"""Lists that grow for ever are read along an index, never searched whole."""

from datetime import timedelta

import pytest
from django.http import QueryDict

from brokers.forms import OrderFilters, PeriodForm
from brokers.models import Notice, Order
from brokers.selectors import fills_of, notices_of, open_orders, orders_of
from lucy import clock
from tests.brokers.test_pages import make_fill, make_notice
from tests.factories import make_order

pytestmark = pytest.mark.django_db
PART = 51


@pytest.fixture
def rows(account, ls_account, trader):
    for one in (account, ls_account):
        for number in range(3):
            order = make_order(one, trader, broker_order_no=str(number), symbol=f"00593{number}")
            make_fill(order)
            make_notice(order, text=f"소식 {number}")


def plan_of(found):
    return found.select_related(None).explain()


def over_a_year(form, rows, moment, trader, **query):
    today = clock.trade_date()
    given = {"first": str(today - timedelta(days=365)), "last": str(today)} | query
    asked = QueryDict(mutable=True)
    asked.update(given)
    filters = form(asked, user=trader)
    assert filters.is_valid(), filters.errors
    return filters.within(rows, moment).order_by(f"-{moment}", "-pk")[:PART]


LISTS = {
    "orders": lambda user, **query: over_a_year(OrderFilters, orders_of(user), "created_at", user, **query),
    "fills": lambda user, **query: over_a_year(PeriodForm, fills_of(user), "executed_at", user, **query),
}


@pytest.mark.parametrize(
    ("name", "query"),
    [
        ("orders", {}),
        ("orders", {"symbol": "005930"}),
        ("orders", {"state": "rejected"}),
        ("orders", {"side": "buy"}),
        ("fills", {}),
        ("fills", {"symbol": "005930"}),
        ("fills", {"side": "sell"}),
    ],
)
def test_a_years_list_follows_an_index(rows, trader, name, query):
    plan = plan_of(LISTS[name](trader, **query))
    assert "IXSCAN" in plan
    assert "COLLSCAN" not in plan


@pytest.mark.parametrize(
    "found",
    [
        lambda user: notices_of(user)[:PART],
        lambda user: notices_of(user).filter(kind="warning")[:PART],
        lambda user: open_orders(user)[:PART],
        lambda user: Order.objects.filter(in_doubt=True).order_by("-created_at"),
    ],
)
def test_a_short_question_reads_no_whole_collection(rows, trader, found):
    plan = plan_of(found(trader))
    assert "IXSCAN" in plan
    assert "COLLSCAN" not in plan


def test_what_has_no_index_would_be_noticed(rows, trader):
    assert "COLLSCAN" in plan_of(Notice.objects.filter(text="소식 1"))
