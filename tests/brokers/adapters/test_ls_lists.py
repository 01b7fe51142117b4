"""LS's rankings, read from the paper broker, and rows as its documentation shows them."""

from collections.abc import Iterator
from decimal import Decimal

import pytest

from brokers.adapters.base import BadReply
from brokers.adapters.limits import MemoryTokenStore
from brokers.adapters.lists import Direction, Exclusion, Ranking, RankingFilter
from brokers.adapters.ls.client import LsClient
from brokers.adapters.ls.lists import LsLists
from brokers.adapters.ls.wire import rankings
from brokers.adapters.ls.wire.fields import Row
from brokers.paper.server import PaperThread
from brokers.paper.switches import Switches
from brokers.terms import Market, Server, Venue
from tests.brokers.adapters.test_ls_client import NoPace
from tests.brokers.adapters.test_ls_paper import credentials_for

EVERYTHING = RankingFilter()


@pytest.fixture(scope="module")
def paper() -> Iterator[PaperThread]:
    """A market where three issues moved."""
    with PaperThread(switches=Switches(ls_rate_factor=0)) as thread:
        thread.call(lambda broker: _move(broker.market))
        yield thread


def _move(market) -> None:
    for code, percent in (("005930", 5), ("000660", -3), ("247540", 2)):
        price = market.issue(code).base_price * (100 + percent) // 100
        market.set_price(code, price - price % market.tick(code, price))


@pytest.fixture(scope="module")
def lists(paper) -> LsLists:
    return LsClient(credentials_for(paper, Server.REAL), MemoryTokenStore(), NoPace()).lists


def symbols(page) -> list[str]:
    return [line.ticker.symbol for line in page.lines]


@pytest.mark.parametrize("kind", list(Ranking))
def test_every_ranking_to_its_end(paper, lists, kind):
    page = lists.ranking(kind, EVERYTHING)
    assert page.lines
    assert not page.more
    assert len(symbols(page)) == len(set(symbols(page)))
    issues = paper.call(lambda broker: {code: issue.price for code, issue in broker.market.issues.items()})
    assert all(line.ticker.price == issues[line.ticker.symbol] for line in page.lines)
    if kind in {Ranking.VOLUME, Ranking.VALUE, Ranking.AFTER_HOURS_VOLUME, Ranking.EXPECTED_VOLUME}:
        assert set(symbols(page)) == set(issues)


def test_as_many_pages_as_asked_for(lists):
    whole = lists.ranking(Ranking.VALUE, EVERYTHING)
    some = lists.ranking(Ranking.VALUE, EVERYTHING, at_least=30)
    assert (len(some.lines), some.more) == (40, True)
    assert some.lines == whole.lines[:40]


def test_amounts_are_won_whatever_the_unit_on_the_wire(paper, lists):
    value, price = paper.call(
        lambda broker: (broker.market.issue("005930").value, broker.market.issue("005930").price)
    )
    for kind in (Ranking.VALUE, Ranking.RATE, Ranking.AFTER_HOURS_RATE, Ranking.AFTER_HOURS_VOLUME):
        line = next(line for line in lists.ranking(kind, EVERYTHING).lines if line.ticker.symbol == "005930")
        assert line.amount == value // 1_000_000 * 1_000_000
        assert line.ticker.price == price
        assert line.ticker.change > 0 < line.ticker.change_rate


@pytest.mark.parametrize("kind", [Ranking.RATE, Ranking.AFTER_HOURS_RATE, Ranking.EXPECTED_RATE])
def test_direction_and_market(lists, kind):
    assert symbols(lists.ranking(kind, EVERYTHING)) == ["005930", "247540"]
    assert symbols(lists.ranking(kind, RankingFilter(direction=Direction.DOWN))) == ["000660"]
    assert symbols(lists.ranking(kind, RankingFilter(market=Market.KOSDAQ))) == ["247540"]


def test_what_is_left_out(paper, lists):
    funds = frozenset({Exclusion.ETF, Exclusion.ETN})
    kinds = paper.call(lambda broker: {code: issue.kind for code, issue in broker.market.issues.items()})
    found = symbols(lists.ranking(Ranking.VALUE, RankingFilter(exclude=funds, venue=Venue.SOR)))
    assert {kinds[symbol] for symbol in found} == {"stock"}
    shares = symbols(lists.ranking(Ranking.AFTER_HOURS_VOLUME, RankingFilter()))
    common = symbols(
        lists.ranking(Ranking.AFTER_HOURS_VOLUME, RankingFilter(exclude=frozenset({Exclusion.PREFERRED})))
    )
    assert 0 < len(common) < len(shares)
    dear = lists.ranking(Ranking.EXPECTED_VOLUME, RankingFilter(price_from=500_000))
    assert dear.lines
    assert all(line.ticker.price >= 500_000 for line in dear.lines)


def test_filters_on_the_wire():
    asked = RankingFilter(
        market=Market.KOSPI,
        yesterday=True,
        volume_from=7_000,
        previous_volume_from=60_000,
        surge_to=700,
        exclude=frozenset({Exclusion.MANAGED, Exclusion.PREFERRED, Exclusion.UNFAITHFUL, Exclusion.SPAC}),
    )
    rate = rankings.query(Ranking.RATE, asked)
    assert (rate["gubun1"], rate["gubun2"], rate["gubun3"]) == ("1", "0", "1")
    assert rate["jc_num"] == 0x80 + 0x4000 - 0x80000000
    assert (rate["jc_num2"], rate["exchgubun"], rate["idx"]) == (4, "K", 0)
    assert rankings.query(Ranking.VOLUME, asked)["jnilgubun"] == "2"
    assert rankings.query(Ranking.VALUE, asked)["jnilgubun"] == "1"
    surge = rankings.query(Ranking.SURGE, asked)
    assert (surge["type1"], surge["type2"]) == ("2", "3")  # 50,000 and more, 1,000 % and less
    later = rankings.query(Ranking.AFTER_HOURS_RATE, asked)
    assert (later["jongchk"], later["volume"]) == ("3", "2")
    assert rankings.query(Ranking.EXPECTED_RATE, asked)["volume"] == "4"
    assert rankings.query(Ranking.EXPECTED_VOLUME, asked)["jongchk"] == str(0x80 + 0x4000 - 0x80000000)
    assert [rankings.surge_code(most) for most in (0, 50, 51, 2_000, 2_001)] == ["0", "6", "5", "1", "0"]


def test_every_kind_that_ls_can_leave_out_has_a_bit_of_its_own():
    everything = RankingFilter(exclude=frozenset(Exclusion))
    rate, volume = (rankings.query(kind, everything) for kind in (Ranking.RATE, Ranking.VOLUME))
    assert rate["jc_num"] == 0x80 + 0x100 + 0x200 + 0x4000 + 0xC00000 + 0x1000000 + 0x4000000 - 0x80000000
    assert rate["jc_num2"] == 255
    assert volume["jc_num"] == rate["jc_num"]
    assert "jc_num2" not in volume


def test_padded_rates_and_the_sign():
    row = {
        "hname": "미래에셋증권2우B",
        "shcode": "00680K",
        "price": 4_950,
        "sign": "5",
        "change": 50,
        "diff": "-01.00",
        "volume": 10,
        "value": 49_500,
    }
    line = rankings.line(Ranking.AFTER_HOURS_RATE, Row("t1481OutBlock1", row))
    assert (line.ticker.change, line.ticker.change_rate) == (Decimal(-50), Decimal(-1))
    assert line.amount == 49_500
    assert line.open is line.previous_volume is line.market_value is None
    with pytest.raises(BadReply, match="price"):
        rankings.line(Ranking.RATE, Row("t1441OutBlock1", row | {"price": "x"}))
