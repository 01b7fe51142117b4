"""Special days of 한국천문연구원 (KASI) on data.go.kr: 공휴일 by `getRestDeInfo`.

The answer is JSON when asked for it, except for its errors: those are XML (or JSON in the same envelope),
with status 200 too. `items.item` is a list, a single object when there is one, and `items` an empty string
when there is none. The key stands in the address, so no address may get into a message or a log.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from urllib.parse import unquote

import requests
from lxml import etree

ADDRESS: Final = "https://apis.data.go.kr/B090041/openapi/service/SpcdeInfoService/getRestDeInfo"
TIMEOUT_SECONDS = (5, 20)
ROWS_A_PAGE: Final = 100  # a year has about twenty; the default of ten would need pages
MOST_PAGES: Final = 20
MOST_BYTES: Final = 2_000_000
NORMAL: Final = "00"

# returnReasonCode and resultCode of the portal's gateway.
REASONS: Final = {
    "1": "서비스 오류",
    "3": "자료 없음",
    "10": "잘못된 요청 변수",
    "11": "필수 요청 변수 없음",
    "12": "없는 서비스",
    "20": "접근 거부",
    "21": "일시 정지된 키",
    "22": "하루 호출 한도 초과",
    "23": "초당 호출 한도 초과",
    "30": "등록되지 않은 키",
    "31": "기한이 지난 키",
    "32": "등록되지 않은 IP",
    "33": "서명되지 않은 호출",
    "99": "기타 오류",
}


class GodataError(Exception):
    """data.go.kr did not answer with days; `code` is its reason code, empty when it gave none."""

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(f"[{code}] {message}" if code else message)
        self.code = code


class GodataSilent(GodataError):
    """No answer, or one that a later try may turn into days: asking again is worth it."""


@dataclass(frozen=True, slots=True)
class SpecialDay:
    day: date
    kind: str  # dateKind: 01 국경일·공휴일
    name: str
    is_holiday: bool


@dataclass(frozen=True, slots=True)
class Page:
    days: tuple[SpecialDay, ...]
    total: int


def holidays_of_year(key: str, year: int) -> list[SpecialDay]:
    """Every 공휴일 of a year, all pages. Raises `GodataError`."""
    found: list[SpecialDay] = []
    for number in range(1, MOST_PAGES + 1):
        page = parse(_fetched(key, year, number))
        found += page.days
        if not page.days or len(found) >= page.total:
            return found
    raise GodataError(f"{year}: more than {MOST_PAGES} pages")


def _fetched(key: str, year: int, page: int) -> str:
    """The answer's text. A key copied in its encoded form is decoded first: encoded twice it is unknown."""
    query = {
        "serviceKey": unquote(key),
        "solYear": f"{year:04d}",
        "numOfRows": str(ROWS_A_PAGE),
        "pageNo": str(page),
        "_type": "json",
    }
    try:
        reply = requests.get(ADDRESS, params=query, timeout=TIMEOUT_SECONDS, allow_redirects=False)
    except requests.RequestException as trouble:
        raise GodataSilent(f"no answer ({type(trouble).__name__})") from None  # its words hold the key
    if len(reply.content) > MOST_BYTES:
        raise GodataError("the answer is too long")
    text = reply.content.decode("utf-8", "replace").strip()
    if reply.status_code != requests.codes.ok and text[:1] not in {"<", "{"}:
        kind = GodataSilent if reply.status_code >= 500 else GodataError
        raise kind(f"HTTP {reply.status_code}: {text[:80]}")
    return text


def parse(text: str) -> Page:
    """Days of one page, JSON or XML. Raises `GodataError` that names what is wrong."""
    if text[:1] == "<":
        return _page(_from_xml(text))
    try:
        document = json.loads(text)
    except ValueError as error:
        raise GodataError(f"neither JSON nor XML: {text[:80]}") from error
    if not isinstance(document, dict):
        raise GodataError("the answer is no object")
    return _page(document)


def _from_xml(text: str) -> dict[str, Any]:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(text.encode(), parser)
    except etree.XMLSyntaxError as error:
        raise GodataError(f"unreadable XML: {text[:80]}") from error
    return {str(root.tag): _as_dict(root)}


def _as_dict(node: Any) -> Any:
    """An element as JSON would have it: repeated children as a list, text as text."""
    if len(node) == 0:
        return node.text or ""
    found: dict[str, Any] = {}
    for child in node:
        value = _as_dict(child)
        if child.tag in found:
            known = found[child.tag]
            found[child.tag] = [*known, value] if isinstance(known, list) else [known, value]
        else:
            found[child.tag] = value
    return found


def _page(document: dict[str, Any]) -> Page:
    if "OpenAPI_ServiceResponse" in document:
        raise _gateway_error(document["OpenAPI_ServiceResponse"])
    response = _part(document, "response")
    header = _part(response, "header")
    code = str(header.get("resultCode", ""))
    if code != NORMAL:
        raise _error(code.lstrip("0"), str(header.get("resultMsg", "")))
    body = _part(response, "body")
    rows = _rows(body.get("items", ""))
    return Page(tuple(_special_day(row) for row in rows), _number(body, "totalCount"))


def _gateway_error(envelope: Any) -> GodataError:
    header = _part(envelope, "cmmMsgHeader")
    words = str(header.get("returnAuthMsg") or header.get("errMsg") or "")
    return _error(str(header.get("returnReasonCode", "")).lstrip("0"), words)


def _error(code: str, words: str) -> GodataError:
    kind = GodataSilent if code in {"1", "21", "23", "99"} else GodataError
    return kind(f"{REASONS.get(code, '알 수 없는 오류')} ({words})", code)


def _part(document: Any, name: str) -> dict[str, Any]:
    part = document.get(name) if isinstance(document, dict) else None
    if not isinstance(part, dict):
        raise GodataError(f"the answer lacks '{name}'")
    return part


def _rows(items: Any) -> Iterable[Any]:
    if items in ("", None):
        return []
    if not isinstance(items, dict) or "item" not in items:
        raise GodataError("the answer lacks 'item'")
    item = items["item"]
    return item if isinstance(item, list) else [item]


def _special_day(row: Any) -> SpecialDay:
    if not isinstance(row, dict):
        raise GodataError("an item is no object")
    missing = [name for name in ("locdate", "dateName", "isHoliday") if not row.get(name)]
    if missing:
        raise GodataError(f"an item lacks {', '.join(missing)}")
    try:
        day = datetime.strptime(str(row["locdate"]), "%Y%m%d").date()  # noqa: DTZ007  # a date, no moment
    except ValueError as error:
        raise GodataError(f"locdate {row['locdate']!r} is no date") from error
    kind = str(row.get("dateKind", "01"))
    return SpecialDay(day, kind[:2], str(row["dateName"]).strip()[:60], row["isHoliday"] == "Y")


def _number(body: dict[str, Any], name: str) -> int:
    try:
        return int(body.get(name, 0))
    except (TypeError, ValueError) as error:
        raise GodataError(f"{name} {body.get(name)!r} is no number") from error
