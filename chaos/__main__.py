"""`make chaos`: a day of orders and blocks while everything breaks, then both sets of books side by side.

`ORDERS` (2000) and `SEED` (drawn and printed) come from the environment; `CHAOS_KEEP=1` keeps the logs.
"""

import os
import secrets
import sys
import time
from collections import Counter
from typing import TYPE_CHECKING

from chaos.house import House, house, told
from chaos.plan import Blow, Deed, Plan, make_plan, rules_of

if TYPE_CHECKING:
    from brokers.models import BrokerAccount
    from chaos.broker import Broker, Facts
    from chaos.crowd import RestDoor
    from chaos.managers import Managers
    from chaos.receiver import Receiver
    from chaos.traders import Traders
    from chaos.verdict import Verdict

SECONDS_AN_ORDER = 1.0
SECONDS_BESIDES = 300.0
QUIET_SECONDS = 240.0
LOOK_AGAIN_SECONDS = 0.05
MIDST_SECONDS = 1.5
MIDST_LOOK_SECONDS = 0.005


def main() -> int:
    orders = int(os.environ.get("ORDERS") or 2000)
    seed = int(os.environ.get("SEED") or secrets.randbelow(10**6))
    plan = make_plan(seed, orders)
    told(
        f"SEED={seed} ORDERS={orders}: {len(plan.blocks)} blocks, {len(plan.blows)} blows, "
        f"{len(plan.rules)} kinds of faults throughout"
    )
    keep = bool(os.environ.get("CHAOS_KEEP"))
    with house(keep) as running:
        return run(plan, running)


def run(plan: Plan, running: House) -> int:
    _set_up()
    from chaos.broker import Broker
    from chaos.crowd import RestDoor
    from chaos.desk import make_desk
    from chaos.managers import Managers
    from chaos.people import make_people, token_of
    from chaos.plan import ACCOUNTS
    from chaos.quiet import NotQuietError, wait_until_quiet
    from chaos.receiver import Receiver
    from chaos.traders import Traders

    broker = Broker(running.control)
    people = make_people(broker, ACCOUNTS)
    accounts = [person.account for person in people]
    receiver = Receiver(plan.seed)
    desk = make_desk(accounts, receiver.url)
    receiver.secret = desk.hook.secret
    receiver.start()
    running.start_lucy()
    told("waiting until every account is reconciled and streams")
    wait_until_quiet(accounts, QUIET_SECONDS)
    traders = Traders(plan, people, [RestDoor(running.site, person.token) for person in people], broker)
    doors = [RestDoor(running.site, token_of(user)) for user in desk.managers]
    approver = RestDoor(running.site, token_of(desk.approver))
    managers = Managers(plan.blocks, desk, doors, approver, broker, lambda: traders.told.begun)
    began = time.monotonic()
    faults, blows = storm(plan, running, broker, traders, managers)
    receiver.calm()
    took = time.monotonic() - began
    remains = [f"{name} ended by itself" for name in running.fallen()]
    try:
        quiet = wait_until_quiet(accounts, QUIET_SECONDS)
    except NotQuietError as noise:
        quiet = QUIET_SECONDS
        remains.append(f"not quiet within {QUIET_SECONDS:.0f} s: {noise}")
    verdict = judge(broker, accounts, traders, managers, receiver, approver)
    verdict.unexplained += remains
    report(plan, faults, blows, [traders.told.counts, managers.told.counts, receiver.counts], verdict)
    print(f"SEED={plan.seed}: orders and blocks in {took:.0f} s, quiet {quiet:.0f} s after the last fault")
    receiver.stop()
    return 0 if verdict.is_clean else 1


def judge(
    broker: "Broker",
    accounts: "list[BrokerAccount]",
    traders: "Traders",
    managers: "Managers",
    receiver: "Receiver",
    approver: "RestDoor",
) -> "Verdict":
    """Orders, fills and money of all accounts; blocks; what others were told of them."""
    from chaos.block_verdict import compare_blocks
    from chaos.message_verdict import compare_messages, compare_report
    from chaos.verdict import compare

    verdict = compare(broker, accounts, {}, traders.told.answered)
    compare_blocks(broker, accounts, managers.told.answered, verdict)
    compare_messages(receiver, verdict)
    compare_report(approver, verdict)
    if not broker.post("/check")["ok"]:
        verdict.unexplained.append("the paper broker's own books do not add up")
    return verdict


def _set_up() -> None:
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    from django_celery_beat.models import PeriodicTask

    PeriodicTask.objects.exclude(name="block_sweep").update(enabled=False)  # the others read other sites


def storm(
    plan: Plan, running: House, broker: "Broker", traders: "Traders", managers: "Managers"
) -> tuple[list["Facts"], Counter[str]]:
    """Let the people work while the blows fall; the faults' rules as used, and the blows."""
    for rule in plan.rules:
        broker.post("/faults", **rule)
    give_up = time.monotonic() + SECONDS_BESIDES + SECONDS_AN_ORDER * len(plan.wishes)
    left = list(plan.blows)
    blows: Counter[str] = Counter()
    for crowd in (traders, managers):
        crowd.start()
    try:
        while not (traders.are_done and managers.are_done):
            if time.monotonic() > give_up:
                begun = traders.told.begun, managers.told.begun
                raise TimeoutError(f"not all was done: {begun} of {len(plan.wishes), len(plan.blocks)}")
            if left and traders.told.begun >= left[0].after:
                blow = left.pop(0)
                told(f"{traders.told.begun:5d} orders begun: {blow.deed}{_awaited(blow)}")
                strike(blow.deed, running, broker)
                blows[blow.deed] += 1
            time.sleep(LOOK_AGAIN_SECONDS)
    finally:
        for crowd in (traders, managers):
            crowd.stop()
        faults = broker.clear_faults()
        broker.post("/matching", automatic=False)
    for failure in (*traders.failed, *managers.failed):
        raise failure
    told(f"all {traders.told.begun} orders and {managers.told.begun} blocks begun, faults cleared")
    return faults, blows


def _awaited(blow: Blow) -> str:
    """A process or a store falls in the midst of a block's way out, if one leaves within a moment."""
    from brokers.blocks.models import Block
    from brokers.blocks.terms import BlockStatus

    give_up = time.monotonic() + MIDST_SECONDS
    while blow.deed.startswith(("kill", "restart")) and time.monotonic() < give_up:
        if Block.objects.filter(status__in=[BlockStatus.STAGED, BlockStatus.SENDING]).exists():
            time.sleep(blow.depth)
            return " while a block leaves"
        time.sleep(MIDST_LOOK_SECONDS)
    return ""


def strike(deed: Deed, running: House, broker: "Broker") -> None:
    match deed:
        case "kill gateway 1" | "kill gateway 2" | "kill web" | "kill worker":
            running.kill(deed.removeprefix("kill "))
        case "restart redis":
            running.restart(running.redis)
        case "restart mongod":
            running.restart(running.mongod)
        case "drop all sockets":
            broker.post("/sockets/drop")
        case "cut all sockets in a frame":
            broker.post("/sockets/drop", mid_frame=True)
        case "expire all tokens":
            broker.post("/tokens/expire")
        case _:
            for rule in rules_of(deed):
                broker.post("/faults", **rule)


def report(
    plan: Plan,
    faults: list["Facts"],
    blows: Counter[str],
    heard: list[Counter[str]],
    verdict: "Verdict",
) -> None:
    used: Counter[str] = Counter()
    for rule in faults:
        name = rule["action"] + (f" {rule['code'] or rule['status']}" if rule["action"] == "answer" else "")
        used[name] += rule["used"]
    _table("faults injected", used + blows)
    _table("what the people heard", sum(heard, Counter()))
    _table("counts", verdict.counts)
    for kind, found in (
        ("lost", verdict.lost),
        ("doubled", verdict.doubled),
        ("unexplained", verdict.unexplained),
    ):
        print(f"{kind:<44}{len(found):>10}")
        for words in found[:40]:
            print(f"    {words}")


def _table(title: str, rows: "Counter[str] | dict[str, int]") -> None:
    print(f"\n{title}")
    for name, count in sorted(rows.items()):
        print(f"    {name:<40}{count:>10,}")


if __name__ == "__main__":
    sys.exit(main())
