"""The console of funds and blocks: who keeps what, secrets that never come out, nothing rewritten."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.roles import BACK_OFFICE
from brokers.adapters import client_for
from brokers.blocks.models import Block, BlockRule, Fund, Webhook, WebhookDelivery
from brokers.blocks.services.staging import place_block
from brokers.blocks.terms import BlockStatus
from brokers.models import RuleChange
from lucy import clock
from tests.accounts.callers import browser_of, make_staff
from tests.blocks.desk import SYMBOL, make_fund, make_plan, wish
from tests.services import eventually

pytestmark = pytest.mark.django_db

LISTS = [
    "fund",
    "issuerule",
    "blockrule",
    "plan",
    "block",
    "approval",
    "basket",
    "webhook",
    "webhookdelivery",
]


@pytest.fixture
def block(paper, trader, account):
    plan = make_plan(trader, [(make_fund("A", trader), account, 10_000)])
    made = place_block(trader, "b", plan, wish(client_for(account).quote(SYMBOL).lower_limit, 10))
    eventually(lambda: Block.objects.get(pk=made.pk).status == BlockStatus.WORKING)
    return made


def test_back_office_sees_all_and_rewrites_nothing(block):
    staff = browser_of(make_staff(BACK_OFFICE))
    for name in LISTS:
        assert staff.get(reverse(f"admin:blocks_{name}_changelist")).status_code == 200, name
    page = staff.get(reverse("admin:blocks_block_change", args=[block.pk]))
    assert page.status_code == 200
    assert "전송 시작" in page.content.decode()
    assert (
        staff.post(reverse("admin:blocks_block_delete", args=[block.pk]), {"post": "yes"}).status_code == 403
    )
    assert staff.post(reverse("admin:blocks_fund_delete", args=[Fund.objects.get().pk])).status_code == 403
    assert staff.get(reverse("blocks:block", args=[block.pk])).status_code == 200
    assert staff.get(reverse("blocks:cancel", args=[block.pk])).status_code == 200


def test_a_changed_rule_is_told_in_the_history():
    staff = browser_of(make_staff(BACK_OFFICE))
    sent = {"approval_value": "1000000", "approval_minutes": "15"}
    assert staff.post(reverse("admin:blocks_blockrule_add"), sent).status_code == 302
    assert BlockRule.objects.get().approval_minutes == 15
    assert "1000000" in RuleChange.objects.get().text
    assert staff.get(reverse("admin:blocks_blockrule_add")).status_code == 403  # one row for the house


def test_a_webhooks_secret_is_told_once(trader):
    staff = browser_of(make_staff(BACK_OFFICE))
    sent = {"name": "ERP", "url": "http://127.0.0.1/hook", "user": str(trader.pk), "is_active": "on"}
    told = staff.post(reverse("admin:blocks_webhook_add"), sent | {"new_value": ""}, follow=True)
    secret = Webhook.objects.get().secret
    assert len(secret) > 30
    assert secret in told.content.decode()
    address = reverse("admin:blocks_webhook_change", args=[Webhook.objects.get().pk])
    assert secret not in staff.get(address).content.decode()
    staff.post(address, sent | {"name": "ERP 2", "new_value": ""})
    assert (Webhook.objects.get().name, Webhook.objects.get().secret) == ("ERP 2", secret)


def test_a_trader_has_no_console(trader):
    browser = Client()
    browser.force_login(trader, backend="django.contrib.auth.backends.ModelBackend")
    assert browser.get(reverse("admin:blocks_fund_changelist")).status_code == 302


def test_what_was_given_up_is_sent_again(block):
    hook = Webhook.objects.create(name="ERP", url="http://127.0.0.1:1/", user=block.user, secret="s")
    row = WebhookDelivery.objects.create(
        webhook=hook, block=block, event="block.fill", revision=1, body="{}", state="given_up", attempts=15,
        due_at=clock.now(), created_at=clock.now(),
    )  # fmt: skip
    staff = browser_of(make_staff(BACK_OFFICE))
    chosen = {"action": "send_again", "_selected_action": [str(row.pk)]}
    staff.post(reverse("admin:blocks_webhookdelivery_changelist"), chosen)
    row.refresh_from_db()
    assert (row.state, row.attempts) == ("waiting", 0)
