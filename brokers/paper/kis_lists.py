"""KIS's opinions, watch groups and saved conditions (kis.md §4.2 to §4.7).

Opinions are made up, always the same for a seed: a stock gets one every few weeks, and on every tenth day,
when companies report, half of all stocks get one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import islice, takewhile
from random import Random

from brokers.paper import grid
from brokers.paper.kis_quotes import QUOTATIONS, sign
from brokers.paper.kis_wire import (
    KisAnswer,
    KisCall,
    KisError,
    Row,
    Service,
    clock_text,
    day_text,
    decimals,
    percent,
    sign_of,
)
from brokers.paper.market import Issue

STOCK_OPINIONS, FIRM_OPINIONS = 100, 20  # rows an answer
MOST_HITS = 100
OPINION_DAYS = 250
FIRMS = {
    "00003": "한국투자증권",
    "00012": "NH투자증권",
    "00017": "KB증권",
    "00030": "삼성증권",
    "00050": "키움증권",
    "00056": "DB증권",
}
WORDS = (("2", "매수"), ("2", "BUY"), ("3", "중립"), ("2", "매수"), ("3", "NotRated"), ("4", "매도"))
KINDS = {"1": "2", "2": "3", "3": "4"}  # FID_DIV_CLS_CODE to invt_opnn_cls_code


@dataclass(frozen=True, slots=True)
class Opinion:
    issue: Issue
    day: date
    previous_close: int
    firm: str
    place: int  # of its word
    target: int  # 0 for none

    def row(self) -> Row:
        """The fields that both services share."""
        kind, word = WORDS[self.place]
        before_kind, before = WORDS[(self.place + 1) % len(WORDS)]
        gap = self.issue.price - self.target if self.target else 0
        return {
            "stck_bsop_date": day_text(self.day),
            "invt_opnn": word,
            "invt_opnn_cls_code": kind,
            "rgbf_invt_opnn": before,
            "rgbf_invt_opnn_cls_code": before_kind,
            "mbcr_name": FIRMS[self.firm],
            "hts_goal_prc": str(self.target),
            "stck_prdy_clpr": str(self.previous_close),
            "stft_esdg": str(gap),
            "dprt": percent(gap, self.target),
        }


def opinions(call: KisCall, issue: Issue, first: date, last: date) -> Iterator[Opinion]:
    """Of one stock, the latest first; funds have none."""
    if issue.kind != "stock":
        return
    for day in takewhile(lambda day: day >= first, _days_back(call)):
        if day > last:
            continue
        chance = Random(f"{call.market.seed}:{issue.code}:{day}:opinion")  # noqa: S311
        reporting = day.toordinal() % 10 == 0
        if chance.randrange(2 if reporting else 15) == 0:
            yield _opinion(issue, day, chance)


def _days_back(call: KisCall) -> Iterator[date]:
    """The business days of a year, the latest first."""
    clock = call.market.clock
    return islice(clock.business_days_back(clock.trade_date()), OPINION_DAYS)


def _opinion(issue: Issue, day: date, chance: Random) -> Opinion:
    """The close of the day before is made up as well: within a tenth of today's base price."""
    place, firm = chance.randrange(len(WORDS)), chance.choice(list(FIRMS))
    close = grid.snap_down(issue.base_price * chance.randint(90, 110) // 100, issue.kind)
    target = grid.snap_down(close * chance.randint(90, 160) // 100, issue.kind)
    return Opinion(issue, day, close, firm, place, 0 if WORDS[place][1] == "NotRated" else target)


def stock_opinions(call: KisCall) -> KisAnswer:
    issue, first, last = call.issue(), call.day("FID_INPUT_DATE_1"), call.day("FID_INPUT_DATE_2")
    rows = []
    for opinion in opinions(call, issue, first, last):
        gap = opinion.previous_close - opinion.target if opinion.target else 0
        at_the_time = {"stck_nday_esdg": str(gap), "nday_dprt": percent(gap, opinion.target)}
        rows.append(opinion.row() | at_the_time)
    return KisAnswer({"output": rows[:STOCK_OPINIONS]})


def firm_opinions(call: KisCall) -> KisAnswer:
    """Of one firm or all (999), of one kind or all; the latest day first, twenty rows at most."""
    first, last = call.day("FID_INPUT_DATE_1"), call.day("FID_INPUT_DATE_2")
    firm, kind = call.get("FID_INPUT_ISCD"), KINDS.get(call.get("FID_DIV_CLS_CODE"))
    found = [
        opinion
        for issue in call.market.issues.values()
        for opinion in opinions(call, issue, first, last)
        if firm in ("999", opinion.firm) and kind in (None, WORDS[opinion.place][0])
    ]
    found.sort(key=lambda opinion: (opinion.day, opinion.issue.code), reverse=True)
    return KisAnswer({"output": [_firm_row(call, opinion) for opinion in found[:FIRM_OPINIONS]]})


def _firm_row(call: KisCall, opinion: Opinion) -> Row:
    issue = opinion.issue
    return opinion.row() | {
        "stck_shrn_iscd": issue.code,
        "hts_kor_isnm": issue.name,
        "stck_prpr": str(issue.price),
        "prdy_vrss": str(issue.change),
        "prdy_vrss_sign": sign(issue, call),
        "prdy_ctrt": percent(issue.change, issue.base_price),
    }


# --- watch groups ---

GROUPS = (  # code, name, issues as (market class, code); an index has a place among them too
    ("001", "대형주", (("J", "005930"), ("J", "000660"), ("J", "005380"), ("J", "035420"), ("U", "0001"))),
    ("002", "성장주", (("J", "247540"), ("J", "035720"), ("J", "068270"))),
    ("003", "빈그룹", ()),
)
INDICES = {"0001": "종합"}


def watch_groups(call: KisCall) -> KisAnswer:
    """The groups of the key's own HTS id; nobody else's."""
    now = call.broker.clock.now()
    rows = [
        {
            "date": day_text(now.date()),
            "trnm_hour": clock_text(now),
            "data_rank": f"{place:010d}",
            "inter_grp_code": code,
            "inter_grp_name": name,
            "ask_cnt": f"{len(issues):03d}",
        }
        for place, (code, name, issues) in enumerate(GROUPS)
    ]
    return KisAnswer({"output2": rows if _is_owner(call) else []})


def watched_issues(call: KisCall) -> KisAnswer:
    found = next((group for group in GROUPS if group[0] == call.get("INTER_GRP_CODE")), None)
    if found is None or not _is_owner(call):
        return KisAnswer({"output1": {"data_rank": "", "inter_grp_name": ""}, "output2": []})
    _code, name, issues = found
    rows = [_watched_row(call, market, code, place) for place, (market, code) in enumerate(issues)]
    return KisAnswer({"output1": {"data_rank": "0000000000", "inter_grp_name": name}, "output2": rows})


def _watched_row(call: KisCall, market: str, code: str, place: int) -> Row:
    issue = call.market.issues.get(code)
    return {
        "fid_mrkt_cls_code": market,
        "data_rank": f"{place:010d}",
        "exch_code": "KRX",
        "jong_code": code,
        "color_code": "-1",
        "memo": "",
        "hts_kor_isnm": issue.name if issue else INDICES[code],
        "fxdt_ntby_qty": "0",
        "cntg_unpr": "0.000000",
        "cntg_cls_code": "",
    }


def _is_owner(call: KisCall) -> bool:
    return call.get("USER_ID").lower() == call.account.hts_id.lower()


# --- saved conditions ---

Condition = Callable[[KisCall, Issue], bool]


def _rises(call: KisCall, issue: Issue) -> bool:
    return issue.change * 100 >= issue.base_price * 3


def _falls(call: KisCall, issue: Issue) -> bool:
    return issue.change * 100 <= -issue.base_price * 3


def _is_large(call: KisCall, issue: Issue) -> bool:
    return issue.kind == "stock" and issue.listed_shares * issue.price >= 50_000_000_000_000


CONDITIONS: tuple[tuple[str, str, Condition], ...] = (
    ("나의조건", "3% 이상 상승", _rises),
    ("나의조건", "3% 이상 하락", _falls),
    ("시가총액", "50조 이상", _is_large),
)


def conditions(call: KisCall) -> KisAnswer:
    rows = [
        {"user_id": call.account.hts_id, "seq": str(place), "grp_nm": group, "condition_nm": name}
        for place, (group, name, _test) in enumerate(CONDITIONS)
    ]
    return KisAnswer({"output2": rows if _is_owner(call) else []})


def condition_hits(call: KisCall) -> KisAnswer:
    """No hit is a refusal, as on the real server."""
    place = call.get("SEQ")
    tests = {str(number): test for number, (_group, _name, test) in enumerate(CONDITIONS)}
    test = tests.get(place) if _is_owner(call) else None
    found = [issue for issue in call.market.issues.values() if test and test(call, issue)]
    if not found:
        raise KisError("MCA05918", "종목코드 오류입니다.")
    return KisAnswer({"output2": [_hit(call, issue) for issue in found[:MOST_HITS]]})


def _hit(call: KisCall, issue: Issue) -> Row:
    past = call.market.daily_candles(issue.code, 250)
    return {
        "code": issue.code,
        "name": issue.name,
        "daebi": sign(issue, call),
        "price": zeros(issue.price),
        "chgrate": zeros(Decimal(abs(issue.change)) * 100 / issue.base_price),
        "acml_vol": zeros(issue.volume),
        "trade_amt": zeros(issue.value),
        "change": zeros(abs(issue.change)),
        "cttr": zeros(Decimal(issue.buy_volume) * 100 / max(1, issue.sell_volume)),
        "open": zeros(issue.open),
        "high": zeros(issue.high),
        "low": zeros(issue.low),
        "high52": zeros(max([bar.high for bar in past] + [issue.high])),
        "low52": zeros(min([bar.low for bar in past] + [issue.low or issue.price])),
        "expprice": blanks(0),
        "expchange": blanks(0),
        "expchggrate": blanks(0),
        "expcvol": blanks(0),
        "chgrate2": zeros(Decimal(issue.volume) * 100 / max(1, issue.previous_volume)),
        "expdaebi": sign_of(0),
        "recprice": zeros(issue.base_price),
        "uplmtprice": zeros(call.market.upper_limit(issue.code)),
        "dnlmtprice": zeros(call.market.lower_limit(issue.code)),
        "stotprice": zeros(issue.listed_shares * issue.price // 100_000_000),
    }


def zeros(value: Decimal | int) -> str:
    """Sixteen characters with zeros in front (§1.7)."""
    return decimals(value, 4).zfill(16)


def blanks(value: Decimal | int) -> str:
    return decimals(value, 4).rjust(16)


OPINION_ASKED = (
    *("FID_COND_MRKT_DIV_CODE", "FID_COND_SCR_DIV_CODE", "FID_INPUT_ISCD"),
    *("FID_INPUT_DATE_1", "FID_INPUT_DATE_2"),
)
GROUP_ASKED = (
    *("TYPE", "USER_ID", "DATA_RANK", "INTER_GRP_CODE", "INTER_GRP_NAME"),
    *("HTS_KOR_ISNM", "CNTG_CLS_CODE", "FID_ETC_CLS_CODE"),
)
_ASKED: tuple[tuple[str, str, Callable[[KisCall], KisAnswer], tuple[str, ...]], ...] = (
    ("invest-opinion", "FHKST663300C0", stock_opinions, OPINION_ASKED),
    ("invest-opbysec", "FHKST663400C0", firm_opinions, (*OPINION_ASKED, "FID_DIV_CLS_CODE")),
    ("intstock-grouplist", "HHKCM113004C7", watch_groups, ("TYPE", "FID_ETC_CLS_CODE", "USER_ID")),
    ("intstock-stocklist-by-group", "HHKCM113004C6", watched_issues, GROUP_ASKED),
    ("psearch-title", "HHKST03900300", conditions, ("USER_ID",)),
    ("psearch-result", "HHKST03900400", condition_hits, ("USER_ID", "SEQ")),
)
LIST_SERVICES = tuple(
    Service(f"{QUOTATIONS}/{path}", (tr,), answer, required, on_paper=False)
    for path, tr, answer, required in _ASKED
)
