"""Everything that was parsed of an offer's own page, as headed facts and tables: nothing stays hidden."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from ipo.models import Offering

TITLES: Final = {
    "company": "기업개요",
    "offer": "공모정보",
    "schedule": "공모청약일정",
    "lockup": "의무보유 확약비율",
    "participation": "수요예측 참여내역",
    "prices": "수요예측 신청가격분포",
    "figures": "본질가치분석 (재무비율·주가지표)",
    "filings": "공시자료",
    "otc": "장외 매도·매수 호가",
    "unread": "읽지 못한 표",
}
LABELS: Final = {
    "name": "이름",
    "progress": "진행상황",
    "market": "시장구분",
    "code": "종목코드",
    "industry": "업종",
    "chief": "대표자",
    "kind": "기업구분",
    "address": "본점소재지",
    "homepage": "홈페이지",
    "phone": "대표전화",
    "largest_holder": "최대주주",
    "sales_million": "매출액 (백만원)",
    "pretax_income_million": "법인세차감전 이익 (백만원)",
    "net_income_million": "순이익 (백만원)",
    "capital_million": "자본금 (백만원)",
    "shares": "주식수",
    "par_value": "액면가 (원)",
    "new_shares": "신주모집",
    "old_shares": "구주매출",
    "band": "희망공모가 (원)",
    "competition": "청약경쟁률",
    "proportional_competition": "비례경쟁률",
    "status_text": "상태",
    "offer_price": "확정공모가 (원)",
    "amount_million": "공모금액 (백만원)",
    "underwriters": "주간사",
    "limit": "청약한도",
    "unit": "단위",
    "role": "역할",
    "forecast": "수요예측일",
    "subscription": "공모청약일",
    "allotment_on": "배정공고일",
    "payment_on": "납입일",
    "refund_on": "환불일",
    "listing_on": "상장일",
    "ir_on": "IR일자",
    "ir_place": "IR장소·시간",
    "institution_ratio": "기관경쟁률",
    "lockup_percent": "의무보유확약 (%)",
    "current_price": "현재가 (원)",
    "allotments": "그룹별 배정",
    "group": "구분",
    "percent": "비율 (%)",
    "deposit_percent": "청약증거금율 (%)",
    "most": "최고한도",
    "least": "최저",
    "lines": "기간별",
    "period": "기간",
    "total_shares": "합계 (주)",
    "requests": "참여건수",
    "ratio": "단순경쟁률",
    "label": "구분",
    "filed_on": "접수일자",
    "title": "보고서명",
    "number": "접수번호",
    "asks": "매도 호가 수",
    "lowest_ask": "가장 낮은 매도 (원)",
    "bids": "매수 호가 수",
    "highest_bid": "가장 높은 매수 (원)",
    "price": "가격 (원)",
}
NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
AS_WRITTEN: Final = frozenset({"code", "number", "phone"})


@dataclass(frozen=True, slots=True)
class Table:
    title: str
    headings: list[str]
    rows: list[list[str]]


@dataclass(slots=True)
class Section:
    key: str
    title: str
    facts: list[tuple[str, str]] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)


def sections_of(offering: Offering) -> list[Section]:
    """In the order of the page; a section without anything in it is left out."""
    stored: dict[str, Any] = offering.sections or {}
    order = [*[key for key in TITLES if key in stored], *[key for key in stored if key not in TITLES]]
    found = [_section(key, stored[key]) for key in order]
    return [one for one in found if one.facts or one.tables]


def _section(key: str, value: Any) -> Section:
    section = Section(key, TITLES.get(key, key))
    if isinstance(value, dict):
        _read(section, value, "")
    elif isinstance(value, list) and value:
        if all(isinstance(one, dict) for one in value):
            section.tables += _tables("", value)
        else:
            section.facts += [("", shown(key, one)) for one in value]
    elif value not in (None, "", []):
        section.facts.append(("", shown(key, value)))
    return section


def _read(section: Section, value: dict[str, Any], before: str) -> None:
    for name, one in _ranges(value):
        label = f"{before}{LABELS.get(name, name)}"
        if isinstance(one, dict):
            _read(section, one, f"{label} ")
        elif isinstance(one, list) and one and all(isinstance(each, dict) for each in one):
            section.tables += _tables(label, one)
        elif one not in (None, "", []):
            section.facts.append((label, shown(name, one)))


def _ranges(value: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """The fields, with `x_low` and `x_high` (or `x_start`, `x_end`) as one `x`."""
    for name, one in value.items():
        for first, last in (("_low", "_high"), ("_start", "_end")):
            if name.endswith(last) and name.removesuffix(last) + first in value:
                break
            if name.endswith(first) and name.removesuffix(first) + last in value:
                stem = name.removesuffix(first)
                yield stem, _range(stem, one, value[stem + last])
                break
        else:
            yield name, one


def _range(name: str, low: Any, high: Any) -> str | None:
    told = [shown(name, one) for one in dict.fromkeys((low, high)) if one not in (None, "")]
    return "~".join(told) or None


def _tables(title: str, rows: list[dict[str, Any]]) -> Iterator[Table]:
    if "periods" in rows[0]:
        for one in rows:
            yield _figures(one)
        return
    lines = [dict(_ranges(row)) for row in rows]
    names = [name for name in lines[0] if any(line.get(name) not in (None, "") for line in lines)]
    if names:
        body = [[shown(name, line.get(name)) for name in names] for line in lines]
        yield Table(title, [LABELS.get(name, name) for name in names], body)


def _figures(table: dict[str, Any]) -> Table:
    headings = ["구분", *(shown("", period) for period in table["periods"])]
    rows = []
    for row in table.get("rows", []):
        unit = f" ({row['unit']})" if row.get("unit") else ""
        group = f"{row['group']} · " if row.get("group") else ""
        rows.append([f"{group}{row.get('label', '')}{unit}", *(shown("", one) for one in row["values"])])
    return Table(str(table.get("title", "")), headings, rows)


def shown(name: str, value: Any) -> str:
    """12345 as 12,345; days and words as they are; a dash for nothing."""
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return "예" if value else "아니요"
    if isinstance(value, list):
        return ", ".join(shown(name, one) for one in value)
    text = str(value)
    if name not in AS_WRITTEN and NUMBER.fullmatch(text):
        number = f"{Decimal(text):,f}"
        return number.rstrip("0").rstrip(".") if "." in number else number
    return text
