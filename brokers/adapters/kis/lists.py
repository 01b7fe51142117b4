"""What KIS lists and nobody else: provisional totals, opinions, watch groups, conditions, book rankings.

Real only (kis.md §4): an account of the paper server gets `Rejected` before anything is sent.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

from brokers.adapters.base import BadReply, Rejected
from brokers.adapters.kis import codes
from brokers.adapters.kis.codes import Service
from brokers.adapters.kis.wire import fields, rankings
from brokers.adapters.kis.wire import lists as wire
from brokers.adapters.kis.wire.fields import Row
from brokers.adapters.lists import (
    AfterHoursRank,
    AfterHoursSort,
    BookRank,
    BookSort,
    ConditionHit,
    Investor,
    InvestorTotal,
    Opinion,
    Opinions,
    Ranked,
    SavedCondition,
    Universe,
    WatchedIssue,
    WatchedPrice,
    WatchGroup,
)
from brokers.adapters.transport import Reply

ONE_DAY = timedelta(days=1)

Ask = Callable[[Service, Mapping[str, str]], Reply]  # a signed question, answered or raised


class KisLists:
    """The lists of one account's client, in its pace and with its token."""

    def __init__(self, ask: Ask, hts_id: str) -> None:
        self._ask = ask
        self._hts_id = hts_id

    def investor_totals(
        self, universe: Universe, ranked: Ranked, investor: Investor, *, selling: bool
    ) -> list[InvestorTotal]:
        """가집계, the strongest first; typed in four or five times a day."""
        query = rankings.investor_totals_query(universe, ranked, investor, selling=selling)
        return rankings.investor_totals(self._rows(codes.INVESTOR_TOTALS, query, "output"))

    def book_ranks(self, universe: Universe, sort: BookSort, volume_from: int = 0) -> list[BookRank]:
        query = rankings.book_query(universe, sort, volume_from)
        return rankings.book_ranks(self._rows(codes.BOOK_RANKS, query, "output"))

    def after_hours_ranks(
        self, universe: Universe, sort: AfterHoursSort, volume_from: int = 0
    ) -> list[AfterHoursRank]:
        query = rankings.after_hours_query(universe, sort, volume_from)
        return rankings.after_hours_ranks(self._rows(codes.AFTER_HOURS_RANKS, query, "output"))

    # --- opinions: no page key, so a full answer's days are asked for in halves ---

    def stock_opinions(self, symbol: str, first: date, last: date) -> list[Opinion]:
        """Every opinion on one stock, the latest day first."""

        def ask(start: date, end: date) -> list[Opinion]:
            query = wire.stock_opinions_query(symbol, start, end)
            return wire.stock_opinions(symbol, self._rows(codes.STOCK_OPINIONS, query, "output"))

        found: list[Opinion] = []
        for rows in _by_halves(ask, first, last, codes.STOCK_OPINIONS_A_CALL):
            if len(rows) >= codes.STOCK_OPINIONS_A_CALL:
                raise BadReply(f"more opinions on {symbol} in one day than KIS tells")
            found += rows
        return _latest_first(found)

    def firm_opinions(self, first: date, last: date) -> Opinions:
        """Every firm's opinions, the latest day first; a day that does not fit is asked for by kind."""

        def ask(start: date, end: date, kind: str = wire.EVERY_KIND) -> list[Opinion]:
            query = wire.firm_opinions_query(start, end, kind)
            return wire.firm_opinions(self._rows(codes.FIRM_OPINIONS, query, "output"))

        found: list[Opinion] = []
        cut_days: list[date] = []
        for rows in _by_halves(ask, first, last, codes.FIRM_OPINIONS_A_CALL):
            if len(rows) < codes.FIRM_OPINIONS_A_CALL:
                found += rows
                continue
            day = rows[0].day
            parts = [ask(day, day, kind) for kind in wire.KINDS]
            found += {_said(row): row for row in (*rows, *(row for part in parts for row in part))}.values()
            if any(len(part) >= codes.FIRM_OPINIONS_A_CALL for part in parts):
                cut_days.append(day)
        return Opinions(tuple(_latest_first(found)), tuple(cut_days))

    # --- watch groups and conditions, saved under the HTS id ---

    def watch_groups(self) -> list[WatchGroup]:
        return wire.groups(self._rows(codes.WATCH_GROUPS, wire.groups_query(self._owner()), "output2"))

    def watched_issues(self, group: str) -> list[WatchedIssue]:
        """The group's issues in their own order, with prices where KIS has them."""
        query = wire.issues_query(self._owner(), group)
        found = wire.issues(self._rows(codes.WATCHED_ISSUES, query, "output2"))
        wanted = [(market, issue.symbol) for market, issue in found if market in wire.PRICED_MARKETS]
        prices: dict[str, WatchedPrice] = {}
        for start in range(0, len(wanted), codes.PRICES_A_CALL):
            query = wire.prices_query(wanted[start : start + codes.PRICES_A_CALL])
            prices |= wire.prices(self._rows(codes.PRICES, query, "output"))
        return [
            replace(issue, price=prices.get(fields.symbol(issue.symbol)))
            if market in wire.PRICED_MARKETS
            else issue
            for market, issue in found
        ]

    def conditions(self) -> list[SavedCondition]:
        return wire.conditions(self._rows(codes.CONDITIONS, {"user_id": self._owner()}, "output2"))

    def condition_hits(self, key: str) -> list[ConditionHit]:
        """The stocks that meet a condition now: 100 at most; KIS refuses where there is none."""
        query = {"user_id": self._owner(), "seq": key}
        try:
            return wire.hits(self._rows(codes.CONDITION_HITS, query, "output2"))
        except Rejected as refusal:
            if refusal.code == codes.NO_HITS:
                return []
            raise

    def _owner(self) -> str:
        if not self._hts_id:
            raise Rejected("이 계좌에는 HTS ID가 등록되어 있지 않습니다. 관리자에게 등록을 요청해 주십시오.")
        return self._hts_id

    def _rows(self, service: Service, query: Mapping[str, str], name: str) -> list[Row]:
        return fields.rows(self._ask(service, query).data, name)


def _said(one: Opinion) -> tuple[object, ...]:
    """What tells opinions apart; the prices beside them move from one answer to the next."""
    return one.day, one.symbol, one.firm, one.opinion, one.previous_opinion, one.target


def _by_halves(
    ask: Callable[[date, date], list[Opinion]], first: date, last: date, page: int
) -> Iterator[list[Opinion]]:
    """Answers that are not full, over all days; a single day's may be, and is given as it is."""
    rows = ask(first, last)
    if len(rows) < page or first >= last:
        yield rows
        return
    middle = first + (last - first) // 2
    yield from _by_halves(ask, middle + ONE_DAY, last, page)
    yield from _by_halves(ask, first, middle, page)


def _latest_first(found: Sequence[Opinion]) -> list[Opinion]:
    return sorted(found, key=lambda opinion: (opinion.day, opinion.symbol, opinion.firm), reverse=True)
