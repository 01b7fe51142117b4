"""What is saved under a KIS account's HTS id: 관심종목 groups and their stocks, 조건식 and their hits."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, TypeVar

from django import forms

from accounts.models import User
from brokers.adapters.kis.lists import KisLists
from brokers.adapters.lists import ConditionHit, SavedCondition, WatchedIssue, WatchGroup
from brokers.models import BrokerAccount
from brokers.services.lists import from_kis, kis_account, kis_accounts
from brokers.services.shared import shared
from lucy import clock
from lucy.errors import LucyError
from screener.screens import CODE, NAME, Column, Kind, Menu, Result, Row, Screen, ScreenForm, Tabs, register
from screener.sources.kis_rankings import PRICE, VOLUME, ticker_row

SOURCE = "한국투자증권"
CHOICES_SECONDS = 60
MILLION = 1_000_000
MOST_HITS = 100
T = TypeVar("T")


def groups_of(account: BrokerAccount) -> list[WatchGroup]:
    return _kept("groups", account, lambda lists: lists.watch_groups())


def conditions_of(account: BrokerAccount) -> list[SavedCondition]:
    return _kept("conditions", account, lambda lists: lists.conditions())


def _kept(what: str, account: BrokerAccount, question: Callable[[KisLists], T]) -> T:
    """At most a minute old: every part of a page needs the choices of its form."""
    return shared(f"kis-{what}:{account.pk}", CHOICES_SECONDS, lambda: from_kis(account, question))


class AccountForm(ScreenForm):
    """Whose saved lists: each HTS id has its own."""

    account = forms.ChoiceField(label="계좌", required=False)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, user=user, **kwargs)
        found = list(kis_accounts(user))
        self.chosen = kis_account(user, _key_among(found, self.data.get("account", "")))
        self._choose("account", [(str(one.pk), str(one)) for one in found])
        if len(found) == 1:
            self.fields["account"].widget = forms.HiddenInput()

    def _choose(self, name: str, choices: Sequence[tuple[str, str]]) -> None:
        field = self.fields[name]
        if isinstance(field, forms.ChoiceField):
            field.choices = choices


def _key_among(found: Sequence[BrokerAccount], key: str) -> str:
    """An account that is not the user's (any more) leads to the first, and the field says so."""
    return key if any(str(one.pk) == key for one in found) else ""


# --- 관심종목 ---


class GroupForm(AccountForm):
    group = forms.ChoiceField(label="관심그룹", required=False)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, user=user, **kwargs)
        self._choose("group", [(group.code, group.name or group.code) for group in groups_of(self.chosen)])


def watch_groups(user: User, asked: Mapping[str, Any]) -> Result:
    account = kis_account(user, asked["account"])
    rows = [_group_row(account, group) for group in groups_of(account)]
    return Result(rows, clock.now(), SOURCE, notes=() if rows else (NO_GROUPS,))


def _group_row(account: BrokerAccount, group: WatchGroup) -> Row:
    return {
        "rank": group.rank + 1,
        "code": group.code,
        "title": group.name or group.code,
        "issues": group.issues,
        "saved_at": group.saved_at,
        "account": str(account.pk),
    }


def watched_issues(user: User, asked: Mapping[str, Any]) -> Result:
    account = kis_account(user, asked["account"])
    group = asked["group"] or next((one.code for one in groups_of(account)), "")
    if not group:
        return Result([], clock.now(), SOURCE, notes=(NO_GROUPS,))
    found = from_kis(account, lambda lists: lists.watched_issues(group))
    return Result([_issue_row(issue) for issue in found], clock.now(), SOURCE)


def _issue_row(issue: WatchedIssue) -> Row:
    """Issues that Lucy cannot trade (indices, futures, foreign stocks) have no `symbol` of a stock."""
    row: Row = {
        "rank": issue.rank + 1,
        "exchange": issue.exchange,
        "code": issue.symbol,
        "name": issue.name,
        "memo": issue.memo,
    }
    if issue.is_domestic:
        row["symbol"] = issue.symbol[-6:]
    if issue.price is not None:
        ticker = issue.price.ticker
        row |= {
            "name": issue.name or ticker.name,
            "price": ticker.price,
            "change": ticker.change,
            "change_rate": ticker.change_rate,
            "volume": ticker.volume,
            "ask_total": issue.price.ask_total,
            "bid_total": issue.price.bid_total,
            "amount": int(issue.price.amount / MILLION),
        }
    return row


NO_GROUPS = "저장된 관심그룹이 없습니다. 한국투자증권 HTS나 MTS에서 관심종목을 서버에 저장하면 나옵니다."

register(
    Screen(
        key="kis-groups",
        title="관심그룹",
        about="한국투자증권 HTS·MTS에 저장해 둔 관심그룹",
        columns=(
            Column("rank", "순위", Kind.NUMBER),
            Column("code", "코드", Kind.TEXT),
            Column("title", "그룹명", Kind.NAME, link="/find/kis-watch/?account={account}&group={code}"),
            Column("issues", "종목수", Kind.COUNT),
            Column("saved_at", "전송일시", Kind.TIME),
        ),
        form_class=AccountForm,
        fetch=watch_groups,
        source=SOURCE,
        menu=Menu.KIS,
        tabs=Tabs.KIS_WATCH,
        tab="그룹",
        identity=("code",),
        scheduled=False,
        fresh=timedelta(seconds=60),
    )
)
register(
    Screen(
        key="kis-watch",
        title="관심종목",
        about="한국투자증권에 저장해 둔 관심그룹의 종목과 지금 가격",
        columns=(
            Column("rank", "순위", Kind.NUMBER),
            Column("exchange", "거래소", Kind.TEXT),
            CODE,
            NAME,
            *PRICE,
            Column("ask_total", "총매도잔량", Kind.COUNT, "호가잔량"),
            Column("bid_total", "총매수잔량", Kind.COUNT, "호가잔량"),
            VOLUME,
            Column("amount", "거래대금(백만원)", Kind.MILLION),
            Column("code", "원래 코드", Kind.TEXT, hidden=True),
            Column("memo", "메모", Kind.TEXT, hidden=True),
        ),
        form_class=GroupForm,
        fetch=watched_issues,
        source=SOURCE,
        menu=Menu.KIS,
        tabs=Tabs.KIS_WATCH,
        tab="종목",
        identity=("code",),
    )
)


# --- 조건식 ---


class ConditionForm(AccountForm):
    condition = forms.ChoiceField(label="조건식", required=False)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, user=user, **kwargs)
        self._choose("condition", [(one.key, _title(one)) for one in conditions_of(self.chosen)])


def _title(condition: SavedCondition) -> str:
    return f"{condition.group} · {condition.name}" if condition.group else condition.name


def conditions(user: User, asked: Mapping[str, Any]) -> Result:
    account = kis_account(user, asked["account"])
    rows: list[Row] = [
        {
            "key": one.key,
            "group": one.group,
            "title": one.name,
            "hts_id": account.hts_id,
            "account": str(account.pk),
        }
        for one in conditions_of(account)
    ]
    return Result(rows, clock.now(), SOURCE, notes=() if rows else (NO_CONDITIONS,))


def condition_hits(user: User, asked: Mapping[str, Any]) -> Result:
    account = kis_account(user, asked["account"])
    key = asked["condition"] or next((one.key for one in conditions_of(account)), "")
    if not key:
        raise LucyError("no_conditions", NO_CONDITIONS, status=409)
    found = from_kis(account, lambda lists: lists.condition_hits(key))
    cut = ("한국투자증권은 위에서 100종목까지만 알려 줍니다.",) if len(found) >= MOST_HITS else ()
    return Result([_hit_row(hit) for hit in found], clock.now(), SOURCE, notes=cut)


def _hit_row(hit: ConditionHit) -> Row:
    return ticker_row(hit.ticker) | {
        "volume_rate": hit.volume_rate,
        "strength": hit.strength,
        "open": hit.open,
        "high": hit.high,
        "low": hit.low,
        "high_52w": hit.high_52w,
        "low_52w": hit.low_52w,
        "expected_price": hit.expected_price,
        "expected_rate": hit.expected_rate,
    }


NO_CONDITIONS = "저장된 조건식이 없습니다. 한국투자증권 HTS의 조건검색에서 ‘서버저장’을 하면 나옵니다."

register(
    Screen(
        key="kis-conditions",
        title="조건식 목록",
        about="한국투자증권 HTS에서 서버에 저장해 둔 조건식",
        columns=(
            Column("hts_id", "사용자ID", Kind.TEXT),
            Column("group", "그룹명", Kind.TEXT),
            Column(
                "title", "조건식", Kind.NAME, link="/find/kis-condition/?account={account}&condition={key}"
            ),
            Column("key", "번호", Kind.TEXT, hidden=True),
        ),
        form_class=AccountForm,
        fetch=conditions,
        source=SOURCE,
        menu=Menu.KIS,
        tabs=Tabs.KIS_CONDITIONS,
        tab="조건식",
        identity=("key",),
        scheduled=False,
        fresh=timedelta(seconds=60),
    )
)
register(
    Screen(
        key="kis-condition",
        title="조건검색",
        about="저장해 둔 조건식에 지금 맞는 종목",
        columns=(
            CODE,
            NAME,
            *PRICE,
            VOLUME,
            Column("volume_rate", "전일거래량 대비", Kind.PERCENT),
            Column("strength", "체결강도", Kind.RATIO),
            Column("open", "시가", Kind.WON, "오늘"),
            Column("high", "고가", Kind.WON, "오늘"),
            Column("low", "저가", Kind.WON, "오늘"),
            Column("high_52w", "최고", Kind.WON, "52주"),
            Column("low_52w", "최저", Kind.WON, "52주"),
            Column("expected_price", "예상체결가", Kind.WON, hidden=True),
            Column("expected_rate", "예상등락률", Kind.RATE, hidden=True),
        ),
        form_class=ConditionForm,
        fetch=condition_hits,
        source=SOURCE,
        menu=Menu.KIS,
        tabs=Tabs.KIS_CONDITIONS,
        tab="찾은 종목",
    )
)
