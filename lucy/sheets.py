"""What goes to a spreadsheet and comes from one.

A spreadsheet would run a text that begins like a formula: such a text is written behind an apostrophe.
"""

from typing import Final

from lucy.errors import LucyError

MOST_BYTES: Final = 1_000_000  # of a file that is read
FORMULA_BEGINS: Final = ("=", "+", "-", "@", "\t", "\r", "\n")


def harmless(text: str) -> str:
    """For every cell that is not a number of ours: shown as it is, whatever it begins with."""
    return f"'{text}" if text.startswith(FORMULA_BEGINS) else text


def require_small(body: bytes) -> None:
    """Raises `LucyError` (`too_large`) for a file that nobody typed."""
    if len(body) > MOST_BYTES:
        raise LucyError("too_large", f"파일이 너무 큽니다. {MOST_BYTES // 1_000_000}MB까지 읽습니다.")


def decode(body: bytes, *, choose: str = "CSV를") -> str:
    """A file's text: UTF-8 (with or without Excel's mark), else the Korean Windows encoding.

    Raises `LucyError`: `too_large`, `unreadable`; `choose` names what may be chosen instead.
    """
    require_small(body)
    for encoding in ("utf-8-sig", "cp949"):
        try:
            return body.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise LucyError("unreadable", f"글자를 읽을 수 없습니다. UTF-8이나 CP949로 저장한 {choose} 고르세요.")
