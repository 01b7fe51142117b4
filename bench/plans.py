"""An allocation plan to measure with."""

from collections.abc import Sequence
from datetime import timedelta

from accounts.models import User
from brokers.blocks.models import Fund, FundGrant, Plan
from brokers.blocks.services.plans import LegDraft, PlanDraft, save_plan
from brokers.blocks.terms import Basis, Mode, OnTrouble, Rounding
from brokers.models import BrokerAccount
from lucy import clock


def make_plan(user: User, accounts: Sequence[BrokerAccount], legs: int) -> Plan:
    """A fund a leg, the accounts in turn."""
    now = clock.now() - timedelta(minutes=1)
    drafts = []
    for index in range(legs):
        fund = Fund.objects.create(code=f"F{index:03d}", name=f"펀드 {index}", cash=10**14, as_of=now)
        FundGrant.objects.create(fund=fund, user=user, can_order=True)
        drafts.append(LegDraft(fund, accounts[index % len(accounts)], 10_000 // legs))
    draft = PlanDraft(
        code="BENCH",
        name="벤치",
        mode=Mode.OWN,
        basis=Basis.WEIGHT,
        rounding=Rounding.QUOTA,
        lot=1,
        on_trouble=OnTrouble.GO_ON,
        executing_account=None,
        legs=drafts,
    )
    return save_plan(user, draft)
