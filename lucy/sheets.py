"""What a spreadsheet would run: a text that begins like a formula is written behind an apostrophe."""

from typing import Final

FORMULA_BEGINS: Final = ("=", "+", "-", "@", "\t", "\r", "\n")


def harmless(text: str) -> str:
    """For every cell that is not a number of ours: shown as it is, whatever it begins with."""
    return f"'{text}" if text.startswith(FORMULA_BEGINS) else text
