"""What only KIS lists, read from the paper broker, and from answers as its documentation shows them."""

import itertools
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from brokers.adapters.base import BadReply, Credentials, Rejected
from brokers.adapters.kis.client import KisClient
from brokers.adapters.kis.lists import KisLists
from brokers.adapters.kis.wire import lists as wire
from brokers.adapters.kis.wire import rankings
from brokers.adapters.limits import MemoryTokenStore
from brokers.adapters.lists import AfterHoursSort, BookSort, Investor, Ranked, Universe
from brokers.adapters.transport import Reply
from brokers.paper import demo, kis_lists
from brokers.paper.server import PaperThread
from brokers.terms import Customer, Server
from lucy.clock import KST
from tests.brokers.adapters.test_ls_client import NoPace

SAMSUNG = "005930"


@pytest.fixture(scope="module")
def paper() -> Iterator[PaperThread]:
    with PaperThread() as paper:
        free = {"kis_rate_real": 0, "kis_rate_paper": 0, "kis_token_interval": 0}
        paper.call(lambda broker: broker.switches.change(free))
        yield paper


def client_of(paper: PaperThread, *, server: Server = Server.REAL, hts_id: str = demo.KIS_REAL_HTS_ID):
    keys = (demo.KIS_REAL_ACCOUNT, demo.KIS_REAL_APP_KEY, demo.KIS_REAL_APP_SECRET)
    if server is Server.PAPER:
        keys = (demo.KIS_PAPER_ACCOUNT, demo.KIS_PAPER_APP_KEY, demo.KIS_PAPER_APP_SECRET)
    account, key, secret = keys
    url = paper.url(f"kis_{server.value}")
    credentials = Credentials(account, server, Customer.PERSON, hts_id, key, secret, url)
    return KisClient(credentials, MemoryTokenStore(), NoPace())


@pytest.fixture
def lists(paper):
    return client_of(paper).lists


def test_provisional_totals(lists):
    bought = lists.investor_totals(Universe.KOSPI, Ranked.QUANTITY, Investor.FOREIGN, selling=False)
    net = [row.net_quantity for row in bought]
    assert net == sorted(net, reverse=True)
    assert net[-1] > 0
    assert all(row.net_quantity == row.foreign_quantity for row in bought)
    sold = lists.investor_totals(Universe.ALL, Ranked.AMOUNT, Investor.INSTITUTION, selling=True)
    assert all(row.institution_quantity < 0 and row.institution_amount_million <= 0 for row in sold)


def test_book_rankings(lists):
    books = lists.book_ranks(Universe.KOSDAQ, BookSort.NET_BID)
    assert [row.rank for row in books] == list(range(1, len(books) + 1))
    assert books[0].net_bid == books[0].bid_total - books[0].ask_total == max(row.net_bid for row in books)
    later = lists.after_hours_ranks(Universe.KOSPI200, AfterHoursSort.AFTER_CLOSE)
    assert later[0].after_close_volume == max(row.after_close_volume for row in later)
    assert later[0].ticker.volume is None
    assert lists.book_ranks(Universe.ALL, BookSort.NET_ASK, volume_from=10**10) == []


def test_every_opinion_on_a_stock_and_of_all_firms(paper, lists):
    """More than a page holds, on days that hold more than one page."""
    today = paper.call(lambda broker: broker.ledger.today)
    first = today - timedelta(days=30)
    true = paper.call(
        lambda broker: [
            (opinion.day, opinion.issue.code, kis_lists.FIRMS[opinion.firm])
            for issue in broker.market.issues.values()
            for opinion in kis_lists.opinions(_Call(broker), issue, first, today)
        ]
    )
    told = lists.firm_opinions(first, today)
    found = [(opinion.day, opinion.symbol, opinion.firm) for opinion in told.found]
    assert len(true) > 60
    missed = set(true) - set(found)
    assert {day for day, _symbol, _firm in missed} <= set(told.cut_days)
    assert len(found) == len(set(found)) == len(true) - len(missed)
    assert [opinion.day for opinion in told.found] == sorted((row[0] for row in found), reverse=True)

    on_one = lists.stock_opinions(SAMSUNG, today - timedelta(days=300), today)
    assert on_one
    assert {opinion.symbol for opinion in on_one} == {SAMSUNG}
    assert on_one[0].price is None
    assert all(opinion.target is None or opinion.target > 0 for opinion in on_one)


class _Call:
    """As much of a call as making an opinion needs."""

    def __init__(self, broker) -> None:
        self.market = broker.market


def test_a_day_with_more_than_kis_tells_is_named():
    """Twenty of one kind on one day: what is cut is said, and the days around it are whole."""

    def opinion(day: str, number: int) -> dict[str, str]:
        return {"stck_bsop_date": day, "stck_shrn_iscd": f"{number:06d}", "mbcr_name": "KB증권"}

    prices = itertools.count(70_000, 100)  # which move from one answer to the next
    rows = [opinion("20261119", number) for number in range(50)] + [opinion("20261118", 7)]

    def ask(service, query):
        first, last = query["FID_INPUT_DATE_1"][2:], query["FID_INPUT_DATE_2"][2:]
        kinds = {"0": rows, "1": rows[:45] + rows[50:], "2": rows[45:50], "3": []}
        found = [row for row in kinds[query["FID_DIV_CLS_CODE"]] if first <= row["stck_bsop_date"] <= last]
        now = {"stck_prpr": str(next(prices))}
        return Reply(200, {}, {"rt_cd": "0", "output": [row | now for row in found[:20]]})

    told = KisLists(ask, "").firm_opinions(date(2026, 11, 16), date(2026, 11, 20))
    assert told.cut_days == (date(2026, 11, 19),)
    assert len(told.found) == 1 + 20 + 5  # the other day, twenty of the first kind, all of the second


def test_watch_groups_with_prices(paper, lists):
    groups = lists.watch_groups()
    assert [(group.code, group.name, group.issues) for group in groups][1] == ("002", "성장주", 3)
    assert groups[0].saved_at is not None
    issues = lists.watched_issues("001")
    assert [issue.symbol for issue in issues] == [SAMSUNG, "000660", "005380", "035420", "0001"]
    first = issues[0]
    price, asks = paper.call(
        lambda broker: (broker.market.issue(SAMSUNG).price, broker.market.book(SAMSUNG).ask_total)
    )
    assert (first.price.ticker.price, first.price.ask_total) == (price, asks)
    assert issues[-1].price is None
    assert lists.watched_issues("003") == []


def test_conditions_and_their_hits(paper, lists):
    assert [condition.key for condition in lists.conditions()] == ["0", "1", "2"]
    assert lists.condition_hits("0") == []
    paper.call(lambda broker: broker.market.set_price(SAMSUNG, broker.market.lower_limit(SAMSUNG)))
    (hit,) = lists.condition_hits("1")
    assert hit.ticker.symbol == SAMSUNG
    assert hit.ticker.change < 0 > hit.ticker.change_rate
    assert hit.expected_price is None


def test_who_may_not_ask(paper):
    with pytest.raises(Rejected, match="모의투자"):
        client_of(paper, server=Server.PAPER).lists.watch_groups()
    with pytest.raises(Rejected, match="HTS ID"):
        client_of(paper, hts_id="").lists.conditions()


# --- answers as documented ---


def test_padded_numbers_of_a_condition():
    row = {
        "code": "00680K",
        "name": "미래에셋증권2우B",
        "daebi": "5",
        "price": "00000138600.0000",
        "chgrate": "00000000002.3600",
        "change": "00000003350.0000",
        "acml_vol": "00000002315.0000",
        "expprice": "          0.0000",
        "cttr": "00000000098.1000",
    }
    (hit,) = wire.hits([row])
    assert hit.ticker.symbol == "00680K"
    assert hit.ticker.price == Decimal(138_600)
    assert (hit.ticker.change, hit.ticker.change_rate) == (Decimal(-3350), Decimal("-2.36"))
    assert hit.ticker.volume == 2315
    assert hit.expected_rate is None


def test_a_group_saved_at():
    row = {"date": "20261119", "trnm_hour": "083000", "data_rank": "0000000001", "inter_grp_code": "004"}
    (group,) = wire.groups([row])
    assert group.saved_at == datetime(2026, 11, 19, 8, 30, tzinfo=KST)


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"ntby_qty": "1.5"}, "ntby_qty"), ({"stck_prpr": "x"}, "stck_prpr"), ({"mksc_shrn_iscd": ""}, "mksc")],
)
def test_an_unreadable_total_names_its_field(changes, field):
    row = {
        "mksc_shrn_iscd": SAMSUNG,
        "stck_prpr": "96200",
        "prdy_vrss": "-100",
        "prdy_ctrt": "-0.10",
        "ntby_qty": "-3",
    }
    assert rankings.investor_totals([row])[0].net_quantity == -3
    with pytest.raises(BadReply, match=field):
        rankings.investor_totals([row | changes])
