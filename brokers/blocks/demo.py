"""Funds and a plan to practise with, over both of the demo trader's accounts."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from accounts.models import User
from brokers.blocks.models import Fund, FundGrant, FundHolding, FundTarget
from brokers.blocks.services.plans import LegDraft, PlanDraft, save_plan
from brokers.blocks.terms import Basis, Mode, OnTrouble, Rounding
from brokers.rights import tradable_accounts_of
from lucy import clock

SHARES = {"005930": 50, "069500": 20}  # fewer than each demo account holds


@dataclass(frozen=True, slots=True)
class DemoFund:
    code: str
    name: str
    cash: int  # won
    weight: int  # of a block, in hundredths of a percent
    targets: dict[str, int]  # percent of the fund, by issue


FUNDS = (
    DemoFund("DEMO-1", "연습 성장형", 50_000_000, 6_000, {"005930": 30, "000660": 20, "069500": 10}),
    DemoFund("DEMO-2", "연습 안정형", 30_000_000, 4_000, {"005930": 15, "069500": 35}),
)


def make_demo_funds(trader: User) -> None:
    """Where no fund is yet: two of them, and the plan that divides a block between both brokers."""
    accounts = list(tradable_accounts_of(trader))
    if Fund.objects.exists() or len(accounts) != len(FUNDS):
        return
    legs = [(demo, _made(demo, trader), account) for demo, account in zip(FUNDS, accounts, strict=True)]
    save_plan(
        trader,
        PlanDraft(
            code="DEMO",
            name="연습 공동",
            mode=Mode.OWN,
            basis=Basis.WEIGHT,
            rounding=Rounding.QUOTA,
            lot=1,
            on_trouble=OnTrouble.GO_ON,
            executing_account=None,
            legs=[LegDraft(fund, account, demo.weight) for demo, fund, account in legs],
        ),
    )


def _made(demo: DemoFund, trader: User) -> Fund:
    before = clock.now() - timedelta(seconds=1)  # blocks made from now on are added to these books
    fund = Fund.objects.create(code=demo.code, name=demo.name, cash=Decimal(demo.cash), as_of=before)
    FundGrant.objects.create(fund=fund, user=trader, can_order=True)
    FundHolding.objects.bulk_create(
        FundHolding(fund=fund, symbol=symbol, quantity=shares) for symbol, shares in SHARES.items()
    )
    FundTarget.objects.bulk_create(
        FundTarget(fund=fund, symbol=symbol, percent=Decimal(percent))
        for symbol, percent in demo.targets.items()
    )
    return fund
