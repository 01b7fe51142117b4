"""An account's past at both brokers: page by page, and what its trades made."""

from datetime import timedelta
from decimal import Decimal

import pytest

from brokers.adapters import client_for
from brokers.adapters.base import BadReply, OrderRequest, Rejected
from brokers.adapters.kis.codes import three_months_before
from brokers.paper.values import Side as PaperSide
from brokers.terms import Side
from lucy import clock
from tests.factories import make_demo_account

pytestmark = pytest.mark.django_db
SAMSUNG = "005930"
KIS_PAGE, LS_PAGE = 100, 20


def books(paper, account):
    return paper.call(lambda running: running.ledger.accounts.by_number[account.number])


def trade(paper, account, side, quantity):
    """Rest one order away from the market and fill it there."""
    best = paper.call(lambda running: running.market.book(SAMSUNG))
    price = Decimal(best.bids[9].price if side is Side.BUY else best.asks[9].price)
    number = client_for(account).place(OrderRequest(SAMSUNG, side, quantity, price)).order_no
    paper.call(
        lambda running: running.ledger.fill(
            running.ledger.accounts.by_number[account.number], int(number), quantity, int(price)
        )
    )
    return number


def walked(client, first, last):
    pages, after = [], ""
    while True:
        page = client.trades(first, last, after)
        pages.append(page.lines)
        if not (after := page.after):
            return pages


def test_kis_tells_order_totals_newest_first_over_both_services(paper, account):
    client, today = client_for(account), clock.trade_date()
    price = Decimal(paper.call(lambda running: running.market.book(SAMSUNG).bids[9].price))
    resting = [client.place(OrderRequest(SAMSUNG, Side.BUY, 1, price)).order_no for _ in range(KIS_PAGE)]
    sold = trade(paper, account, Side.SELL, 2)
    pages = walked(client, today - timedelta(days=365), today)
    assert [len(page) for page in pages] == [KIS_PAGE, 1, 0]  # the last one is the older service's
    assert [line.order_no for page in pages for line in page] == [sold, *reversed(resting)]
    newest = pages[0][0]
    assert (newest.side, newest.ordered, newest.quantity, newest.fee) == (Side.SELL, 2, 2, None)
    assert newest.amount == newest.quantity * newest.price > 0


def test_ls_tells_each_execution_with_its_costs(paper, ls_account):
    client, today = client_for(ls_account), clock.trade_date()
    for _ in range(LS_PAGE):
        trade(paper, ls_account, Side.BUY, 1)
    trade(paper, ls_account, Side.SELL, 3)
    pages = walked(client, today - timedelta(days=30), today)
    assert [len(page) for page in pages] == [LS_PAGE, 1]
    told = [line for page in pages for line in page]
    held = books(paper, ls_account).executions
    assert [(line.quantity, line.price, line.fee, line.tax, line.realised) for line in told] == [
        (one.quantity, one.price, one.fee, one.tax, one.realised) for one in held
    ]
    assert {line.side for line in told[:-1]} == {Side.BUY}
    assert (told[-1].side, told[-1].order_no, told[-1].ordered) == (Side.SELL, "", None)


@pytest.mark.parametrize("broker", ["kis", "ls"])
def test_a_days_profit_by_issue_is_the_books(paper, broker, trader):
    one = make_demo_account(broker, trader)
    trade(paper, one, Side.BUY, 3)
    trade(paper, one, Side.SELL, 2)
    today = clock.trade_date()
    (day,) = client_for(one).profits(today - timedelta(days=7), today)
    bought, sold = books(paper, one).executions
    assert (day.trade_date, day.symbol, day.bought, day.sold) == (today, SAMSUNG, 3, 2)
    assert (day.buy_amount, day.sell_amount) == (bought.amount, sold.amount)
    assert (day.fee, day.tax) == (bought.fee + sold.fee, sold.tax)
    assert int(day.realised) == int(sold.realised) != 0
    assert sold.side is PaperSide.SELL
    assert client_for(one).profits(today - timedelta(days=7), today - timedelta(days=1)) == []


def test_the_paper_server_of_kis_tells_no_profit(paper, trader):
    today = clock.trade_date()
    with pytest.raises(Rejected, match="모의투자"):
        client_for(make_demo_account("kis", trader, server="paper")).profits(today, today)


@pytest.mark.parametrize("cursor", ["{", "[]", '["never", "", ""]', '["x"]', "7"])
@pytest.mark.parametrize("broker", ["kis", "ls"])
def test_a_strange_cursor_asks_nothing(paper, broker, trader, cursor):
    today = clock.trade_date()
    with pytest.raises(BadReply):
        client_for(make_demo_account(broker, trader)).trades(today, today, cursor)


def test_ls_tells_what_selling_a_holding_would_cost(paper, ls_account, account):
    told = {line.symbol: line for line in client_for(ls_account).balance().holdings}
    assert told[SAMSUNG].fee > 0
    assert told[SAMSUNG].tax > 0
    assert all(line.fee is None and line.tax is None for line in client_for(account).balance().holdings)


def test_three_months_before_a_long_months_last_day_is_the_short_months_last():
    day = clock.trade_date().replace(year=2026, month=5, day=31)
    assert three_months_before(day).isoformat() == "2026-02-28"
    assert three_months_before(day.replace(month=1, day=15)).isoformat() == "2025-10-15"
