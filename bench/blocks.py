"""A block's legs on their way out, beside the brokers' pace alone; its pages: `bench/block_pages.py`."""

import threading
import time
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from django.conf import settings

from accounts.models import User
from bench import block_pages
from bench.figures import Figure, percentile
from bench.people import Trader
from bench.plans import make_plan
from brokers import adapters
from brokers.adapters import client_for
from brokers.adapters.base import OrderRequest
from brokers.adapters.ls.codes import NEW_ORDER
from brokers.blocks.models import Block, Plan
from brokers.blocks.preview import Wish
from brokers.blocks.services import sending
from brokers.blocks.services.staging import place_block
from brokers.blocks.terms import BlockStatus
from brokers.models import AccountGrant, BrokerAccount, Order
from brokers.terms import Broker

LEGS_AN_ACCOUNT = 5
ROUNDS = 5
REST_SECONDS = 1.0  # after which every bucket of the pace is full again, and a quote still fresh
ABOVE_PACE_MS = 200.0


def figures(traders: Sequence[Trader], request: OrderRequest) -> list[Figure]:
    """`traders`: as many accounts at each broker; one person trades them all here."""
    return [_sending_figure(traders, request), *block_pages.figures()]


def _sending_figure(traders: Sequence[Trader], request: OrderRequest) -> Figure:
    """From the start of the sending to the last broker's answer, at the brokers' own pace."""
    user, accounts = traders[0].user, [trader.account for trader in traders]
    lent = [AccountGrant.objects.create(account=one, user=user, can_trade=True) for one in accounts[1:]]
    legs = LEGS_AN_ACCOUNT * len(accounts)
    plan = make_plan(user, accounts, legs)
    usual, settings.BROKER_RATE_FACTOR = settings.BROKER_RATE_FACTOR, 1.0
    adapters._clients.clear()
    try:
        floors, ours = [], []
        for _ in range(ROUNDS + 1):
            floors.append(_pace_alone(accounts))
            time.sleep(REST_SECONDS)
            ours.append(_sent(user, plan, request, legs))
            time.sleep(REST_SECONDS)
    finally:
        settings.BROKER_RATE_FACTOR = usual
        adapters._clients.clear()
        for grant in lent:  # other figures take it that each trader sees one account
            grant.delete()
    value, floor = percentile(ours[1:], 50), percentile(floors[1:], 50)  # the first opened the connections
    name = f"블록 {legs}건, {len(accounts)}계좌, 두 증권사"
    return Figure(
        name, "ms p50", value, floor, "pace alone", value - floor, ABOVE_PACE_MS, "ms above the pace"
    )


def _sent(user: User, plan: Plan, request: OrderRequest, legs: int) -> float:
    """Milliseconds of the sending; the checks before it have their own time."""
    began: list[float] = []
    usual = sending.start

    def start(block: Block) -> None:
        time.sleep(REST_SECONDS)  # the checks asked the brokers
        began.append(time.perf_counter())
        running = usual(block)
        assert running is not None
        running.done.result(60)
        began.append(time.perf_counter())

    sending.start = start
    try:
        wish = Wish(request.symbol, request.side, request.order_type, request.price, quantity=legs)
        block = place_block(user, str(uuid4()), plan, wish, confirmed=True)
    finally:
        sending.start = usual
    block.refresh_from_db()
    assert block.status == BlockStatus.WORKING, block.status
    named = Order.objects.filter(client_order_id__startswith=f"block-{block.pk}", status="accepted")
    assert named.count() == legs
    return (began[1] - began[0]) * 1000


def _pace_alone(accounts: Sequence[BrokerAccount]) -> float:
    """Milliseconds of as many orders through each account's pace, and nowhere else."""

    def wait(account: BrokerAccount) -> None:
        client: Any = client_for(account)
        own = (
            {"tr": NEW_ORDER.code, "per_second": NEW_ORDER.per_second} if account.broker == Broker.LS else {}
        )
        for _ in range(LEGS_AN_ACCOUNT):
            client._pace.wait("order", **own)

    threads = [threading.Thread(target=wait, args=(account,)) for account in accounts]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return (time.perf_counter() - began) * 1000
