"""The blocks of the day, drawn before anything starts: plans over all accounts, and what managers want."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Literal, TypeVar

from brokers.blocks.preview import Terms, divide
from brokers.blocks.terms import Basis, Mode, OnTrouble, Rounding

ISSUES = ("000270", "015760", "114800")  # of their own: an order alone and a leg are never mistaken
ORDERS_A_BLOCK = 10
LEAST_BLOCKS = 8
MANAGERS = 2
SMALLEST, LARGEST = 40, 1_200  # shares of a block
DRAWS = 1_000
WATCHED_FUND = "EYES"  # its blocks need a second person

T = TypeVar("T")
Change = Literal["", "modify", "cancel", "cancel part"]
Answer = Literal["approve", "refuse", "withdraw", "nobody"]


@dataclass(frozen=True, slots=True)
class Form:
    """A plan as it will be saved. A leg a weight; `accounts`: each leg's, by number, or the executing one."""

    code: str
    weights: tuple[int, ...]
    accounts: tuple[int, ...]
    mode: Mode = Mode.OWN
    basis: Basis = Basis.WEIGHT
    rounding: Rounding = Rounding.QUOTA
    lot: int = 1
    on_trouble: OnTrouble = OnTrouble.GO_ON
    caps: tuple[int | None, ...] = ()
    watched: bool = False

    @property
    def all_caps(self) -> tuple[int | None, ...]:
        return self.caps or (None,) * len(self.weights)

    def fund_of(self, leg: int) -> str:
        """Each leg has a fund of its own; the last one of a watched plan is the watched one."""
        return WATCHED_FUND if self.watched and leg == len(self.weights) - 1 else f"F{leg + 1}"

    def orders(self, quantity: int, accounts: int) -> list[tuple[int, int]]:
        """Account and shares of each order that a block of `quantity` becomes."""
        positions = range(1, len(self.weights) + 1)
        terms = Terms(self.basis, self.rounding, self.lot, positions, self.weights, self.all_caps)
        divided = divide(terms, quantity)
        if self.mode == Mode.SHARED:
            return [(self.accounts[0] % accounts, divided.ordered)]
        pairs = zip(self.accounts, divided.quantities, strict=True)
        return [(account % accounts, shares) for account, shares in pairs if shares]


FORMS = (
    Form("even", (2500,) * 4, (0, 1, 2, 3)),
    Form(
        "uneven",
        (4000, 2500, 1700, 1000, 800),
        (4, 5, 4, 7, 5),  # two legs follow each other at one broker: the rule has something to stop
        rounding=Rounding.LARGEST_REMAINDER,
        lot=5,
        on_trouble=OnTrouble.STOP,
    ),
    Form("pool-kis", (3334, 3333, 3333), (6,), Mode.SHARED),
    Form("eyes", (5000, 3000, 2000), (8, 9, 1), rounding=Rounding.DOWN, lot=10, watched=True),
    Form("pool-ls", (5000, 2500, 1500, 1000), (5,), Mode.SHARED, lot=10, caps=(None, None, 90, None)),
    Form(
        "counted",
        (400, 250, 150),
        (2, 3, 6),
        basis=Basis.QUANTITY,
        on_trouble=OnTrouble.STOP,
        caps=(300, None, None),
    ),
    Form("pool-eyes", (2500,) * 4, (0,), Mode.SHARED, watched=True),
)


@dataclass(frozen=True, slots=True)
class BlockWish:
    """One block that a manager wants, and what becomes of one placed by the same manager before."""

    number: int
    after: int  # so many orders have been begun
    form: int
    code: str
    side: Literal["buy", "sell"]
    quantity: int
    ticks: int  # away from the last price; most wait on their own side of it
    market: bool
    answer: Answer  # of the second person, where one is asked
    change: Change
    change_ticks: int
    impatient: bool  # asks again with the same id before the answer is there
    stays: bool  # not cancelled when its manager goes home

    @property
    def manager(self) -> int:
        return self.number % MANAGERS

    @property
    def client_block_id(self) -> str:
        return f"chaos-{self.number}"


def make_blocks(dice: Random, orders: int, accounts: int, blows: Sequence[int]) -> list[BlockWish]:
    """Every form in turn; half of them at the moment of a blow (after so many orders), half at any time."""
    count = max(LEAST_BLOCKS, orders // ORDERS_A_BLOCK)
    moments = sorted(
        dice.choice(blows) if dice.random() < 0.5 else dice.randrange(orders) for _ in range(count)
    )
    sizes = _Sizes(dice, accounts)
    return [_wish(number, after, dice, sizes) for number, after in enumerate(moments)]


class _Sizes:
    """Blocks whose orders are alike to none other of an account, issue and side: a lost reply is provable."""

    def __init__(self, dice: Random, accounts: int) -> None:
        self._dice = dice
        self._accounts = accounts
        self._taken: set[tuple[int, int, str, str]] = set()

    def next(self, form: Form, code: str, side: str) -> int:
        for _ in range(DRAWS):
            quantity = self._dice.randint(SMALLEST, LARGEST)
            orders = {(*order, code, side) for order in form.orders(quantity, self._accounts)}
            if orders and not orders & self._taken:
                self._taken |= orders
                return quantity
        raise ValueError(f"no size is left for {form.code}: fewer blocks, or more issues")


def _wish(number: int, after: int, dice: Random, sizes: _Sizes) -> BlockWish:
    code = dice.choice(ISSUES)
    side: Literal["buy", "sell"] = "buy" if dice.random() < 0.6 else "sell"
    return BlockWish(
        number=number,
        after=after,
        form=number % len(FORMS),
        code=code,
        side=side,
        quantity=sizes.next(FORMS[number % len(FORMS)], code, side),
        ticks=_ticks(dice, side),
        market=dice.random() < 0.15,
        answer=_one(dice, ("approve", "refuse", "withdraw", "nobody"), (70, 10, 10, 10)),
        change=_one(dice, ("", "modify", "cancel", "cancel part"), (30, 30, 15, 25)),
        change_ticks=dice.randint(-4, 4),
        impatient=dice.random() < 0.15,
        stays=dice.random() < 0.2,
    )


def _ticks(dice: Random, side: str) -> int:
    waits = dice.randint(-2, 12)
    return -waits if side == "buy" else waits


def _one(dice: Random, what: Sequence[T], odds: Sequence[int]) -> T:
    return dice.choices(what, odds)[0]
