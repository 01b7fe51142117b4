"""What will be ordered and what will go wrong: all of it drawn from the seed before anything starts."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any, Literal

from chaos.blocks import BlockWish, make_blocks

CODES = ("005930", "000660", "035720", "247540", "069500")
ACCOUNTS = 10
BLOWS_EVERY = 33  # orders
DEEPEST = 0.15
LEAST_BLOWS = 14  # each kind at least once

Deed = Literal[
    "kill gateway 1",
    "kill gateway 2",
    "kill web",
    "kill worker",
    "restart redis",
    "restart mongod",
    "drop all sockets",
    "cut all sockets in a frame",
    "expire all tokens",
    "hold replies",
    "hold requests",
    "never answer",
    "answer 500 for a while",
]
DEEDS: tuple[Deed, ...] = (
    "kill gateway 1",
    "cut all sockets in a frame",
    "kill web",
    "hold replies",
    "restart redis",
    "expire all tokens",
    "kill gateway 2",
    "hold requests",
    "restart mongod",
    "drop all sockets",
    "kill worker",
    "kill web",  # once more: it is web that sends blocks
    "never answer",
    "answer 500 for a while",
)


@dataclass(frozen=True, slots=True)
class Wish:
    """One order that somebody wants, and what becomes of the one placed by the same person before."""

    number: int
    trader: int
    elsewhere: bool  # in the HTS, past Lucy
    code: str
    side: Literal["buy", "sell"]
    quantity: int  # of one account, issue and side no two are alike, so that a lost reply is provable
    ticks: int  # away from the last price
    market: bool
    change: Literal["", "modify", "cancel", "cancel part"]  # of an earlier order
    change_ticks: int
    impatient: bool  # asks again with the same id before the answer is there

    @property
    def client_order_id(self) -> str:
        return f"chaos-{self.number}"


@dataclass(frozen=True, slots=True)
class Blow:
    after: int  # so many wishes have been begun
    deed: Deed
    depth: float  # seconds that a block has been leaving when a process or a store falls


@dataclass(frozen=True, slots=True)
class Plan:
    seed: int
    wishes: list[Wish]
    blows: list[Blow]
    blocks: list[BlockWish]
    rules: list[dict[str, Any]] = field(default_factory=list)  # in force from the first order to the last


def make_plan(seed: int, orders: int, accounts: int = ACCOUNTS) -> Plan:
    """The same seed gives the same plan; how the processes' speeds mix it is not in its hands."""
    dice = Random(seed)  # noqa: S311
    sizes = _Sizes(dice)
    wishes = [_wish(number, dice, accounts, sizes) for number in range(orders)]
    count = max(LEAST_BLOWS, orders // BLOWS_EVERY)
    deeds = [*_turns(dice, count)]
    blows = [
        Blow(1 + index * orders // count, deed, dice.uniform(0, DEEPEST)) for index, deed in enumerate(deeds)
    ]
    blocks = make_blocks(dice, orders, accounts, [blow.after for blow in blows])
    return Plan(seed, wishes, blows, blocks, background())


class _Sizes:
    """Quantities that repeat late or never within an account, an issue and a side."""

    def __init__(self, dice: Random) -> None:
        self._dice = dice
        self._left: dict[tuple[int, str, str], list[int]] = {}

    def next(self, trader: int, code: str, side: str) -> int:
        left = self._left.setdefault((trader, code, side), [])
        if not left:
            left.extend(self._dice.sample(range(1, 200), 199))
        return left.pop()


def _wish(number: int, dice: Random, accounts: int, sizes: _Sizes) -> Wish:
    trader, code = dice.randrange(accounts), dice.choice(CODES)
    side: Literal["buy", "sell"] = "buy" if dice.random() < 0.55 else "sell"
    change: Literal["", "modify", "cancel", "cancel part"] = dice.choices(
        ["", "modify", "cancel", "cancel part"], [60, 16, 16, 8]
    )[0]  # type: ignore[assignment]
    return Wish(
        number=number,
        trader=trader,
        elsewhere=dice.random() < 0.06,
        code=code,
        side=side,
        quantity=sizes.next(trader, code, side),
        ticks=dice.randint(-6, 6),
        market=dice.random() < 0.2,
        change=change,
        change_ticks=dice.randint(-5, 5),
        impatient=dice.random() < 0.05,
    )


def _turns(dice: Random, count: int) -> Iterator[Deed]:
    """Every kind in turn, each round in an order of its own."""
    while True:
        for deed in dice.sample(DEEDS, len(DEEDS)):
            if not count:
                return
            count -= 1
            yield deed


def background() -> list[dict[str, Any]]:
    """The faults that may meet any request and any notice."""
    odds: list[tuple[str, float, dict[str, Any]]] = [
        ("delay_request", 0.04, {"seconds": 0.3}),
        ("delay_reply", 0.03, {"seconds": 0.6}),
        ("lose_reply", 0.03, {}),
        ("cut", 0.01, {}),
        ("answer", 0.01, {"status": 500, "body": "<html>Internal Server Error</html>"}),
        ("answer", 0.01, {"broker": "kis", "code": "EGW00201", "message": "초당 거래건수를 초과하였습니다."}),
        ("answer", 0.01, {"broker": "ls", "code": "IGW00201", "message": "호출 거래건수를 초과하였습니다."}),
        ("delay_notice", 0.05, {"seconds": 1.0}),
        ("repeat_notice", 0.06, {}),
        ("repeat_notice", 0.03, {"seconds": 2.5}),
        ("reorder_notice", 0.06, {"seconds": 0.2}),
        ("lose_notice", 0.03, {}),
        ("drop_socket", 0.002, {}),
        ("cut_frame", 0.003, {}),
    ]
    return [
        {"action": action, "times": None, "probability": chance, **details}
        for action, chance, details in odds
    ]


ORDER_PATHS = {"kis": "/uapi/domestic-stock/v1/trading/order", "ls": "/stock/order"}


def rules_of(deed: Deed) -> list[dict[str, Any]]:
    """What the paper broker is told for a blow that is a fault of orders at both brokers."""
    kinds: dict[Deed, dict[str, Any]] = {
        # longer than an adapter waits (LS 10 s, KIS 15 s): the order is there, the reply comes to nobody
        "hold replies": {"action": "delay_reply", "seconds": 17.0, "times": 2},
        # LS gives up waiting before the broker even takes it
        "hold requests": {"action": "delay_request", "seconds": 12.0, "times": 2},
        "never answer": {"action": "silence", "seconds": 20.0, "times": 1},
        "answer 500 for a while": {"action": "answer", "status": 500, "code": "EGW00001", "times": 6},
    }
    rule = kinds.get(deed)
    return [rule | {"broker": broker, "target": path} for broker, path in ORDER_PATHS.items()] if rule else []
