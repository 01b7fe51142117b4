"""What LS lists and nobody else: its rankings (상위종목)."""

from collections.abc import Callable

from brokers.adapters.lists import Ranking, RankingFilter, RankingPage
from brokers.adapters.ls.wire import rankings
from brokers.adapters.ls.wire.fields import Fields, Listing, Row

Read = Callable[[Listing, Fields, int | None], tuple[list[Row], bool]]  # rows, and whether there are more


class LsLists:
    """The lists of one account's client, in its pace and with its token."""

    def __init__(self, read: Read) -> None:
        self._read = read

    def ranking(self, ranking: Ranking, asked: RankingFilter, at_least: int | None = None) -> RankingPage:
        """The best first: whole pages until `at_least` rows are there, or all; LS gives a page a second."""
        rows, more = self._read(rankings.listing(ranking), rankings.query(ranking, asked), at_least)
        return RankingPage(tuple(rankings.line(ranking, row) for row in rows), more)
