"""The stream's texts: registration, acknowledgement, keep-alive, and the encrypted notices (kis.md §6)."""

import base64
import binascii
import json
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from brokers.adapters.base import (
    AuthFailed,
    BadReply,
    BrokerError,
    FillReport,
    OrderNews,
    OrderReport,
    Rejected,
)
from brokers.adapters.kis import codes
from brokers.adapters.kis.wire import fields
from brokers.adapters.kis.wire.orders import type_and_condition
from brokers.terms import RequestKind
from lucy.clock import KST

logger = logging.getLogger(__name__)

BLOCK = 16  # bytes of AES
NARROW, WIDE = 23, 26  # fields of a notice: paper in 2026-08, and real since 2025-03


def registration(approval_key: str, custtype: str, tr_id: str, tr_key: str) -> str:
    return json.dumps(
        {
            "header": {
                "approval_key": approval_key,
                "custtype": custtype,
                "tr_type": "1",
                "content-type": "utf-8",
            },
            "body": {"input": {"tr_id": tr_id, "tr_key": tr_key}},
        }
    )


def is_frame(message: str) -> bool:
    return message[:2] in ("0|", "1|")


def control(message: str) -> dict[str, Any]:
    """A message that is no frame: an acknowledgement or the keep-alive."""
    try:
        found = json.loads(message)
    except (ValueError, RecursionError) as odd:
        raise BadReply("neither a frame nor JSON") from odd
    if not isinstance(found, dict) or not isinstance(found.get("header"), dict):
        raise BadReply("header is missing")
    return found


def is_keep_alive(message: dict[str, Any]) -> bool:
    return bool(message["header"].get("tr_id") == codes.KEEP_ALIVE)


def cipher_of(acknowledgement: dict[str, Any]) -> "NoticeCipher":
    """The key of this connection; the broker's refusal as an error."""
    body = acknowledgement.get("body")
    if not isinstance(body, dict):
        raise BadReply("body is missing")
    if refusal := refusal_in(body):
        raise refusal
    output = fields.record(body, "output")
    return NoticeCipher(fields.required(output, "key"), fields.required(output, "iv"))


def refusal_in(body: dict[str, Any]) -> BrokerError | None:
    if fields.text(body, "rt_cd") == "0":
        return None
    code = fields.text(body, "msg_cd")
    error = AuthFailed if code in codes.APPROVAL_REFUSED else Rejected
    return error(fields.text(body, "msg1"), code=code)


class NoticeCipher:
    """AES-256-CBC with PKCS7, its key schedule kept for the life of a connection."""

    def __init__(self, key: str, iv: str) -> None:
        try:
            self._cipher = Cipher(AES(key.encode()), CBC(iv.encode()))
        except ValueError as odd:
            raise BadReply("key or iv has an odd length") from odd

    def clear(self, data: str) -> str:
        try:
            closed = base64.b64decode(data, validate=True)
            decryptor = self._cipher.decryptor()
            padded = decryptor.update(closed) + decryptor.finalize()
        except (binascii.Error, ValueError) as odd:
            raise BadReply("data cannot be decrypted") from odd
        return _unpadded(padded).decode("utf-8", errors="replace")  # only names are not ASCII


def _unpadded(padded: bytes) -> bytes:
    size = padded[-1] if padded else 0
    if not 1 <= size <= BLOCK or not padded.endswith(bytes([size]) * size):
        raise BadReply("data cannot be decrypted")
    return padded[:-size]


def notice_records(frame: str, cipher: NoticeCipher) -> Iterator[Sequence[str]]:
    """The records of a `flag|TR|count|data` frame, oldest first; none for a frame that is no notice."""
    flag, tr_id, count, data = _parts(frame)
    if tr_id not in codes.NOTICE_FRAMES:
        return
    cells = (cipher.clear(data) if flag == "1" else data).split("^")
    records = fields.as_count(count, "count")
    width, odd = divmod(len(cells), records) if records else (0, 1)
    if odd or width < NARROW:
        raise BadReply(f"{len(cells)} fields make no {records} notices")
    _log_width(width)
    for start in range(0, len(cells), width):
        yield cells[start : start + width]


def _parts(frame: str) -> list[str]:
    parts = frame.split("|", 3)
    if len(parts) != 4:
        raise BadReply("frame is cut short")
    return parts


@lru_cache(maxsize=64)
def _log_width(width: int) -> None:
    """Once per width: the layout has changed before, and a parser that refused it lost fills."""
    if width not in (NARROW, WIDE):
        logger.warning("KIS notices have %d fields now; the known ones are read", width)


@dataclass(frozen=True, slots=True)
class _Notice:
    """The fields that all layouts share, by name."""

    account_no: str
    order_no: str
    original_no: str
    side: str
    request: str
    order_type: str
    symbol: str
    quantity: str
    price: str
    hour: str
    refused: str
    kind: str
    stage: str
    order_quantity: str
    order_price: str


def _notice(cells: Sequence[str]) -> _Notice:
    return _Notice(
        account_no=cells[1].strip(),
        order_no=fields.order_number(cells[2]),
        original_no=fields.order_number(cells[3]),
        side=cells[4],
        request=cells[5],
        order_type=cells[6],
        symbol=fields.symbol(cells[8]),
        quantity=cells[9],
        price=cells[10],
        hour=cells[11],
        refused=cells[12],
        kind=cells[13],
        stage=cells[14],
        order_quantity=cells[16],
        order_price=cells[25] if _is_wide(cells) else cells[22],
    )


def _is_wide(cells: Sequence[str]) -> bool:
    # The narrow layout glues the exchange and Y or N into the place of the stop price.
    stop_price = cells[18].strip()
    return len(cells) >= WIDE and (not stop_price or stop_price.isdigit())


def report(cells: Sequence[str], now: datetime) -> FillReport | OrderReport:
    """What a notice says; `now` (aware) tells the day of a time without a date."""
    notice = _notice(cells)
    if not notice.order_no.isdigit():
        raise BadReply("ODER_NO is missing")
    if notice.kind == codes.FILL_NOTICE:
        return _fill(notice, now)
    if notice.kind == codes.ORDER_NOTICE:
        return _order_news(notice, now)
    raise BadReply("CNTG_YN: unknown code")


def _fill(notice: _Notice, now: datetime) -> FillReport:
    executed_at = _nearest(notice.hour, now)
    quantity = fields.as_count(notice.quantity, "CNTG_QTY")
    price = fields.as_number(notice.price, "CNTG_UNPR")
    if not quantity or price <= 0:
        raise BadReply("CNTG_QTY or CNTG_UNPR of a fill is zero")
    return FillReport(
        account_no=notice.account_no,
        trade_date=executed_at.date(),
        order_no=notice.order_no,
        original_no=notice.original_no,
        fill_no="",
        symbol=notice.symbol,
        side=fields.coded(notice.side, "SELN_BYOV_CLS", codes.SIDE),
        quantity=quantity,
        price=price,
        executed_at=executed_at,
        order_quantity=fields.as_count(notice.order_quantity, "ODER_QTY"),
        order_price=_price(notice.order_price, "ODER_PRC"),
    )


def _order_news(notice: _Notice, now: datetime) -> OrderReport:
    at = _nearest(notice.hour, now)
    request = fields.coded(notice.request, "RCTF_CLS", codes.REQUEST_KIND)
    price = _price(notice.price, "CNTG_UNPR")
    order_type, _ = type_and_condition(notice.order_type, price or Decimal(0))
    return OrderReport(
        account_no=notice.account_no,
        trade_date=at.date(),
        news=_news(notice, request),
        order_no=notice.order_no,
        original_no=notice.original_no,
        symbol=notice.symbol,
        side=fields.coded(notice.side, "SELN_BYOV_CLS", codes.SIDE),
        order_type=order_type,
        quantity=fields.as_count(notice.quantity.strip() or "0", "CNTG_QTY"),
        price=price,
        at=at,
        request=request,
    )


def _news(notice: _Notice, request: RequestKind) -> OrderNews:
    if fields.coded(notice.refused, "RFUS_YN", codes.REFUSED):
        return OrderNews.REJECTED
    if notice.stage == codes.KILLED:
        return OrderNews.KILLED
    if notice.stage == codes.RECEIVED:
        return OrderNews.ACCEPTED
    if notice.stage == codes.CONFIRMED:
        return codes.CONFIRMED_NEWS[request]
    raise BadReply("ACPT_YN: unknown code")


def _price(found: str, name: str) -> Decimal | None:
    """Zero and blank stand for a type without a price."""
    return fields.as_number(found.strip() or "0", name) or None


def _nearest(hour: str, now: datetime) -> datetime:
    """The moment with that time of day nearest to now: notices around midnight carry no date."""
    told = fields.moment(now.astimezone(KST).date(), hour, "STCK_CNTG_HOUR")
    away = told - now
    if away > timedelta(hours=12):
        return told - timedelta(days=1)
    if away < timedelta(hours=-12):
        return told + timedelta(days=1)
    return told
