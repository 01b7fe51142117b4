"""The pages of block orders: who sees what, what they refuse."""

from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from brokers.adapters import client_for
from brokers.blocks.models import Approval, Block, BlockRule, Fund, FundGrant, IssueRule, Plan
from brokers.blocks.selectors import legs_of
from brokers.blocks.services import approvals
from brokers.blocks.services.staging import place_block
from brokers.models import AccountGrant
from brokers.rights import may_not_trade
from lucy.errors import LucyError
from tests.blocks.desk import SYMBOL, make_approver, make_fund, make_plan, wish
from tests.factories import make_user
from tests.services import eventually

pytestmark = pytest.mark.django_db

LISTS = ["blocks", "new", "approvals", "plans", "new-plan", "funds", "allocations"]


def browser_of(user):
    browser = Client()
    browser.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return browser


@pytest.fixture
def low(paper, account):
    return client_for(account).quote(SYMBOL).lower_limit


@pytest.fixture
def funds(trader):
    return [make_fund(code, trader) for code in "AB"]


@pytest.fixture
def plan(trader, account, ls_account, funds):
    return make_plan(trader, [(funds[0], account, 6000), (funds[1], ls_account, 4000)])


@pytest.fixture
def block(low, trader, plan):
    made = place_block(trader, "b1", plan, wish(low, 100))
    eventually(lambda: Block.objects.get(pk=made.pk).status == "working")
    return Block.objects.select_related("plan", "user").get(pk=made.pk)


def typed(plan, low, **changes):
    """What the form sends."""
    values = {
        "client_block_id": str(uuid4()),
        "plan": str(plan.pk),
        "symbol": SYMBOL,
        "side": "buy",
        "order_type": "limit",
        "quantity": "100",
        "price": f"{low:,}",
    }
    return values | changes


@pytest.mark.parametrize("name", LISTS)
def test_nobody_sees_a_page_without_signing_in_and_empty_ones_explain(client, name):
    address = reverse(f"blocks:{name}")
    assert client.get(address)["Location"].startswith("/accounts/sign-in/?next=")
    answer = browser_of(make_user()).get(address)
    assert answer.status_code == 200


def test_each_sees_their_own(block, plan, funds, trader):
    stranger, own = browser_of(make_user()), browser_of(trader)
    addresses = [
        reverse("blocks:block", args=[block.pk]),
        reverse("blocks:live", args=[block.pk]),
        reverse("blocks:cancel", args=[block.pk]),
        reverse("blocks:modify", args=[block.pk]),
        reverse("blocks:plan", args=[plan.pk]),
        reverse("blocks:edit-plan", args=[plan.pk]),
        reverse("blocks:fund", args=[funds[0].pk]),
    ]
    for address in addresses:
        assert own.get(address).status_code == 200, address
        assert stranger.get(address).status_code == 404, address
    half = make_user("half")
    make_fund("Z", half)
    funds[0].grants.create(user=half, can_order=True)  # sees one fund of the plan, and so not the plan
    assert browser_of(half).get(addresses[0]).status_code == 404
    assert "삼성" not in browser_of(half).get(reverse("blocks:blocks")).content.decode()


def test_the_preview_counts_and_the_form_says_what_is_wrong(low, plan, trader):
    browser = browser_of(trader)
    shown = browser.post(reverse("blocks:preview"), typed(plan, low, quantity="101")).content.decode()
    assert "61" in shown
    assert "60.6" in shown  # the ideal share
    wrong = browser.post(reverse("blocks:review"), typed(plan, low, quantity="", price="1"))
    assert wrong.status_code == 422
    assert "수량이나 금액을 적으세요" in wrong.content.decode()
    both = browser.post(reverse("blocks:review"), typed(plan, low, amount="1000000")).content.decode()
    assert "하나만" in both
    unread = browser.post(reverse("blocks:place"), typed(plan, low))
    assert unread.status_code == 422
    assert not Block.objects.exists()
    done = browser.post(reverse("blocks:place"), typed(plan, low, read="on"))
    assert done["HX-Redirect"] == reverse("blocks:block", args=[Block.objects.get().pk])


def test_won_are_turned_into_shares_within_them(low, plan, trader):
    page = browser_of(trader).post(
        reverse("blocks:preview"), typed(plan, low, quantity="", amount="10,000,000")
    )
    most = int(10_000_000 / (float(low) * 1.00015))
    assert f"{most}주" in page.content.decode()


def test_a_fund_without_shares_of_a_block_does_not_keep_it_from_approval(low, plan, funds, trader):
    IssueRule.objects.create(fund=funds[0], symbol=SYMBOL, stance="forbidden", reason="금지")
    Fund.objects.filter(pk=funds[1].pk).update(four_eyes=True)
    block = place_block(trader, "b", plan, wish(low, targets={2: 5}))
    boss = make_approver(*funds)
    Fund.objects.filter(pk=funds[1].pk).update(is_active=False)
    with pytest.raises(LucyError) as closed:
        approvals.approve(block, boss)
    assert [trouble["code"] for trouble in closed.value.details["troubles"]] == ["fund_closed"]
    Fund.objects.filter(pk=funds[1].pk).update(is_active=True)
    assert approvals.approve(block, boss).status != "awaiting"


def test_a_block_that_cannot_even_be_worked_out_any_more_is_refused_with_the_reason(low, plan, trader):
    AccountGrant.objects.filter(user=trader).update(can_trade=False)
    page = browser_of(trader).post(reverse("blocks:place"), typed(plan, low))
    assert page.status_code == 422
    assert may_not_trade().message in page.content.decode()
    assert not Block.objects.exists()


def test_a_second_person_decides_once(low, plan, funds, trader):
    BlockRule.objects.create(approval_value=1)
    boss = make_approver(*funds)
    made = place_block(trader, "b1", plan, wish(low, 10))
    decide = reverse("blocks:decide", args=[made.pk])
    own, second = browser_of(trader), browser_of(boss)
    own.post(decide, {"answer": "approve"})
    assert Block.objects.get().status == "awaiting"
    second.post(decide, {"answer": "refuse", "note": ""})  # a reason is wanted
    assert Block.objects.get().status == "awaiting"
    second.post(decide, {"answer": "refuse", "note": "비싸다"})
    assert Block.objects.get().status == "refused"
    second.post(decide, {"answer": "approve"})
    assert Block.objects.get().status == "refused"
    assert Approval.objects.get().decided_by == boss
    assert "비싸다" in own.get(reverse("blocks:block", args=[made.pk])).content.decode()


def test_a_plan_is_written_and_its_change_is_a_version(account, ls_account, funds, trader, low):
    browser = browser_of(trader)

    def sent(parts, **changes):
        head = {
            "code": "G",
            "name": "성장",
            "mode": "own",
            "basis": "weight",
            "rounding": "quota",
            "lot": "1",
        }
        rows = {"leg-TOTAL_FORMS": "3", "leg-INITIAL_FORMS": "0"}
        for index, (fund, one, part) in enumerate(parts):
            rows |= {f"leg-{index}-fund": fund.pk, f"leg-{index}-account": one.pk, f"leg-{index}-part": part}
        return head | {"on_trouble": "go_on"} | rows | changes

    def legs(first, second):
        return [(funds[0], account, first), (funds[1], ls_account, second)]

    address = reverse("blocks:new-plan")
    odd = browser.post(address, sent(legs("60", "30")))
    assert odd.status_code == 422
    assert "90" in odd.content.decode()
    assert browser.post(address, sent(legs("60", "40"))).status_code == 302
    assert (
        browser.post(address, sent(legs("50", "50"))).status_code == 302
    )  # not ordered yet: the same version
    plan = Plan.objects.get()
    assert (plan.version, [leg.weight for leg in plan.legs.order_by("position")]) == (1, [5000, 5000])
    place_block(trader, "b", plan, wish(low, 10))
    edit = reverse("blocks:edit-plan", args=[plan.pk])
    assert browser.post(edit, sent(legs("70", "30"))).status_code == 302
    assert [(one.version, one.legs.get(position=1).weight) for one in Plan.objects.order_by("version")] == [
        (1, 5000),
        (2, 7000),
    ]


def test_a_plan_is_changed_only_by_who_orders_for_all_of_it(account, funds, trader, plan):
    """Neither by its code, by somebody who sees none of it, nor by somebody who only looks."""
    other, watcher = make_user("lee"), make_user("yoon")
    own = make_fund("Z", other)
    for user in (other, watcher):
        AccountGrant.objects.create(account=account, user=user, can_trade=user == other)
    for fund in funds:
        FundGrant.objects.create(fund=fund, user=watcher)
    for user, fund in ((other, own), (watcher, funds[0])):
        with pytest.raises(LucyError) as refused:
            make_plan(user, [(fund, account, 10_000)], code=plan.code)
        assert (refused.value.code, refused.value.status) == ("may_not_order_fund", 403)
    assert Plan.objects.get() == plan
    assert sorted(leg.fund.code for leg in legs_of(plan)) == ["A", "B"]
    assert make_plan(trader, [(funds[0], account, 10_000)], code=plan.code).pk == plan.pk


def test_what_waits_for_approval_keeps_its_plan(low, plan, funds, trader, account):
    """Else the requester chooses afterwards who may approve, and which funds' rules are looked at."""
    BlockRule.objects.create(approval_value=1)
    approver_of_another = make_approver(make_fund("C", trader))
    made = place_block(trader, "b1", plan, wish(low, 10))
    changed = make_plan(trader, [(Fund.objects.get(code="C"), account, 10_000)], code=plan.code)
    assert (changed.version, Block.objects.get().plan_id) == (2, plan.pk)
    assert sorted(leg.fund.code for leg in legs_of(plan)) == ["A", "B"]
    decide = reverse("blocks:decide", args=[made.pk])
    assert browser_of(approver_of_another).post(decide, {"answer": "approve"}).status_code == 404
