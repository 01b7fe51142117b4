"""Funds, plans and wishes for the tests of block orders."""

from datetime import timedelta
from decimal import Decimal

from django.contrib.auth.models import Permission

from brokers.blocks.models import Fund, FundGrant
from brokers.blocks.preview import Wish
from brokers.blocks.services.plans import LegDraft, PlanDraft, save_plan
from brokers.blocks.terms import Basis, Mode, OnTrouble, Rounding
from brokers.terms import OrderType, Side
from lucy import clock
from tests.factories import make_user

SYMBOL = "005930"


def make_fund(code, *managers, **changes):
    values = {"name": f"{code}호", "cash": 10_000_000_000, "as_of": clock.now() - timedelta(minutes=1)}
    fund = Fund.objects.create(code=code, **values | changes)
    for user in managers:
        FundGrant.objects.create(fund=fund, user=user, can_order=True)
    return fund


def make_plan(user, legs, code="P1", **changes):
    """`legs`: (fund, account or None, weight[, cap])."""
    drafts = [LegDraft(fund, account, weight, *rest) for fund, account, weight, *rest in legs]
    values = {
        "code": code,
        "name": f"계획 {code}",
        "mode": Mode.OWN,
        "basis": Basis.WEIGHT,
        "rounding": Rounding.QUOTA,
        "lot": 1,
        "on_trouble": OnTrouble.GO_ON,
        "executing_account": None,
        "legs": drafts,
    }
    return save_plan(user, PlanDraft(**values | changes))


def make_approver(*funds, name="boss"):
    user = make_user(name)
    user.user_permissions.add(
        Permission.objects.get(content_type__app_label="blocks", codename="approve_block")
    )
    for fund in funds:
        FundGrant.objects.create(fund=fund, user=user)
    return user


def wish(price, quantity=None, **changes):
    values = {
        "symbol": SYMBOL,
        "side": Side.BUY,
        "order_type": OrderType.LIMIT,
        "price": None if price is None else Decimal(price),
        "quantity": quantity,
    }
    return Wish(**values | changes)


def fill(paper, order, quantity, price=None):
    """The paper broker fills this many shares of the order."""
    order.refresh_from_db()
    number, account = int(order.broker_order_no), order.account.number

    def deed(running):
        running.ledger.fill(running.ledger.accounts.by_number[account], number, quantity, price)

    paper.call(deed)


def orders_of(block):
    """The block's orders, in the plan's order."""
    from brokers.blocks.selectors import children_of

    return [child.order for child in children_of(block)]
