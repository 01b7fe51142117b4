"""`make chaos`: a day of orders while everything breaks, then both sets of books side by side.

`ORDERS` (2000) and `SEED` (drawn and printed) come from the environment; `CHAOS_KEEP=1` keeps the logs.
"""

import os
import secrets
import sys
import time
from collections import Counter
from typing import TYPE_CHECKING

from chaos.house import House, house, told
from chaos.plan import Deed, Plan, make_plan, rules_of

if TYPE_CHECKING:
    from chaos.broker import Broker, Facts
    from chaos.traders import Traders
    from chaos.verdict import Verdict

SECONDS_AN_ORDER = 1.0
SECONDS_BESIDES = 300.0
QUIET_SECONDS = 240.0
LOOK_AGAIN_SECONDS = 0.05


def main() -> int:
    orders = int(os.environ.get("ORDERS") or 2000)
    seed = int(os.environ.get("SEED") or secrets.randbelow(10**6))
    plan = make_plan(seed, orders)
    told(
        f"SEED={seed} ORDERS={orders}: {len(plan.blows)} blows, {len(plan.rules)} kinds of faults throughout"
    )
    keep = bool(os.environ.get("CHAOS_KEEP"))
    with house(keep) as running:
        return run(plan, running)


def run(plan: Plan, running: House) -> int:
    _set_up()
    from chaos.broker import Broker
    from chaos.people import make_people
    from chaos.plan import ACCOUNTS
    from chaos.quiet import NotQuietError, wait_until_quiet
    from chaos.traders import RestDoor, Traders
    from chaos.verdict import Verdict, compare

    broker = Broker(running.control)
    people = make_people(broker, ACCOUNTS)
    accounts = [person.account for person in people]
    running.start_lucy()
    told("waiting until every account is reconciled and streams")
    wait_until_quiet(accounts, QUIET_SECONDS)
    traders = Traders(plan, people, [RestDoor(running.site, person.token) for person in people], broker)
    began = time.monotonic()
    faults, blows = storm(plan, running, broker, traders)
    took = time.monotonic() - began
    verdict = Verdict()
    try:
        quiet = wait_until_quiet(accounts, QUIET_SECONDS)
    except NotQuietError as noise:
        quiet = QUIET_SECONDS
        verdict.unexplained.append(f"not quiet within {QUIET_SECONDS:.0f} s: {noise}")
    remains = verdict.unexplained
    verdict = compare(broker, accounts, {}, traders.told.answered)
    verdict.unexplained += remains + [f"{name} ended by itself" for name in running.fallen()]
    if not broker.post("/check")["ok"]:
        verdict.unexplained.append("the paper broker's own books do not add up")
    report(plan, faults, blows, traders, verdict, took, quiet)
    return 0 if verdict.is_clean else 1


def _set_up() -> None:
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)


def storm(
    plan: Plan, running: House, broker: "Broker", traders: "Traders"
) -> tuple[list["Facts"], Counter[str]]:
    """Let the traders work while the blows fall; the faults' rules as used, and the blows."""
    for rule in plan.rules:
        broker.post("/faults", **rule)
    give_up = time.monotonic() + SECONDS_BESIDES + SECONDS_AN_ORDER * len(plan.wishes)
    left = list(plan.blows)
    blows: Counter[str] = Counter()
    traders.start()
    try:
        while not traders.are_done:
            if time.monotonic() > give_up:
                raise TimeoutError(f"the traders were not done: {traders.told.begun} of {len(plan.wishes)}")
            if left and traders.told.begun >= left[0].after:
                blow = left.pop(0)
                told(f"{traders.told.begun:5d} orders begun: {blow.deed}")
                strike(blow.deed, running, broker)
                blows[blow.deed] += 1
            time.sleep(LOOK_AGAIN_SECONDS)
    finally:
        traders.stop()
        faults = broker.clear_faults()
        broker.post("/matching", automatic=False)
    if traders.failed:
        raise traders.failed[0]
    told(f"all {traders.told.begun} orders begun, faults cleared")
    return faults, blows


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
    traders: "Traders",
    verdict: "Verdict",
    took: float,
    quiet: float,
) -> None:
    used: Counter[str] = Counter()
    for rule in faults:
        name = rule["action"] + (f" {rule['code'] or rule['status']}" if rule["action"] == "answer" else "")
        used[name] += rule["used"]
    _table("faults injected", used + blows)
    _table("what the traders heard", traders.told.counts)
    _table("counts", verdict.counts)
    for kind, found in (
        ("lost", verdict.lost),
        ("doubled", verdict.doubled),
        ("unexplained", verdict.unexplained),
    ):
        print(f"{kind:<44}{len(found):>10}")
        for words in found[:40]:
            print(f"    {words}")
    print(f"SEED={plan.seed}: orders in {took:.0f} s, quiet {quiet:.0f} s after the last fault")


def _table(title: str, rows: "Counter[str] | dict[str, int]") -> None:
    print(f"\n{title}")
    for name, count in sorted(rows.items()):
        print(f"    {name:<40}{count:>10,}")


if __name__ == "__main__":
    sys.exit(main())
