"""Candles: each broker's own dates and paging on one side, Lucy's on the other."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest

from brokers.adapters.base import BadReply, BrokerClient, Candle, Credentials, Period, Rejected
from brokers.adapters.kis.client import KisClient
from brokers.adapters.kis.wire import charts as kis
from brokers.adapters.limits import MemoryTokenStore
from brokers.adapters.ls.client import LsClient
from brokers.adapters.ls.wire import charts as ls
from brokers.adapters.ls.wire.fields import Row
from brokers.paper import demo
from brokers.paper.server import PaperThread
from brokers.paper.switches import Switches
from brokers.terms import Broker, Customer, Server
from lucy import clock
from lucy.clock import KST
from tests.brokers.adapters.conftest import RudeServer, answer
from tests.brokers.adapters.test_ls_client import NoPace

SAMSUNG = "005930"
Client = Callable[[str, Server], BrokerClient]


def midnight(*day: int) -> datetime:
    return datetime(*day, tzinfo=KST)  # type: ignore[misc]


def kis_day(day: str, **changes: str) -> dict[str, str]:
    figures = {"stck_oprc": "70000", "stck_hgpr": "71000", "stck_lwpr": "69500", "stck_clpr": "70500"}
    return {"stck_bsop_date": day, **figures, "acml_vol": "1234", **changes}


def ls_row(day: str, **changes: Any) -> Row:
    figures = {"open": 70000, "high": 71000, "low": 69500, "close": "000000070500", "jdiff_vol": 1234}
    return Row("t8410OutBlock1", {"date": day, **figures, **changes})


# Wire


def test_a_candle_begins_where_the_calendar_says():
    wednesday = date(2026, 11, 18)
    assert [period.start_of(wednesday) for period in Period] == [
        wednesday,
        wednesday,
        date(2026, 11, 16),
        date(2026, 11, 1),
        date(2026, 1, 1),
    ]


def test_kis_days_come_oldest_first_and_whole():
    rows = kis.dated([kis_day("20261119"), kis_day("20261118"), {}])
    newest = kis.candles(rows, Period.DAY)[-1]
    prices = Decimal(70000), Decimal(71000), Decimal(69500), Decimal(70500)
    assert newest == Candle(midnight(2026, 11, 19), *prices, 1234)
    assert [candle.at.day for candle in kis.candles(rows, Period.DAY)] == [18, 19]


def test_both_brokers_weeks_begin_on_monday():
    assert kis.candles([kis_day("20261117")], Period.WEEK)[0].at == midnight(2026, 11, 16)
    assert ls.candles([ls_row("20261120")], Period.WEEK)[0].at == midnight(2026, 11, 16)


def test_a_halted_day_has_no_candle():
    halted = kis_day("20261119", stck_oprc="0", stck_hgpr="0", stck_lwpr="0", acml_vol="0")
    assert kis.candles([halted], Period.DAY) == []
    assert ls.candles([ls_row("20261119", open=0, high=0, low=0, jdiff_vol=0)], Period.DAY) == []


def test_both_brokers_minutes_are_named_by_their_beginning():
    row = {**kis_day("20261119", stck_cntg_hour="090012", cntg_vol="50"), "stck_prpr": "70200"}
    (minute,) = kis.minutes([row])
    assert (minute.at, minute.close, minute.volume) == (
        midnight(2026, 11, 19) + timedelta(hours=9),
        Decimal(70200),
        50,
    )
    (minute,) = ls.minutes([ls_row("20261119", time="090100")])
    assert (minute.at, minute.close) == (midnight(2026, 11, 19) + timedelta(hours=9), Decimal(70500))


@pytest.mark.parametrize(
    ("read", "field"),
    [
        (lambda: kis.candles([kis_day("20261119", stck_clpr="")], Period.DAY), "stck_clpr"),
        (lambda: kis.candles([kis_day("2026-11")], Period.DAY), "stck_bsop_date"),
        (lambda: ls.candles([ls_row("20261119", high="x")], Period.DAY), "high"),
        (lambda: ls.candles([ls_row("오늘")], Period.DAY), "date"),
        (lambda: ls.minutes([ls_row("20261119", time="")]), "time"),
    ],
)
def test_an_unreadable_field_is_named(read: Callable[[], object], field: str):
    with pytest.raises(BadReply, match=field):
        read()


def test_adjusted_is_zero_at_kis_and_yes_at_ls():
    day = date(2026, 11, 19)
    assert kis.candles_query(SAMSUNG, Period.DAY, day, day, True)["FID_ORG_ADJ_PRC"] == "0"
    assert kis.candles_query(SAMSUNG, Period.DAY, day, day, False)["FID_ORG_ADJ_PRC"] == "1"
    assert ls.candles_query(SAMSUNG, Period.DAY, day, day, True)["sujung"] == "Y"
    assert ls.candles_query(SAMSUNG, Period.DAY, day, day, False)["sujung"] == "N"


# Both clients against the paper broker


@pytest.fixture
def paper() -> Iterator[PaperThread]:
    free = Switches(kis_rate_real=0, kis_rate_paper=0, kis_token_interval=0, ls_rate_factor=0.0)
    with PaperThread(switches=free) as thread:
        yield thread


@pytest.fixture
def client(paper: PaperThread) -> Client:
    def client_of(broker: str, server: Server = Server.REAL) -> BrokerClient:
        known = next(row for row in demo.demo_accounts() if (row.broker, row.server) == (broker, server))
        url = paper.url(f"{broker}_{server}")
        keys = known.app_key, known.app_secret
        credentials = Credentials(known.number, server, Customer.PERSON, known.hts_id, *keys, url)
        kind = KisClient if broker == Broker.KIS else LsClient
        return kind(credentials, MemoryTokenStore(), NoPace())

    return client_of


def market_days(paper: PaperThread) -> dict[date, tuple[int, int, int]]:
    """The past as the paper market has it: (open, close, volume) of each day."""
    bars = paper.call(lambda broker: broker.market.daily_candles(SAMSUNG))
    return {bar.at.date(): (bar.open, bar.close, bar.volume) for bar in bars}


@pytest.mark.parametrize("broker", Broker.values)
def test_days_are_those_of_the_market(client: Client, paper: PaperThread, broker: str):
    """Three pages at KIS, two at LS."""
    last = clock.trade_date() - timedelta(days=1)
    first = last - timedelta(days=900 if broker == Broker.LS else 400)
    found = client(broker, Server.REAL).candles(SAMSUNG, Period.DAY, first, last)
    wanted = {day: bar for day, bar in market_days(paper).items() if first <= day <= last}
    assert {c.at.date(): (int(c.open), int(c.close), c.volume) for c in found} == wanted
    assert [c.at for c in found] == sorted(c.at for c in found)
    assert len(found) > (500 if broker == Broker.LS else 200)
    assert all(c.low <= min(c.open, c.close) <= max(c.open, c.close) <= c.high for c in found)


def _in_millions(candles: list[Candle]) -> list[Candle]:
    """As LS tells what was traded."""
    million = 1_000_000
    return [
        replace(candle, value=None if candle.value is None else candle.value // million * million)
        for candle in candles
    ]


@pytest.mark.parametrize("period", [Period.WEEK, Period.MONTH, Period.YEAR])
def test_both_brokers_tell_the_same_longer_candles(client: Client, period: Period):
    last = clock.trade_date()
    first = last - timedelta(days=1500)
    at_kis = client("kis", Server.REAL).candles(SAMSUNG, period, first, last)
    at_ls = client("ls", Server.REAL).candles(SAMSUNG, period, first, last)
    assert _in_millions(at_kis[:-1]) == at_ls[:-1]  # the running one may have traded in between
    assert at_kis[0].at.date() == period.start_of(at_kis[0].at.date()) <= first


@pytest.mark.parametrize("broker", Broker.values)
@pytest.mark.parametrize("server", Server)
def test_todays_minutes_are_whole(client: Client, paper: PaperThread, broker: str, server: Server):
    today = clock.trade_date()
    found = client(broker, server).candles(SAMSUNG, Period.MINUTE, today, today)
    shown = paper.call(lambda running: running.market.minute_candles(SAMSUNG))
    assert found[0].at == datetime.combine(today, time(9, 0), KST)
    assert abs(len(found) - len(shown)) <= 1
    assert len({candle.at for candle in found}) == len(found)


def test_kis_has_earlier_minutes_on_the_real_server_only(client: Client, paper: PaperThread):
    day = next(iter(market_days(paper)))
    found = client("kis", Server.REAL).candles(SAMSUNG, Period.MINUTE, day, day)
    assert {candle.at.date() for candle in found} == {day}
    with pytest.raises(Rejected, match="모의투자"):
        client("kis", Server.PAPER).candles(SAMSUNG, Period.MINUTE, day, day)


@pytest.mark.parametrize("broker", Broker.values)
def test_a_span_without_trading_is_empty(client: Client, broker: str):
    saturday = date(2026, 11, 14)
    assert client(broker, Server.REAL).candles(SAMSUNG, Period.DAY, saturday, saturday) == []


def test_a_kis_list_that_repeats_its_page_is_an_error(monkeypatch: pytest.MonkeyPatch):
    page = {"rt_cd": "0", "msg_cd": "MCA00000", "msg1": "", "output2": [kis_day("20261119")] * 100}
    server = RudeServer()
    server.behaviour = answer(200, json.dumps(page).encode())
    monkeypatch.setattr("brokers.adapters.kis.client.PAGES_AT_MOST", 3)
    monkeypatch.setattr("brokers.adapters.limits.KeptToken.value", lambda self: "token")
    keys = "1234567801", Server.REAL, Customer.PERSON, "", "key", "secret", server.url
    try:
        with pytest.raises(BadReply, match="do not end"):
            KisClient(Credentials(*keys), MemoryTokenStore(), NoPace()).candles(
                SAMSUNG, Period.DAY, date(2020, 1, 1), date(2026, 11, 20)
            )
    finally:
        server.close()
