"""A seeded market of well-known Korean issues: prices on the tick grid, ten levels of book, trades, candles.

Prices are whole won, quantities shares, values won. The same seed gives the same market.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from random import Random

from brokers.paper import grid
from brokers.paper.candles import PAST_DAYS, Candle, CandleMaker
from brokers.paper.clock import PaperClock

LEVELS = 10
ISSUES_FILE = Path(__file__).with_name("issues.json")
KEPT_TRADES = 100


@dataclass(slots=True)
class Issue:
    """A listed issue and its trading day so far; ``base_price`` is 기준가, the previous close."""

    code: str
    name: str
    english: str
    market: str  # "KOSPI" or "KOSDAQ"
    kind: str  # "stock", "ETF" or "ETN"
    isin: str
    listed_shares: int
    base_price: int
    price: int
    open: int = 0  # with high and low: 0 before the day's first trade
    high: int = 0
    low: int = 0
    volume: int = 0
    value: int = 0
    buy_volume: int = 0  # of ``volume``, what buyers and sellers took actively
    sell_volume: int = 0
    buy_trades: int = 0
    sell_trades: int = 0
    previous_volume: int = 0
    halted: bool = False
    on_nxt: bool = True
    bought_last: bool = True  # whether a buyer was active in the last trade

    @property
    def change(self) -> int:
        """Won against the previous close, signed."""
        return self.price - self.base_price

    @property
    def preferred(self) -> bool:
        return self.kind == "stock" and not self.code.endswith("0")


@dataclass(slots=True)
class Level:
    price: int  # 0 where the band leaves no level
    quantity: int


@dataclass(slots=True)
class Book:
    """Ten levels a side, best first."""

    asks: list[Level]
    bids: list[Level]
    at: datetime

    @property
    def ask_total(self) -> int:
        return sum(level.quantity for level in self.asks)

    @property
    def bid_total(self) -> int:
        return sum(level.quantity for level in self.bids)


@dataclass(frozen=True, slots=True)
class Trade:
    code: str
    price: int
    quantity: int
    bought: bool  # a buyer was active
    at: datetime
    swept: bool = False  # a price set by hand: whatever rests at it is done in full


TradeListener = Callable[[Trade], None]
BookListener = Callable[[str, Book], None]


@dataclass
class Market:
    """All issues, their books and trades. Not thread-safe: it lives in the paper broker's event loop."""

    seed: int = 1
    clock: PaperClock = field(default_factory=PaperClock)

    def __post_init__(self) -> None:
        self.issues: dict[str, Issue] = {issue.code: issue for issue in _read_issues(self.seed)}
        self.trades: dict[str, deque[Trade]] = {code: deque(maxlen=KEPT_TRADES) for code in self.issues}
        self._books: dict[str, Book] = {}
        self._walk = Random(self.seed)  # noqa: S311
        self._candles = CandleMaker(self.seed, self.clock)
        self._trade_listeners: list[TradeListener] = []
        self._book_listeners: list[BookListener] = []

    def on_trade(self, listener: TradeListener) -> None:
        self._trade_listeners.append(listener)

    def on_book(self, listener: BookListener) -> None:
        self._book_listeners.append(listener)

    def issue(self, code: str) -> Issue:
        """The issue, or KeyError."""
        return self.issues[code]

    def tick(self, code: str, price: int) -> int:
        return grid.tick_size(price, self.issue(code).kind)

    def upper_limit(self, code: str) -> int:
        issue = self.issue(code)
        return grid.upper_limit(issue.base_price, issue.kind)

    def lower_limit(self, code: str) -> int:
        issue = self.issue(code)
        return grid.lower_limit(issue.base_price, issue.kind)

    def book(self, code: str) -> Book:
        """The order book; it fills up again whenever the price moves."""
        if code not in self._books:
            self._books[code] = self._new_book(self.issue(code))
        return self._books[code]

    def set_price(self, code: str, price: int, quantity: int = 10) -> None:
        """Let the next trade happen at ``price``; a rise is a buyer's trade, a fall a seller's."""
        issue = self.issue(code)
        if not grid.is_on_grid(price, issue.kind):
            raise ValueError(f"{price} is off the tick grid of {code}")
        if not self.lower_limit(code) <= price <= self.upper_limit(code):
            raise ValueError(f"{price} is outside today's price limits of {code}")
        bought = price > issue.price or (price == issue.price and issue.bought_last)
        self._print(issue, price, quantity, bought=bought, swept=True)

    def take(self, code: str, *, buying: bool, limit: int | None, quantity: int) -> list[tuple[int, int]]:
        """Take from the book up to ``limit`` (None: any price); the (price, quantity) pairs done."""
        issue, book = self.issue(code), self.book(code)
        levels = book.asks if buying else book.bids
        done: list[tuple[int, int]] = []
        for level in levels:
            if quantity == 0 or not level.price or not _reaches(level.price, limit, buying):
                break
            part = min(quantity, level.quantity)
            level.quantity -= part
            quantity -= part
            done.append((level.price, part))
        levels[:] = _packed(levels)
        for price, part in done:
            self._print(issue, price, part, bought=buying, keep_book=True)
        return done

    def available(self, code: str, *, buying: bool, limit: int | None) -> int:
        """Shares on the opposite side of the book within ``limit``."""
        book = self.book(code)
        levels = book.asks if buying else book.bids
        return sum(level.quantity for level in levels if level.price and _reaches(level.price, limit, buying))

    def step(self, moves: int = 30) -> None:
        """Some issues trade: a tick up, down or at the same price, pulled a little towards the base price."""
        for code in self._walk.sample(sorted(self.issues), min(moves, len(self.issues))):
            issue = self.issues[code]
            if not issue.halted:
                self._step_issue(issue)

    def _step_issue(self, issue: Issue) -> None:
        pull = -1 if issue.price > issue.base_price else 1
        direction = self._walk.choice((-1, -1, -1, 0, 0, 0, 1, 1, 1, pull))
        price = issue.price
        if direction > 0:
            price = min(grid.step_up(price, issue.kind), self.upper_limit(issue.code))
        elif direction < 0:
            price = max(grid.step_down(price, issue.kind), self.lower_limit(issue.code))
        bought = self._walk.random() < 0.5 if price == issue.price else price > issue.price
        for _ in range(self._walk.randint(1, 3)):
            self._print(issue, price, self._walk.randint(1, 300), bought=bought)

    def halt(self, code: str, *, halted: bool = True) -> None:
        self.issue(code).halted = halted

    def begin_day(self) -> None:
        """Yesterday's last price becomes the base price; nothing has traded yet."""
        for issue in self.issues.values():
            issue.base_price = issue.price
            issue.previous_volume = issue.volume
            issue.open = issue.high = issue.low = issue.volume = issue.value = 0
            issue.buy_volume = issue.sell_volume = issue.buy_trades = issue.sell_trades = 0
            self.trades[issue.code].clear()
        self._books.clear()

    def daily_candles(self, code: str, days: int = PAST_DAYS) -> list[Candle]:
        """That many past business days, the latest first; today is not among them."""
        issue = self.issue(code)
        return self._candles.daily(code, issue.base_price, issue.kind, days)

    def minute_candles(self, code: str) -> list[Candle]:
        """Today's minutes, the latest first; the latest one closes at the current price."""
        issue = self.issue(code)
        return self._candles.minutes(code, issue.base_price, issue.price, issue.kind)

    def _print(
        self,
        issue: Issue,
        price: int,
        quantity: int,
        *,
        bought: bool,
        swept: bool = False,
        keep_book: bool = False,
    ) -> None:
        """Record a trade and tell everybody."""
        trade = Trade(issue.code, price, quantity, bought, self.clock.now(), swept)
        _count_trade(issue, trade)
        self.trades[issue.code].append(trade)
        if not keep_book:
            self._books[issue.code] = self._new_book(issue)
        for tell in self._trade_listeners:
            tell(trade)
        book = self.book(issue.code)
        for tell_book in self._book_listeners:
            tell_book(issue.code, book)

    def _new_book(self, issue: Issue) -> Book:
        """The last price stands on the side that was taken: a buyer's trade leaves it as the best ask."""
        best_ask = issue.price if issue.bought_last else grid.step_up(issue.price, issue.kind)
        asks, bids = [], []
        price = best_ask
        for _ in range(LEVELS):
            asks.append(self._level(issue, price, inside=price <= self.upper_limit(issue.code)))
            price = grid.step_up(price, issue.kind)
        price = best_ask
        for _ in range(LEVELS):
            price = grid.step_down(price, issue.kind)
            bids.append(self._level(issue, price, inside=price >= self.lower_limit(issue.code)))
        return Book(asks, bids, self.clock.now())

    def _level(self, issue: Issue, price: int, *, inside: bool) -> Level:
        """20 to 80 million won at a price, always the same for a seed: tests can count on it."""
        if not inside:
            return Level(0, 0)
        spread = (self.seed * 7919 + price * 31 + issue.listed_shares) % 61
        return Level(price, max(1, (20 + spread) * 1_000_000 // price))


def _reaches(price: int, limit: int | None, buying: bool) -> bool:
    return limit is None or (price <= limit if buying else price >= limit)


def _packed(levels: list[Level]) -> list[Level]:
    """Without the emptied levels, still ten."""
    left = [level for level in levels if level.quantity]
    return left + [Level(0, 0) for _ in range(LEVELS - len(left))]


def _count_trade(issue: Issue, trade: Trade) -> None:
    issue.price = trade.price
    issue.open = issue.open or trade.price
    issue.high = max(issue.high, trade.price)
    issue.low = min(issue.low or trade.price, trade.price)
    issue.volume += trade.quantity
    issue.value += trade.price * trade.quantity
    issue.bought_last = trade.bought
    if trade.bought:
        issue.buy_volume += trade.quantity
        issue.buy_trades += 1
    else:
        issue.sell_volume += trade.quantity
        issue.sell_trades += 1


def _read_issues(seed: int) -> list[Issue]:
    rows = json.loads(ISSUES_FILE.read_text(encoding="utf-8"))
    return [
        _opened(Issue(code, name, english, market, kind, isin_of(code), shares, base, base), seed)
        for code, name, english, market, kind, base, shares in rows
    ]


def _opened(issue: Issue, seed: int) -> Issue:
    """Give the issue some hours of trading at the base price, so that a fresh market looks like one."""
    volume = issue.listed_shares // (400 + (seed * 13 + issue.base_price) % 300)
    issue.open = issue.high = issue.low = issue.price
    issue.volume, issue.previous_volume = volume, volume + volume // 7
    issue.value = volume * issue.price
    issue.buy_volume, issue.sell_volume = volume - volume // 2, volume // 2
    issue.buy_trades, issue.sell_trades = volume // 40, volume // 45
    issue.on_nxt = issue.kind == "stock"
    return issue


def isin_of(code: str) -> str:
    """표준코드: KR7, code, 00 and the ISO 6166 check digit; a preferred's last digit changes (5 → 1)."""
    ending = {"5": "1", "7": "2", "9": "3"}.get(code[-1], code[-1])
    body = f"KR7{code[:5]}{ending}00"
    digits = "".join(str(int(sign, 36)) for sign in body)
    total = 0
    for place, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (2 if place % 2 == 0 else 1)
        total += doubled // 10 + doubled % 10
    return f"{body}{-total % 10}"
