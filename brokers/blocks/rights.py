"""Who may see a fund, order for it and approve: the one place of object-level rights over blocks.

A plan or block is seen by who sees every fund in it, and ordered by who may order for every fund in it and
trade every account in it.
"""

from collections.abc import Collection, Sequence
from typing import Any

from django.contrib.auth.models import Group, Permission
from django.db.models import Q, QuerySet

from accounts.models import User
from brokers.blocks.models import Block, Fund, FundGrant, Leg, Plan
from brokers.rights import require_trading
from lucy import mongo
from lucy.errors import LucyError

SEE_ALL = "blocks.see_every_fund"
APPROVE = "blocks.approve_block"
MAKE = "blocks.add_fund"
KEEP = "blocks.change_fund"  # its name, limits, cash, holdings and restricted issues


def funds_of(user: User, *, to_order: bool = False) -> QuerySet[Fund]:
    """The funds a user may see (back office: all), or may order for (only by grant)."""
    if not to_order and user.has_perm(SEE_ALL):
        return Fund.objects.order_by("code")
    grants = FundGrant.objects.filter(user=user, **({"can_order": True} if to_order else {}))
    return Fund.objects.filter(pk__in=list(grants.values_list("fund_id", flat=True))).order_by("code")


def plan_keys_of(user: User, *, to_order: bool = False) -> list[Any] | None:
    """Keys of the plans all of whose funds the user may see (or order for); None: every plan."""
    if not to_order and user.has_perm(SEE_ALL):
        return None
    whole, _ = plans_over(list(funds_of(user, to_order=to_order).values_list("pk", flat=True)))
    return whole


def plans_over(funds: Collection[Any]) -> tuple[list[Any], list[Any]]:
    """Keys of the plans all of whose funds are among these; and of those some of whose funds are."""
    legs = mongo.collection(Leg)  # `distinct` walks the index `legs_of_fund` and reads no row
    touched = set(legs.distinct("plan_id", {"fund_id": {"$in": list(funds)}}))
    foreign = set(legs.distinct("plan_id", {"fund_id": {"$nin": list(funds)}}))
    return sorted(touched - foreign), sorted(touched & foreign)


def plans_of(user: User, *, to_order: bool = False) -> QuerySet[Plan]:
    keys = plan_keys_of(user, to_order=to_order)
    return Plan.objects.all() if keys is None else Plan.objects.filter(pk__in=keys)


def blocks_of(user: User) -> QuerySet[Block]:
    keys = plan_keys_of(user)
    return Block.objects.all() if keys is None else Block.objects.filter(plan_id__in=keys)


def may_see_plan(user: User, plan_key: Any, *, to_order: bool = False) -> bool:
    """The same question about one plan, without asking about the others."""
    if not to_order and user.has_perm(SEE_ALL):
        return True
    granted = set(funds_of(user, to_order=to_order).values_list("pk", flat=True))
    return {leg.fund_id for leg in mongo.find_all(Leg, plan_id=[plan_key])} <= granted


def may_order(user: User, plan: Plan) -> bool:
    return may_see_plan(user, plan.pk, to_order=True)


def require_ordering(user: User, plan: Plan, legs: Sequence[Leg]) -> None:
    """Raises `LucyError` (403) unless the user may order for every fund and trade every account in it."""
    if not may_order(user, plan):
        raise LucyError(
            "may_not_order_fund",
            "이 계획의 모든 펀드에 주문할 권한이 없습니다. 관리자에게 요청하세요.",
            status=403,
        )
    accounts = {leg.account_id: leg.account for leg in legs if leg.account is not None}
    if plan.executing_account is not None:
        accounts[plan.executing_account_id] = plan.executing_account
    for account in accounts.values():
        require_trading(user, account)


def may_keep(user: User, fund: Fund) -> bool:
    """Whether the user keeps the fund's books and rules (back office)."""
    return user.has_perm(KEEP) and funds_of(user).filter(pk=fund.pk).exists()


def may_aim(user: User, fund: Fund) -> bool:
    """Whether the user decides what the fund wants to hold: who orders for it, and who keeps it."""
    return may_keep(user, fund) or FundGrant.objects.filter(user=user, fund=fund, can_order=True).exists()


def require_making(user: User) -> None:
    if not user.has_perm(MAKE):
        raise LucyError(
            "may_not_make_fund", "펀드를 만들 권한이 없습니다. 백오피스에 요청하세요.", status=403
        )


def require_keeping(user: User, fund: Fund) -> None:
    if not may_keep(user, fund):
        raise LucyError(
            "may_not_keep_fund", "이 펀드를 고칠 권한이 없습니다. 백오피스에 요청하세요.", status=403
        )


def require_aiming(user: User, fund: Fund) -> None:
    if not may_aim(user, fund):
        raise LucyError(
            "may_not_aim_fund",
            "이 펀드의 목표 비중을 고칠 권한이 없습니다. 펀드의 주문 권한이 있어야 합니다.",
            status=403,
        )


def require_approving(user: User, block: Block) -> None:
    """Raises `LucyError` (403): who asked, and who may not see or not approve, does not approve."""
    if block.user_id == user.pk:
        raise LucyError(
            "own_block", "요청한 사람은 승인할 수 없습니다. 다른 승인자가 보아야 합니다.", status=403
        )
    if not user.has_perm(APPROVE) or not may_see_plan(user, block.plan_id):
        raise LucyError("may_not_approve", "블록을 승인할 권한이 없습니다.", status=403)


def approvers(funds: Collection[Any], *, but: User) -> list[User]:
    """Active users who may approve a block over these funds."""
    permission = Permission.objects.filter(content_type__app_label="blocks", codename="approve_block").first()
    if permission is None:
        return []
    groups = list(Group.objects.filter(permissions=permission).values_list("pk", flat=True))
    own = User.user_permissions.through.objects.filter(permission_id=permission.pk)
    members = User.groups.through.objects.filter(group_id__in=groups)
    keys = {*own.values_list("user_id", flat=True), *members.values_list("user_id", flat=True)}
    found = User.objects.filter(Q(pk__in=list(keys)), is_active=True).exclude(pk=but.pk)
    wanted = set(funds)
    return [user for user in found if wanted <= set(funds_of(user).values_list("pk", flat=True))]
