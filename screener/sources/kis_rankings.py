"""KIS's rankings: 외국인 매매종목 (가집계), 호가잔량 상위, 시간외잔량 상위."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django import forms

from accounts.models import User
from brokers.adapters.lists import (
    AfterHoursRank,
    AfterHoursSort,
    BookRank,
    BookSort,
    Investor,
    InvestorTotal,
    Ranked,
    Ticker,
    Universe,
)
from brokers.services.lists import from_kis, kis_account
from lucy import clock
from screener.screens import CODE, NAME, Column, Kind, Menu, Result, Row, Screen, ScreenForm, Tabs, register

SOURCE = "한국투자증권"
CUT = "한국투자증권은 위에서 30종목까지만 알려 줍니다."
MOST_ROWS = 30
RANK = Column("rank", "순위", Kind.NUMBER)
PRICE = (
    Column("price", "현재가", Kind.WON),
    Column("change", "전일대비", Kind.CHANGE),
    Column("change_rate", "등락률", Kind.RATE),
)
VOLUME = Column("volume", "누적거래량", Kind.COUNT)

UNIVERSES = [
    (Universe.ALL.value, "전체"),
    (Universe.KOSPI.value, "코스피"),
    (Universe.KOSDAQ.value, "코스닥"),
    (Universe.KOSPI200.value, "코스피200"),
]


def ticker_row(ticker: Ticker) -> Row:
    return {
        "symbol": ticker.symbol,
        "name": ticker.name,
        "price": ticker.price,
        "change": ticker.change,
        "change_rate": ticker.change_rate,
        "volume": ticker.volume,
    }


# --- 외국인 매매종목 ---


class InvestorForm(ScreenForm):
    market = forms.ChoiceField(label="시장", initial=Universe.ALL.value, choices=UNIVERSES[:3])
    investor = forms.ChoiceField(
        label="투자자",
        initial=Investor.FOREIGN.value,
        choices=[
            (Investor.ALL.value, "외국인+기관"),
            (Investor.FOREIGN.value, "외국인"),
            (Investor.INSTITUTION.value, "기관"),
            (Investor.OTHER.value, "기타"),
        ],
    )
    side = forms.ChoiceField(label="구분", initial="buy", choices=[("buy", "순매수"), ("sell", "순매도")])
    ranked = forms.ChoiceField(
        label="순위 기준",
        initial=Ranked.AMOUNT.value,
        choices=[(Ranked.QUANTITY.value, "수량"), (Ranked.AMOUNT.value, "금액")],
    )


def investor_totals(user: User, asked: Mapping[str, Any]) -> Result:
    found = from_kis(
        kis_account(user),
        lambda lists: lists.investor_totals(
            Universe(asked["market"]),
            Ranked(asked["ranked"]),
            Investor(asked["investor"]),
            selling=asked["side"] == "sell",
        ),
    )
    rows = [_investor_row(rank, total) for rank, total in enumerate(found, 1)]
    return Result(rows, clock.now(), SOURCE, notes=_cut(rows))


def _investor_row(rank: int, total: InvestorTotal) -> Row:
    return ticker_row(total.ticker) | {
        "rank": rank,
        "net_quantity": total.net_quantity,
        "foreign_quantity": total.foreign_quantity,
        "foreign_amount": int(total.foreign_amount_million),
        "institution_quantity": total.institution_quantity,
        "institution_amount": int(total.institution_amount_million),
    }


def _cut(rows: list[Row]) -> tuple[str, ...]:
    return (CUT,) if len(rows) >= MOST_ROWS else ()


register(
    Screen(
        key="kis-foreign",
        title="외국인·기관 매매종목",
        about="장중 가집계: 외국인은 09:30 · 11:20 · 13:20 · 14:30, 기관은 10:00 · 11:20 · 13:20 · 14:30 "
        "무렵에 바뀝니다.",
        columns=(
            RANK,
            CODE,
            NAME,
            Column("net_quantity", "순매수(주)", Kind.FLOW),
            *PRICE,
            VOLUME,
            Column("foreign_quantity", "수량(주)", Kind.FLOW, "외국인 순매수"),
            Column("foreign_amount", "대금(백만원)", Kind.FLOW, "외국인 순매수"),
            Column("institution_quantity", "수량(주)", Kind.FLOW, "기관 순매수"),
            Column("institution_amount", "대금(백만원)", Kind.FLOW, "기관 순매수"),
        ),
        form_class=InvestorForm,
        fetch=investor_totals,
        source=SOURCE,
        menu=Menu.KIS,
        shared=True,
        fresh=timedelta(seconds=60),
    )
)


# --- 호가잔량 상위 ---


class BookForm(ScreenForm):
    market = forms.ChoiceField(label="시장", initial=Universe.ALL.value, choices=UNIVERSES)
    sort = forms.ChoiceField(
        label="순위 기준",
        initial=BookSort.NET_BID.value,
        choices=[
            (BookSort.NET_BID.value, "순매수잔량"),
            (BookSort.NET_ASK.value, "순매도잔량"),
            (BookSort.BID_RATE.value, "매수비율"),
            (BookSort.ASK_RATE.value, "매도비율"),
        ],
    )
    volume_from = forms.IntegerField(label="거래량 이상(주)", required=False, min_value=0, max_value=10**11)


def book_ranks(user: User, asked: Mapping[str, Any]) -> Result:
    found = from_kis(
        kis_account(user),
        lambda lists: lists.book_ranks(
            Universe(asked["market"]), BookSort(asked["sort"]), asked["volume_from"] or 0
        ),
    )
    rows = [_book_row(rank) for rank in found]
    return Result(rows, clock.now(), SOURCE, notes=_cut(rows))


def _book_row(rank: BookRank) -> Row:
    return ticker_row(rank.ticker) | {
        "rank": rank.rank,
        "ask_total": rank.ask_total,
        "bid_total": rank.bid_total,
        "net_bid": rank.net_bid,
        "bid_rate": rank.bid_rate,
        "ask_rate": rank.ask_rate,
    }


register(
    Screen(
        key="kis-book-rank",
        title="호가잔량 상위",
        about="매수·매도 총잔량이 한쪽으로 기운 종목",
        columns=(
            RANK,
            CODE,
            NAME,
            *PRICE,
            VOLUME,
            Column("ask_total", "총매도잔량", Kind.COUNT, "호가잔량"),
            Column("bid_total", "총매수잔량", Kind.COUNT, "호가잔량"),
            Column("net_bid", "순매수잔량", Kind.FLOW, "호가잔량"),
            Column("bid_rate", "매수비율", Kind.PERCENT, "호가잔량"),
            Column("ask_rate", "매도비율", Kind.PERCENT, "호가잔량"),
        ),
        form_class=BookForm,
        fetch=book_ranks,
        source=SOURCE,
        menu=Menu.KIS,
        tabs=Tabs.KIS_RANKS,
        tab="호가잔량",
        shared=True,
    )
)


# --- 시간외잔량 상위 ---


class AfterHoursForm(BookForm):
    sort = forms.ChoiceField(
        label="순위 기준",
        initial=AfterHoursSort.BID.value,
        choices=[
            (AfterHoursSort.BID.value, "매수잔량"),
            (AfterHoursSort.ASK.value, "매도잔량"),
            (AfterHoursSort.PRE_OPEN.value, "장전 시간외"),
            (AfterHoursSort.AFTER_CLOSE.value, "장후 시간외"),
        ],
    )


def after_hours_ranks(user: User, asked: Mapping[str, Any]) -> Result:
    found = from_kis(
        kis_account(user),
        lambda lists: lists.after_hours_ranks(
            Universe(asked["market"]), AfterHoursSort(asked["sort"]), asked["volume_from"] or 0
        ),
    )
    rows = [_after_hours_row(rank) for rank in found]
    return Result(rows, clock.now(), SOURCE, notes=_cut(rows))


def _after_hours_row(rank: AfterHoursRank) -> Row:
    return ticker_row(rank.ticker) | {
        "rank": rank.rank,
        "ask_total": rank.ask_total,
        "bid_total": rank.bid_total,
        "pre_open_volume": rank.pre_open_volume,
        "after_close_volume": rank.after_close_volume,
    }


register(
    Screen(
        key="kis-after-hours-rank",
        title="시간외잔량 상위",
        about="시간외 종가 매매의 잔량과 거래량이 많은 종목",
        columns=(
            RANK,
            CODE,
            NAME,
            *PRICE,
            Column("ask_total", "총매도잔량", Kind.COUNT, "시간외 잔량"),
            Column("bid_total", "총매수잔량", Kind.COUNT, "시간외 잔량"),
            Column("pre_open_volume", "장전 거래량", Kind.COUNT, "시간외 거래량"),
            Column("after_close_volume", "장후 거래량", Kind.COUNT, "시간외 거래량"),
        ),
        form_class=AfterHoursForm,
        fetch=after_hours_ranks,
        source=SOURCE,
        menu=Menu.KIS,
        tabs=Tabs.KIS_RANKS,
        tab="시간외호가잔량",
        shared=True,
    )
)
