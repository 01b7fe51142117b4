"""The groups and what each may do; `migrate` brings them, the admin may change them afterwards."""

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.models import Group, Permission
from django.db.models import Q

TRADER = "trader"
BACK_OFFICE = "back office"
BLOCK_APPROVER = "block approver"  # the second person of block orders, beside another role
ADMINISTRATOR = "administrator"
STAFF_ROLES = frozenset({BACK_OFFICE, ADMINISTRATOR})

_LOOKED_AT = (
    (
        "brokers",
        (
            "order",
            "orderchange",
            "orderevent",
            "fill",
            "notice",
            "usernotice",
            "instrument",
            "accounthealth",
            "discrepancy",
            "tradingstop",
            "stopevent",
            "rulechange",
            "pricehistory",
            "watchedstock",
        ),
    ),
    (
        "ipo",
        (
            "offering",
            "offeringchange",
            "offeringmark",
            "offeringhistory",
            "forecastmodel",
            "forecast",
            "scraperun",
            "rawpage",
        ),
    ),
    (
        "blocks",
        ("plan", "leg", "block", "blockchild", "blockevent", "approval", "basket", "webhookdelivery"),
    ),
    ("axes", ("accessattempt", "accessfailurelog", "accesslog")),
    ("admin", ("logentry",)),
    ("jobs", ("jobrun",)),
    ("screener", ("judalrun", "ownscreen", "savedscreen")),
)
_KEPT = (  # back office adds and changes these, and deletes neither people nor accounts
    ("accounts", ("user",), ("view", "add", "change")),
    ("brokers", ("brokeraccount",), ("view", "add", "change")),
    ("brokers", ("accountgrant",), ("view", "add", "change", "delete")),
    ("brokers", ("tradinglimit", "restrictedissue", "eventday"), ("view", "add", "change", "delete")),
    ("brokers", ("servicekey",), ("view", "add", "change")),
    ("blocks", ("fund", "blockrule", "webhook"), ("view", "add", "change")),
    (
        "blocks",
        ("fundgrant", "fundholding", "fundtarget", "issuerule"),
        ("view", "add", "change", "delete"),
    ),
    ("ipo", ("scrapesettings",), ("view", "change")),
    ("jobs", ("jobsettings",), ("view", "add", "change")),
    ("screener", ("judalsettings",), ("view", "add", "change")),
    (
        "django_celery_beat",
        ("periodictask", "crontabschedule", "intervalschedule", "clockedschedule", "solarschedule"),
        ("view", "add", "change", "delete"),
    ),
)


def back_office_permissions() -> set[tuple[str, str]]:
    """(app, codename) of what back office may do: see everything, keep people and accounts, trade nothing.

    `cancel_any_order` takes risk away and adds none; each use is asked with a reason that stays in the trail.
    """
    looked_at = {(app, f"view_{model}") for app, models in _LOOKED_AT for model in models}
    kept = {(app, f"{verb}_{model}") for app, models, verbs in _KEPT for model in models for verb in verbs}
    special = ("see_every_account", "resolve_discrepancy", "operate_kill_switch", "cancel_any_order")
    return looked_at | kept | {("brokers", name) for name in special} | {("blocks", "see_every_fund")}


def keep_roles(**_: Any) -> None:
    """Make the groups that are missing; an administrator may do everything, whatever else was installed."""
    Group.objects.get_or_create(name=TRADER)  # rights to trade are grants on accounts, not permissions
    approver, made = Group.objects.get_or_create(name=BLOCK_APPROVER)
    if made:
        approver.permissions.set(_permissions({("blocks", "approve_block")}))
    back_office, made = Group.objects.get_or_create(name=BACK_OFFICE)
    if made:
        back_office.permissions.set(_permissions(back_office_permissions()))
    administrator, _made = Group.objects.get_or_create(name=ADMINISTRATOR)
    administrator.permissions.set(Permission.objects.all())


def _permissions(wanted: Iterable[tuple[str, str]]) -> list[Permission]:
    named = Q()
    for app, codename in wanted:
        named |= Q(content_type__app_label=app, codename=codename)
    return list(Permission.objects.filter(named))
