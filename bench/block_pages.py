"""What the database takes of the pages of block orders on a full day: 1,000 blocks of 50 legs.

`python -m bench.block_pages` is a process of its own that counts every command pymongo sends.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import partial
from typing import Any

from bench.figures import Figure, percentile

BLOCKS = 1_000
LEGS = 50
ACCOUNTS = 10
ROUNDS = 20
MOST_MILLISECONDS = 50
DATABASE = "bench_blocks"
FLOOR = "/accounts/"


def figures() -> list[Figure]:
    done = subprocess.run(
        [sys.executable, "-m", "bench.block_pages"],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"MONGODB_NAME": DATABASE},
    )
    told = json.loads(next(line for line in done.stdout.splitlines() if line.startswith("{")))
    return [
        Figure(
            f"database part of {name}, {BLOCKS:,} x {LEGS}",
            "ms p95",
            value,
            floor,
            "a page without a list",
            value,
            MOST_MILLISECONDS,
            "milliseconds",
        )
        for name, (value, floor) in told.items()
    ]


def main() -> None:
    from bench.clockwork import Clockwork  # before Django connects

    clockwork = Clockwork()
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    browser, block = _full_day()
    print(json.dumps(dict(_measured(clockwork, browser, block)), ensure_ascii=False), flush=True)


def _measured(clockwork: Any, browser: Any, block: Any) -> Iterator[tuple[str, tuple[float, float]]]:
    """Page; p95 of the milliseconds that MongoDB's answers took, and of a page without a list beside it."""
    from brokers.blocks.models import Fund
    from brokers.blocks.selectors import positions_of

    def visit(address: str) -> None:
        answer = browser.get(address)
        assert answer.status_code == 200, (address, answer.status_code)

    def taken(work: Callable[[], Any]) -> float:
        with clockwork.counting() as spent:
            work()
        return float(spent.milliseconds)

    funds = list(Fund.objects.all())
    works: dict[str, Callable[[], Any]] = {
        name: partial(visit, address) for name, address in _pages(block).items()
    }
    works[f"미리보기의 펀드 {len(funds)}개"] = partial(positions_of, funds)
    for name, work in works.items():
        work()  # the first one warms up what a process keeps
        rounds = [(taken(work), taken(partial(visit, FLOOR))) for _ in range(ROUNDS)]
        value, floor = (round(percentile(each, 95), 2) for each in zip(*rounds, strict=True))
        yield name, (value, floor)


def _pages(block: Any) -> dict[str, str]:
    from brokers.blocks.models import AllocationShare
    from brokers.paging import newest_first

    report = "/blocks/report/"
    after = newest_first(AllocationShare.objects.all(), "created_at", None, 50).after
    return {
        "블록주문": "/blocks/",
        "진행 중 블록": "/blocks/?state=open",
        "블록 하나": f"/blocks/{block.pk}/",
        "새 블록": "/blocks/new/",
        "승인": "/blocks/approvals/",
        "배분계획": "/blocks/plans/",
        "배분계획 하나": f"/blocks/plans/{block.plan_id}/",
        "펀드": "/blocks/funds/",
        "펀드 하나": f"/blocks/funds/{block.shares.first().fund_id}/",
        "리밸런싱": "/blocks/rebalance/",
        "바스켓": "/blocks/basket/",
        "배분 보고서, 모든 펀드": report,
        "배분 보고서, 다음 쪽": f"{report}?after={after}",
        "배분 보고서, 펀드 하나": f"{report}?fund=F000",
        "배분 보고서, 펀드 하나의 확정": f"{report}?fund=F000&final=yes",
        "배분 보고서, 매도 몇 건": f"{report}?side=sell",
        "배분 보고서, 종목 하나": f"{report}?symbol=000660",
    }


def _full_day() -> tuple[Any, Any]:
    """A trader with a day of blocks, half of them final, half of their shares filled; and one of them."""
    from django.test import Client

    from accounts.models import User
    from bench.plans import make_plan
    from brokers.blocks.selectors import legs_of
    from brokers.models import AccountGrant, BrokerAccount

    user = User.objects.create_user("blocks")
    accounts = []
    for index in range(ACCOUNTS):
        broker, number = ("kis", f"{60_000_000 + index}01") if index % 2 else ("ls", f"300{index:08d}")
        account = BrokerAccount.objects.create(broker=broker, number=number, name=f"계좌 {index}")
        AccountGrant.objects.create(account=account, user=user, can_trade=True)
        accounts.append(account)
    plan = make_plan(user, accounts, LEGS)
    legs = legs_of(plan)
    made = [_block(user, plan, legs, index) for index in range(BLOCKS)]
    browser = Client(SERVER_NAME="localhost")
    browser.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return browser, made[-2]  # half of which is still open


def _block(user: Any, plan: Any, legs: Any, index: int) -> Any:
    from brokers.blocks.models import AllocationShare, Block, BlockChild
    from brokers.models import Fill, Order
    from lucy import clock, mongo

    now, day = clock.now(), clock.trade_date()
    common: dict[str, Any] = {
        "symbol": "005930" if index % 20 else "000660",
        "side": "buy" if index % 100 else "sell",
    }
    block = Block(
        plan=plan, user=user, client_block_id=f"b{index}", name="삼성전자", order_type="limit", price=70_000,
        quantity=500, ordered_quantity=500, filled_quantity=250, filled_amount=Decimal(17_500_000),
        fee=2_600, open_quantity=250, worst_value=35_000_000, status="final" if index % 2 else "working",
        trade_date=day, created_at=now, updated_at=now, **common,
    )  # fmt: skip
    mongo.insert(block)
    orders = [
        Order(
            account=leg.account, user=user, client_order_id=f"block-{block.pk}-{leg.position}",
            name="삼성전자", order_type="limit", quantity=10, price=70_000, status="partially_filled",
            filled_quantity=5,
            filled_amount=Decimal(350_000), trade_date=day, broker_order_no=str(index * LEGS + leg.position),
            created_at=now, sent_at=now, updated_at=now, **common,
        )
        for leg in legs
    ]  # fmt: skip
    mongo.insert(*orders)
    fills = [
        Fill(
            account_id=order.account_id, order_id=order.pk, trade_date=day,
            broker_order_no=order.broker_order_no, fill_no=f"{index}", quantity=5, price=70_000,
            executed_at=now, recorded_at=now, **common,
        )
        for order in orders
    ]  # fmt: skip
    mongo.insert(*fills)
    children, shares = [], []
    for leg, order in zip(legs, orders, strict=True):
        known: dict[str, Any] = {"block_id": block.pk, "position": leg.position}
        known |= {"fund": leg.fund, "account": leg.account}
        children.append(
            BlockChild(
                quantity=10,
                client_order_id=order.client_order_id,
                state="ordered",
                order_id=order.pk,
                **known,
            )
        )
        shares.append(
            AllocationShare(
                weight=leg.weight, ordered=10, filled=5, open=5, amount=Decimal(350_000), fee=52,
                created_at=now, trade_date=day, **known, **common,
            )
        )  # fmt: skip
    mongo.insert(*children)
    mongo.insert(*shares)
    return block


if __name__ == "__main__":
    main()
