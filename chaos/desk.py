"""An asset manager's house in Lucy: funds, plans over everyone's accounts, managers, and a second person."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.contrib.auth.models import Permission

from accounts.models import User
from brokers.blocks.models import BlockRule, Fund, FundGrant, FundHolding, Plan, Webhook
from brokers.blocks.services.plans import LegDraft, PlanDraft, save_plan
from brokers.blocks.services.webhooks import new_secret
from brokers.blocks.terms import Mode
from brokers.models import AccountGrant, BrokerAccount
from chaos.blocks import FORMS, ISSUES, MANAGERS, WATCHED_FUND, Form
from lucy import clock

FUND_CASH = 50_000_000_000
FUND_SHARES = 100_000  # of each issue
APPROVAL_MINUTES = 1  # what nobody answers is closed by the sweep while the run waits for quiet


@dataclass(frozen=True, slots=True)
class Desk:
    managers: list[User]
    approver: User
    plans: list[Plan]  # one a form
    hook: Webhook


def make_desk(accounts: Sequence[BrokerAccount], hook_url: str) -> Desk:
    """Both managers may order for every fund in every account; another person approves."""
    managers = [User.objects.create_user(f"chaos-manager-{index}") for index in range(1, MANAGERS + 1)]
    approver = User.objects.create_user("chaos-approver")
    approver.user_permissions.add(
        Permission.objects.get(content_type__app_label="blocks", codename="approve_block")
    )
    for user in managers:
        for account in accounts:
            AccountGrant.objects.create(account=account, user=user, can_trade=True)
    funds = {code: _fund(code, managers, approver) for code in sorted(_fund_codes())}
    BlockRule.objects.create(approval_minutes=APPROVAL_MINUTES)
    hook = Webhook.objects.create(name="chaos", url=hook_url, user=approver, secret=new_secret())
    plans = [save_plan(managers[0], _draft(form, funds, accounts)) for form in FORMS]
    return Desk(managers, approver, plans, hook)


def _fund_codes() -> set[str]:
    return {form.fund_of(leg) for form in FORMS for leg in range(len(form.weights))}


def _fund(code: str, managers: Sequence[User], approver: User) -> Fund:
    fund = Fund.objects.create(
        code=code,
        name=f"시험 {code}",
        cash=FUND_CASH,
        as_of=clock.now() - timedelta(minutes=1),
        four_eyes=code == WATCHED_FUND,
    )
    for user in managers:
        FundGrant.objects.create(fund=fund, user=user, can_order=True)
    FundGrant.objects.create(fund=fund, user=approver)
    for symbol in ISSUES:
        FundHolding.objects.create(fund=fund, symbol=symbol, quantity=FUND_SHARES)
    return fund


def _draft(form: Form, funds: dict[str, Fund], accounts: Sequence[BrokerAccount]) -> PlanDraft:
    places = [accounts[index % len(accounts)] for index in form.accounts]
    shared = form.mode == Mode.SHARED
    legs = [
        LegDraft(funds[form.fund_of(leg)], None if shared else places[leg], weight, cap)
        for leg, (weight, cap) in enumerate(zip(form.weights, form.all_caps, strict=True))
    ]
    return PlanDraft(
        code=form.code,
        name=f"시험 {form.code}",
        mode=form.mode,
        basis=form.basis,
        rounding=form.rounding,
        lot=form.lot,
        on_trouble=form.on_trouble,
        executing_account=places[0] if shared else None,
        legs=legs,
    )
