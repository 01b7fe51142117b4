"""Plans are written once: what has ordered never changes, a change is a new version."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import IntegrityError

from accounts.models import User
from brokers.blocks.models import Fund, Leg, Plan
from brokers.blocks.models.plans import PARTS_OF_WHOLE
from brokers.blocks.rights import funds_of, may_order
from brokers.blocks.terms import Basis, Mode, OnTrouble, Rounding
from brokers.models import BrokerAccount
from brokers.rights import accounts_of
from lucy import clock, mongo
from lucy.errors import LucyError
from lucy.mongo import transactional

MOST_LEGS = 200


@dataclass(frozen=True, slots=True)
class LegDraft:
    fund: Fund
    account: BrokerAccount | None
    weight: int  # hundredths of a percent, or shares
    cap: int | None = None


@dataclass(frozen=True, slots=True)
class PlanDraft:
    code: str
    name: str
    mode: Mode
    basis: Basis
    rounding: Rounding
    lot: int
    on_trouble: OnTrouble
    executing_account: BrokerAccount | None
    legs: Sequence[LegDraft]


def save_plan(user: User, draft: PlanDraft) -> Plan:
    """Store the draft: over the newest version while that has not ordered, else as the next one.

    Raises `LucyError` (`invalid`, with the field that is wrong), `may_not_order_fund` (403) where the user
    may not see a fund or account of it, or not order by the plan of this code that there is.
    """
    require_sound(user, draft)
    try:
        return _store(user, draft)
    except IntegrityError as at_once:
        raise LucyError(
            "plan_changed", "다른 사람이 같은 계획을 방금 저장했습니다. 새로 고쳐 확인하세요.", status=409
        ) from at_once


def require_sound(user: User, draft: PlanDraft) -> None:
    if not 1 <= len(draft.legs) <= MOST_LEGS:
        raise _wrong("legs", f"배분 항목은 1~{MOST_LEGS}개입니다.")
    if draft.lot < 1:
        raise _wrong("lot", "배분단위는 1주 이상입니다.")
    if draft.mode == Mode.SHARED:
        _require_shared(draft)
    elif any(leg.account is None for leg in draft.legs):
        raise _wrong("legs", "각자 계좌 방식에서는 모든 항목에 계좌를 고르세요.")
    if any(leg.weight < 1 for leg in draft.legs):
        raise _wrong("legs", "비중과 수량은 0보다 커야 합니다.")
    total = sum(leg.weight for leg in draft.legs)
    if draft.basis == Basis.WEIGHT and total != PARTS_OF_WHOLE:
        raise _wrong("legs", f"비중의 합이 100 %여야 합니다. 지금은 {Decimal(total) / 100:f} %입니다.")
    pairs = [(leg.fund.pk, leg.account and leg.account.pk) for leg in draft.legs]
    if len(set(pairs)) != len(pairs):
        raise _wrong("legs", "같은 펀드와 계좌가 두 번 들어 있습니다. 한 항목으로 합치세요.")
    _require_own(user, draft)


def _require_shared(draft: PlanDraft) -> None:
    if draft.executing_account is None:
        raise _wrong("executing_account", "한 계좌 방식에서는 실행 계좌를 고르세요.")
    if draft.rounding != Rounding.QUOTA:
        raise _wrong(
            "rounding",
            "한 계좌 방식은 쿼터법만 씁니다. 다른 방법은 체결이 늘 때 이미 준 주식을 되돌리거나 남깁니다.",
        )
    if any(leg.account is not None for leg in draft.legs):
        raise _wrong("legs", "한 계좌 방식에서는 항목마다 계좌를 고르지 않습니다.")


def _require_own(user: User, draft: PlanDraft) -> None:
    funds = set(funds_of(user).values_list("pk", flat=True))
    accounts = set(accounts_of(user).values_list("pk", flat=True))
    used = {leg.account.pk for leg in draft.legs if leg.account}
    if draft.executing_account:
        used.add(draft.executing_account.pk)
    if not {leg.fund.pk for leg in draft.legs} <= funds or not used <= accounts:
        raise LucyError("may_not_order_fund", "볼 수 없는 펀드나 계좌가 들어 있습니다.", status=403)


def _require_ordered_by(user: User, plan: Plan) -> None:
    """A new version takes the place of what others order by, and its code is enough to name it."""
    if not may_order(user, plan):
        raise LucyError(
            "may_not_order_fund",
            "이미 있는 계획의 코드입니다. 그 계획의 모든 펀드에 주문할 권한이 있어야 바꿀 수 있습니다.",
            status=403,
            field="code",
        )


def _wrong(field: str, words: str) -> LucyError:
    return LucyError("invalid", words, field=field)


@transactional
def _store(user: User, draft: PlanDraft) -> Plan:
    newest = Plan.objects.filter(code=draft.code).order_by("-version").first()
    if newest is not None:
        _require_ordered_by(user, newest)
    if newest is not None and newest.frozen_at is None:
        Leg.objects.filter(plan=newest).delete()
        plan = newest
    else:
        plan = Plan(code=draft.code, version=newest.version + 1 if newest else 1, created_at=clock.now())
        if newest is not None:
            Plan.objects.filter(pk=newest.pk).update(replaced_at=clock.now())
    for name in ("name", "mode", "basis", "rounding", "lot", "on_trouble", "executing_account"):
        setattr(plan, name, getattr(draft, name))
    plan.made_by = user
    plan.save()
    mongo.insert(
        *(
            Leg(
                plan=plan,
                position=position,
                fund=leg.fund,
                account=leg.account,
                weight=leg.weight,
                cap=leg.cap,
            )
            for position, leg in enumerate(draft.legs, start=1)
        )
    )
    return plan


def freeze(plan: Plan) -> None:
    """From its first block on, also one that waits, a plan stays. Part of the caller's transaction."""
    Plan.objects.filter(pk=plan.pk, frozen_at=None).update(frozen_at=clock.now())


def require_in_force(plan: Plan) -> None:
    """Raises `LucyError` (`plan_replaced`, 409)."""
    if plan.replaced_at is not None:
        raise LucyError(
            "plan_replaced", "이 계획에는 새 버전이 있습니다. 새 버전으로 주문하세요.", status=409
        )
