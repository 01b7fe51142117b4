"""Frames decoded per second, from the socket's text to the frozen report."""

import base64
import json
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from bench.figures import Figure
from brokers.adapters.kis.wire import notices as kis
from brokers.adapters.ls.wire import notices as ls
from lucy.clock import KST

ROUNDS = 20_000
KEY, IV = "k" * 32, "i" * 16
SAVED = Path(__file__).resolve().parent.parent / "tests/brokers/adapters/data"
KIS_FILL = (
    "demokis^5000000101^0000001234^^02^0^00^0^005930^0000000010^000070000^093000^0^2^2^00950^000000010"
    "^김데모^000000000^1^Y^^10^00000000^삼성전자^000070000"
)


def figures() -> list[Figure]:
    now = datetime.now(KST)
    frame, cipher = _kis_frame(), kis.NoticeCipher(KEY, IV)
    data = frame.split("|", 3)[3]
    text = (SAVED / "ls/SC1.json").read_text()
    return [
        _figure(
            "KIS 체결통보 해독 (AES-256-CBC)",
            lambda: _kis_report(frame, cipher, now),
            lambda: _bare_aes(data),
        ),
        _figure("LS SC1 해독", lambda: ls.report(text, now), lambda: json.loads(text)),
    ]


def _figure(name: str, ours: Callable[[], Any], floor: Callable[[], Any]) -> Figure:
    return Figure(name, "frames/s", _rate(ours), _rate(floor), "bare decrypt / json.loads")


def _rate(deed: Callable[[], Any]) -> float:
    deed()
    began = time.perf_counter()
    for _ in range(ROUNDS):
        deed()
    return ROUNDS / (time.perf_counter() - began)


def _kis_frame() -> str:
    clear = KIS_FILL.encode()
    size = 16 - len(clear) % 16
    encryptor = Cipher(AES(KEY.encode()), CBC(IV.encode())).encryptor()
    closed = encryptor.update(clear + bytes([size]) * size) + encryptor.finalize()
    return f"1|H0STCNI0|001|{base64.b64encode(closed).decode()}"


def _kis_report(frame: str, cipher: kis.NoticeCipher, now: datetime) -> Any:
    return [kis.report(cells, now) for cells in kis.notice_records(frame, cipher)]


def _bare_aes(data: str) -> str:
    decryptor = Cipher(AES(KEY.encode()), CBC(IV.encode())).decryptor()
    return (decryptor.update(base64.b64decode(data)) + decryptor.finalize()).decode()
