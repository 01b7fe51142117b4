"""KIS's encrypted notices: both layouts, every event, and frames that are not what they should be."""

import base64
import contextlib
import json
import logging
import os
import time
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from hypothesis import given
from hypothesis import strategies as st

from brokers.adapters.base import (
    AuthFailed,
    BadReply,
    BrokerError,
    FillReport,
    OrderNews,
    OrderReport,
    Rejected,
)
from brokers.adapters.kis.wire import notices
from brokers.terms import OrderType, RequestKind, Side
from lucy.clock import KST
from tests.brokers.adapters.conftest import FUZZ

KEY, IV = "0123456789abcdef0123456789abcdef", "fedcba9876543210"
NOTICES = json.loads((Path(__file__).parent / "data" / "kis" / "notices.json").read_text())
NOW = datetime(2026, 6, 8, 13, 0, tzinfo=KST)
CIPHER = notices.NoticeCipher(KEY, IV)


def closed(clear: str) -> str:
    raw = clear.encode()
    size = 16 - len(raw) % 16
    encryptor = Cipher(AES(KEY.encode()), CBC(IV.encode())).encryptor()
    return base64.b64encode(encryptor.update(raw + bytes([size]) * size) + encryptor.finalize()).decode()


def frame(*clear: str, tr_id: str = "H0STCNI9") -> str:
    return f"1|{tr_id}|{len(clear):03d}|{closed('^'.join(clear))}"


def reports(text: str, now: datetime = NOW) -> list[FillReport | OrderReport]:
    return [notices.report(cells, now) for cells in notices.notice_records(text, CIPHER)]


def test_a_fill_of_the_wide_layout():
    assert reports(frame(NOTICES["wide_fill"], tr_id="H0STCNI0")) == [
        FillReport(
            account_no="8105568901",
            trade_date=date(2026, 6, 8),
            order_no="117057",
            original_no="",
            fill_no="",
            symbol="005930",
            side=Side.BUY,
            quantity=3,
            price=Decimal(96200),
            executed_at=datetime(2026, 6, 8, 12, 11, 1, tzinfo=KST),
            order_quantity=10,
            order_price=Decimal(96200),
        )
    ]


def test_a_market_orders_fill_of_the_narrow_layout_has_no_order_price():
    (fill,) = reports(frame(NOTICES["narrow_fill"]))
    assert isinstance(fill, FillReport)
    assert (fill.quantity, fill.price, fill.order_price) == (3, Decimal(96200), None)


@pytest.mark.parametrize(
    ("name", "news", "order_no", "original_no", "request_kind", "quantity", "price"),
    [
        ("wide_accepted", OrderNews.ACCEPTED, "117057", "", RequestKind.NEW, 10, Decimal(96200)),
        ("cancelled", OrderNews.CANCELLED, "117061", "117059", RequestKind.CANCEL, 0, None),
        ("modified", OrderNews.MODIFIED, "117060", "117058", RequestKind.MODIFY, 3, Decimal(562000)),
        ("rejected", OrderNews.REJECTED, "117070", "", RequestKind.NEW, 3, Decimal(562000)),
        ("killed", OrderNews.KILLED, "117071", "", RequestKind.NEW, 4, Decimal(96200)),
    ],
)
def test_each_order_notice(name, news, order_no, original_no, request_kind, quantity, price):
    (told,) = reports(frame(NOTICES[name]))
    assert isinstance(told, OrderReport)
    assert (told.news, told.order_no, told.original_no) == (news, order_no, original_no)
    assert (told.request, told.quantity, told.price) == (request_kind, quantity, price)
    assert told.order_type is OrderType.LIMIT


def test_several_records_in_one_frame_keep_their_order():
    told = reports(frame(NOTICES["narrow_fill"], NOTICES["cancelled"], NOTICES["killed"]))
    assert [report.order_no for report in told] == ["117057", "117061", "117071"]


def test_more_fields_than_known_are_read_and_logged_once(caplog: pytest.LogCaptureFixture):
    notices._log_width.cache_clear()
    longer = NOTICES["wide_fill"] + "^new^fields"
    with caplog.at_level(logging.WARNING):
        assert reports(frame(longer)) == reports(frame(NOTICES["wide_fill"]))
        reports(frame(longer))
    assert caplog.text.count("28 fields") == 1


def test_a_grown_narrow_layout_is_not_taken_for_the_wide_one():
    (fill,) = reports(frame(NOTICES["narrow_fill"].replace("^000000000", "^000096300") + "^a^b^c"))
    assert isinstance(fill, FillReport)
    assert fill.order_price == Decimal(96300)


@pytest.mark.parametrize(
    ("hour", "now", "expected"),
    [
        ("235958", datetime(2026, 6, 9, 0, 0, 1, tzinfo=KST), date(2026, 6, 8)),
        ("000001", datetime(2026, 6, 8, 23, 59, 58, tzinfo=KST), date(2026, 6, 9)),
        ("121101", datetime(2026, 6, 8, 12, 11, 3, tzinfo=KST), date(2026, 6, 8)),
    ],
)
def test_the_trade_date_is_the_day_of_the_notices_own_time(hour: str, now: datetime, expected: date):
    (fill,) = reports(frame(NOTICES["narrow_fill"].replace("^121101^", f"^{hour}^")), now)
    assert fill.trade_date == expected


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({2: ""}, "ODER_NO"),
        ({4: "03"}, "SELN_BYOV_CLS"),
        ({9: "0000000000"}, "CNTG_QTY"),
        ({10: "abc"}, "CNTG_UNPR"),
        ({11: "250000"}, "STCK_CNTG_HOUR"),
        ({13: "3"}, "CNTG_YN"),
        ({13: "1", 5: "7"}, "RCTF_CLS"),
        ({13: "1", 12: "N"}, "RFUS_YN"),
        ({13: "1", 14: "9"}, "ACPT_YN"),
    ],
)
def test_a_notice_that_cannot_be_believed_names_the_field(changes: dict[int, str], field: str):
    cells = NOTICES["narrow_fill"].split("^")
    for place, value in changes.items():
        cells[place] = value
    with pytest.raises(BadReply, match=field):
        notices.report(cells, NOW)


@pytest.mark.parametrize("by", [1, 2, 13, 18])
def test_no_error_about_a_shifted_notice_shows_a_name_or_an_account(by: int):
    cells = NOTICES["narrow_fill"].split("^")
    with pytest.raises(BadReply) as raised:
        notices.report(cells[by:] + cells[:by], NOW)
    assert "홍길동" not in str(raised.value)
    assert "8105568901" not in str(raised.value)


@pytest.mark.parametrize(
    "text", ["1|H0STCNI9|001|", "1|H0STCNI9|001|%%%", "1|H0STCNI9", "0|H0STCNI9|0|a^b", "1|"]
)
def test_a_cut_frame_is_a_bad_reply(text: str):
    with pytest.raises(BadReply):
        reports(text)


def test_frames_of_other_services_tell_nothing():
    assert reports("0|H0STCNT0|001|005930^093354^71900") == []


@FUZZ
@given(st.text(max_size=60))
def test_any_text_is_a_message_or_a_bad_reply(text: str):
    with contextlib.suppress(BadReply):
        if notices.is_frame(text):
            reports(text)
        else:
            notices.control(text)


@FUZZ
@given(st.integers(0, 400), st.sampled_from(sorted(NOTICES)))
def test_a_frame_cut_anywhere_is_whole_or_bad(length: int, name: str):
    with contextlib.suppress(BadReply):
        reports(frame(NOTICES[name])[:length])


@FUZZ
@given(
    st.lists(
        st.text(st.characters(exclude_characters="^", exclude_categories=["Cs"]), max_size=12), max_size=60
    )
)
def test_any_clear_text_is_read_or_bad(cells: list[str]):
    with contextlib.suppress(BadReply):
        reports(frame("^".join(cells)))


@FUZZ
@given(st.binary(max_size=200))
def test_any_bytes_are_decrypted_or_bad(data: bytes):
    with contextlib.suppress(BadReply):
        reports(f"1|H0STCNI0|001|{base64.b64encode(data).decode()}")


def test_a_huge_frame_is_bad_and_quickly_so():
    started = time.monotonic()
    with pytest.raises(BadReply):
        reports(frame("^".join(["1" * 40] * 20_001)))
    with pytest.raises(BadReply):
        reports(f"1|H0STCNI9|001|{base64.b64encode(os.urandom(700_000)).decode()}")
    with pytest.raises(BadReply):
        reports(f"0|H0STCNI9|{'9' * 5000}|a^b")
    assert time.monotonic() - started < 1


def acknowledgement(**body: Any) -> dict[str, Any]:
    return {
        "header": {"tr_id": "H0STCNI9", "encrypt": "Y"},
        "body": {"rt_cd": "0", "msg_cd": "OPSP0000", **body},
    }


def test_the_acknowledgement_brings_the_key():
    cipher = notices.cipher_of(acknowledgement(output={"key": KEY, "iv": IV}))
    assert cipher.clear(closed("삼성전자")) == "삼성전자"


@pytest.mark.parametrize(
    ("message", "error"),
    [
        (acknowledgement(rt_cd="9", msg_cd="OPSP0011", msg1="invalid approval : NOT FOUND"), AuthFailed),
        (acknowledgement(rt_cd="9", msg_cd="OPSP8996", msg1="ALREADY IN USE appkey"), Rejected),
        (acknowledgement(output={}), BadReply),
        (acknowledgement(output={"key": "short", "iv": IV}), BadReply),
        ({"header": {}}, BadReply),
    ],
)
def test_a_refused_registration_is_an_error(message: dict[str, Any], error: type[BrokerError]):
    with pytest.raises(BrokerError) as raised:
        notices.cipher_of(message)
    assert type(raised.value) is error
