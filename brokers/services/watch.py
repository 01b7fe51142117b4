"""나의 주식: put on the list, tagged, priced in one round for all, called when a base price is reached."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import IntegrityError
from django.db.models import QuerySet
from django.urls import reverse

from accounts.models import User
from brokers.adapters.base import Quote
from brokers.models import BrokerAccount, Crossing, Instrument, Tag, UserNoticeKind, WatchedStock
from brokers.rights import accounts_of
from brokers.services import desk
from brokers.services.notices import notify
from brokers.terms import Broker, Server, Venue
from lucy import clock
from lucy.errors import LucyError
from lucy.mongo import transactional

MOST_STOCKS = 300
FRESH = timedelta(seconds=8)  # a price asked for by any page of this process; shorter than a page's 10 s
OLD = timedelta(seconds=30)
MOST_KEPT = 5_000

# Which account is asked first. Fifty a call at LS, thirty at KIS, one by one on KIS's paper server.
ONE_BY_ONE = 5  # asked for in a round there, the oldest first: its pace is one a second
_BEST_FIRST = ((Broker.LS, Server.REAL), (Broker.LS, Server.PAPER), (Broker.KIS, Server.REAL))


def watched_by(user: User, tag: str = "") -> list[WatchedStock]:
    """The user's list in the order it was made, all of it or one tag's."""
    rows = WatchedStock.objects.filter(user=user)
    if tag:
        rows = rows.filter(**{Tag(tag).value: True})
    return list(rows.order_by("added_at", "pk"))


def watch(user: User, symbol: str, tag: Tag) -> WatchedStock:
    """Put a stock on the list, or give one that is there another tag. Raises `LucyError`."""
    found = WatchedStock.objects.filter(user=user, symbol=symbol).first()
    if found is None:
        found = _new(user, symbol)
    setattr(found, tag.value, True)
    found.save(update_fields=[tag.value])
    return found


def _new(user: User, symbol: str) -> WatchedStock:
    instrument = Instrument.objects.filter(symbol=symbol).first()
    if instrument is None:
        raise LucyError("unknown_issue", f"종목 목록에 없는 코드입니다: {symbol}")
    return _create(user, symbol, instrument.name)


def _create(user: User, symbol: str, name: str) -> WatchedStock:
    if WatchedStock.objects.filter(user=user).count() >= MOST_STOCKS:
        raise LucyError("too_many_stocks", f"나의 주식에는 {MOST_STOCKS}종목까지 담을 수 있습니다.")
    try:
        return WatchedStock.objects.create(user=user, symbol=symbol, name=name, added_at=clock.now())
    except IntegrityError:  # another tab was quicker
        return WatchedStock.objects.get(user=user, symbol=symbol)


def tag(stock: WatchedStock, wanted: Tag, on: bool) -> None:
    setattr(stock, wanted.value, on)
    stock.save(update_fields=[wanted.value])


def base_prices(stock: WatchedStock, buy_below: Decimal | None, sell_above: Decimal | None) -> None:
    """Set both; a price that is there already calls at the next round. Raises `LucyError`."""
    if buy_below is not None and sell_above is not None and buy_below >= sell_above:
        raise LucyError("prices_crossed", "매수 기준가는 매도 기준가보다 낮아야 합니다.")
    stock.buy_below, stock.sell_above = buy_below, sell_above
    stock.crossing, stock.crossed_at, stock.crossed_price = Crossing.NONE, None, None
    stock.save(update_fields=["buy_below", "sell_above", "crossing", "crossed_at", "crossed_price"])


@dataclass(frozen=True, slots=True)
class Removal:
    """What a removal does, to be read before it is done."""

    gone: list[WatchedStock]  # leave the list
    stay: list[WatchedStock]  # lose the tag and keep another


def removal(user: User, tag: str = "", symbol: str = "") -> Removal:
    """Of one stock, of a tag's stocks, or of all."""
    rows = watched_by(user, tag)
    if symbol:
        return Removal([row for row in rows if row.symbol == symbol], [])
    if not tag:
        return Removal(rows, [])
    stay = [row for row in rows if len(row.tags) > 1]
    return Removal([row for row in rows if len(row.tags) == 1], stay)


def remove(user: User, planned: Removal, tag: str = "") -> None:
    WatchedStock.objects.filter(user=user, pk__in=[row.pk for row in planned.gone]).delete()
    if tag and planned.stay:
        rows = WatchedStock.objects.filter(user=user, pk__in=[row.pk for row in planned.stay])
        rows.update(**{Tag(tag).value: False})


# --- 보유 ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Rebuilt:
    held: int
    added: list[str]  # names
    dropped: list[str]
    silent: list[str]  # "계좌: why"; with one of these nothing loses its tag


def rebuild_held(user: User) -> Rebuilt:
    """Tag what the user's accounts hold; take the tag off the rest when every account has answered."""
    names: dict[str, str] = {}
    silent = []
    for account in accounts_of(user):
        try:
            lines = desk.balance(account).holdings
        except LucyError as silence:
            silent.append(f"{account}: {silence.message}")
        else:
            names |= {line.symbol: line.name or line.symbol for line in lines if line.quantity}
    known = {row.symbol: row for row in watched_by(user)}
    added = []
    for symbol, name in names.items():
        row = known.get(symbol) or _create(user, symbol, name)
        if not row.held:
            tag(row, Tag.HELD, True)
            added.append(row.name)
    dropped = [] if silent else [row for row in known.values() if row.held and row.symbol not in names]
    for row in dropped:
        tag(row, Tag.HELD, False)
    return Rebuilt(len(names), added, [row.name for row in dropped], silent)


# --- prices -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Priced:
    quote: Quote
    at: datetime

    @property
    def is_old(self) -> bool:
        return clock.now() - self.at > OLD


_kept: dict[str, Priced] = {}


def known_prices(symbols: Iterable[str]) -> dict[str, Priced]:
    """What this process was told last, however old; no broker is asked."""
    return {symbol: _kept[symbol] for symbol in symbols if symbol in _kept}


def prices(user: User, symbols: Sequence[str]) -> tuple[dict[str, Priced], LucyError | None]:
    """Prices of all in one round of calls of one account; the next account when that one is silent.

    What nobody answered comes as it was last known, with the silence beside it. Kept apart from the quotes of
    the checks of an order (`facts`), which must know whether an issue is halted: a round at LS does not tell.
    """
    return _prices(symbols, accounts_of(user))


def _prices(
    symbols: Sequence[str], accounts: QuerySet[BrokerAccount]
) -> tuple[dict[str, Priced], LucyError | None]:
    stale = _listed([symbol for symbol in symbols if not _is_fresh(symbol)])
    silence: LucyError | None = None
    if stale:
        silence = LucyError("no_account", "시세를 물을 수 있는 계좌가 없습니다.")
        for account in _askable(accounts):
            try:
                _keep(desk.quotes(account, _at_once(account, stale)))
            except LucyError as refusal:
                silence = refusal
            else:
                silence = None
                break
    return known_prices(symbols), silence


def _listed(symbols: list[str]) -> list[str]:
    """Without what has left the exchange: KIS refuses a round for one code that it does not know."""
    known = set(Instrument.objects.filter(symbol__in=symbols).values_list("symbol", flat=True))
    return [symbol for symbol in symbols if symbol in known] or symbols  # the list may not have come yet


def _at_once(account: BrokerAccount, symbols: list[str]) -> list[str]:
    if (account.broker, account.server) in _BEST_FIRST:
        return symbols
    oldest_first = sorted(
        symbols, key=lambda symbol: _kept[symbol].at.timestamp() if symbol in _kept else 0.0
    )
    return oldest_first[:ONE_BY_ONE]


def _is_fresh(symbol: str) -> bool:
    kept = _kept.get(symbol)
    return kept is not None and clock.now() - kept.at <= FRESH


def _keep(quotes: Iterable[Quote]) -> None:
    now = clock.now()
    for quote in quotes:
        _kept.pop(quote.symbol, None)
        _kept[quote.symbol] = Priced(quote, now)
    while len(_kept) > MOST_KEPT:
        _kept.pop(next(iter(_kept)), None)


def _askable(accounts: QuerySet[BrokerAccount]) -> list[BrokerAccount]:
    """Two at most, the one that answers many at once first."""

    def rank(account: BrokerAccount) -> int:
        place = (account.broker, account.server)
        return _BEST_FIRST.index(place) if place in _BEST_FIRST else len(_BEST_FIRST)

    return sorted(accounts.filter(paused=False).exclude(app_key=""), key=rank)[:2]


def market_is_open() -> bool:
    """Whether prices move now, on either venue; the paper broker never closes."""
    return not clock.market_hours_apply() or bool(clock.sessions(Venue.SOR))


# --- base prices --------------------------------------------------------------------------------------------


def call_everyone() -> int | None:
    """Ask for every stock that has a base price, of all users in one round, and call whom it concerns.

    How many were called; None while prices do not move. Raises `LucyError` when no broker answers.
    """
    if not market_is_open():
        return None
    rows = list(WatchedStock.objects.exclude(buy_below=None, sell_above=None))
    if not rows:
        return None
    everyones = BrokerAccount.objects.order_by("broker", "name")
    priced, silence = _prices(sorted({row.symbol for row in rows}), everyones)
    if silence:
        raise silence
    return len(newly_crossed(rows, priced)) or None


def newly_crossed(rows: Iterable[WatchedStock], priced: dict[str, Priced]) -> list[WatchedStock]:
    """Note which base prices were reached or left; those reached just now, each told in the bell once."""
    return [row for row in rows if row.symbol in priced and _note(row, priced[row.symbol])]


def _note(row: WatchedStock, priced: Priced) -> bool:
    crossing, before = row.crosses(priced.quote.price), row.crossing
    if crossing == before:
        return False
    reached = crossing != Crossing.NONE
    row.crossing = crossing
    row.crossed_at = priced.at if reached else None
    row.crossed_price = priced.quote.price if reached else None
    return _keep_note(row, before) and reached


@transactional
def _keep_note(row: WatchedStock, before: str) -> bool:
    """The note and the call together; of two that see it at once, one does both."""
    changes = {name: getattr(row, name) for name in ("crossing", "crossed_at", "crossed_price")}
    first = WatchedStock.objects.filter(pk=row.pk, crossing=before).update(**changes) == 1
    if first and row.crossed_at:
        key = f"price:{row.symbol}:{row.crossing}:{row.crossed_at.isoformat()}"
        url = reverse("brokers:stock", args=[row.symbol])
        words = f"{Crossing(row.crossing).label}: {called(row)}"
        notify(row.user, UserNoticeKind.PRICE, words, url=url, key=key)
    return first


def called(row: WatchedStock) -> str:
    """What a base price that was reached says."""
    below = row.crossing == Crossing.BELOW
    base = row.buy_below if below else row.sell_above
    return f"{row.name} {row.crossed_price:,.0f}원, 기준가 {base:,.0f}원 {'이하' if below else '이상'}"
