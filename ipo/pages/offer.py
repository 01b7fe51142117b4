"""공모정보: how much is offered at what price, and who sells it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from ipo.pages.labels import Labels
from ipo.pages.lists import firms
from ipo.pages.values import Span, count, number, percent, ratio, span, won, won_span
from lucy.html import Node, PageChanged, cells, compact, label, reading, rows, text

COMPETITION = re.compile(r"(?P<all>[\d,.]+(?::1)?)(?:\(비례(?P<proportional>[\d,.]+(?::1)?)?\))?")
ISSUE = re.compile(r"(?P<kind>신주모집|구주매출):(?P<shares>[^()]*)(?:\((?P<percent>[^()]*)\))?")
SHARES_AND_LIMIT = re.compile(r"주식수:(?P<shares>.*?)/청약한도:(?P<limit>.*)")


@dataclass(frozen=True, slots=True)
class Underwriter:
    name: str
    shares_low: int | None = None
    shares_high: int | None = None
    limit_low: int | None = None
    limit_high: int | None = None
    unit: str = "주"  # or DR
    role: str = ""  # 대표, 공동, 인수


@dataclass(frozen=True, slots=True)
class Issue:
    shares: int | None
    percent: Decimal | None


@dataclass(frozen=True, slots=True)
class Offer:
    shares: int | None
    par_value: Decimal | None
    new_shares: Issue | None  # 신주모집
    old_shares: Issue | None  # 구주매출
    band_low: Decimal | None
    band_high: Decimal | None
    competition: Decimal | None
    proportional_competition: Decimal | None
    status_text: str  # a word in the ratio's place
    offer_price: Decimal | None
    amount_million: Decimal | None
    underwriters: tuple[Underwriter, ...]


def read_offer(node: Node) -> Offer:
    told = Labels(node)
    new, old = told.read("상장공모", _issues)
    low, high = told.read("희망공모가액", won_span)
    competition, proportional, status = told.read("청약경쟁률", _competition)
    return Offer(
        shares=told.read("총공모주식수", count),
        par_value=told.read("액면가", number),
        new_shares=new,
        old_shares=old,
        band_low=low,
        band_high=high,
        competition=competition,
        proportional_competition=proportional,
        status_text=status,
        offer_price=told.read("확정공모가", won),
        amount_million=told.read("공모금액", number),
        underwriters=_underwriters(node, told.read("주간사", firms)),
    )


def _competition(words: str) -> tuple[Decimal | None, Decimal | None, str]:
    packed = compact(words)
    if packed in {"", "-", ":1"}:
        return None, None, ""
    if match := COMPETITION.fullmatch(packed):
        return ratio(match["all"]), ratio(match["proportional"] or ""), ""
    if re.fullmatch(r"[가-힣][^\d:]*", words):
        return None, None, words
    raise PageChanged(f"no ratio in '{words}'")


def _issues(words: str) -> tuple[Issue | None, Issue | None]:
    """`신주모집 : 2,600,000 주 (78.25%) / 구주매출 : 722,560 주 (21.75%)`, either of them or none."""
    found = {}
    for part in filter(None, compact(words).split("/")):
        match = ISSUE.fullmatch(part)
        if part == "-":
            continue
        if not match or match["kind"] in found:
            raise PageChanged(f"no issue of shares in '{words}'")
        found[match["kind"]] = Issue(count(match["shares"]), percent(match["percent"] or ""))
    return found.get("신주모집"), found.get("구주매출")


def _underwriters(node: Node, names: Sequence[str]) -> tuple[Underwriter, ...]:
    """With two or more a table of their own follows, mostly; with one its figures stand beside the name."""
    following = node.getnext()
    while following is not None and following.tag != "table":
        following = following.getnext()
    if following is not None and (told := _table(following)):
        return told
    if len(names) != 1:
        return tuple(Underwriter(name) for name in names)
    for row in rows(node):
        for cell in cells(row):
            if match := SHARES_AND_LIMIT.fullmatch(compact(text(cell))):
                with reading("주식수, 청약한도"):
                    return (_underwriter(names[0], match["shares"], match["limit"], ""),)
    return (Underwriter(names[0]),)


def _table(node: Node) -> tuple[Underwriter, ...]:
    headings, *lines = [[text(cell) for cell in cells(row)] for row in rows(node)] or [[]]
    known = [label(heading) for heading in headings]
    if "인수회사" not in known:
        return ()
    with reading("인수회사"):
        places = [known.index(name) if name in known else -1 for name in ("인수회사", "주식수", "청약한도")]
        if -1 in places:
            raise PageChanged(f"no 주식수 or 청약한도 among {', '.join(headings)}")
        role = known.index("기타") if "기타" in known else None
        found = []
        for line in lines:
            if not any(compact(words) for words in line):
                continue
            if len(line) != len(headings):
                raise PageChanged(f"{len(line)} cells under {len(headings)} headings")
            name, shares, limit = (line[place] for place in places)
            found.append(_underwriter(name, shares, limit, "" if role is None else line[role]))
        return tuple(found)


def _underwriter(name: str, shares: str, limit: str, role: str) -> Underwriter:
    if len(firms(name)) != 1:
        raise PageChanged(f"no firm in '{name}'")
    unit = "DR" if "DR" in shares + limit else "주"
    return Underwriter(name, *_counts(span(shares)), *_counts(span(limit)), unit, role.strip("- "))


def _counts(both: Span) -> tuple[int | None, int | None]:
    for value in both:
        if value is not None and (value < 0 or value != value.to_integral_value()):
            raise PageChanged(f"{value} shares")
    low, high = both
    return (None if low is None else int(low), None if high is None else int(high))
