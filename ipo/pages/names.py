"""What a company's name tells: the name to show, the former one, and what kind of offer it is.

The list writes `NEW(구.OLD)(유가)`: 구 is a former name (also with a comma), 유가 the stock exchange's own
market. The detail page leaves 유가 out. Names change while the number stays, so names are never keys.
"""

import re
from dataclasses import dataclass

FORMER = re.compile(r"\(\s*구\s*[.,]\s*(?P<name>[^()]*(?:\([^()]*\)[^()]*)*)\)")
EXCHANGE = re.compile(r"\(\s*유가\s*\)")
BRACKETS = re.compile(r"\([^()]*\)")
SPAC = re.compile(r"스팩|SPAC|기업인수목적", re.IGNORECASE)
REIT = re.compile(r"리츠|REIT|부동산투자회사|인프라투융자|위탁관리", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class CompanyName:
    shown: str  # without the source's suffixes
    former: str  # "" when there is none
    on_exchange: bool  # 유가증권시장; False says nothing

    @property
    def key(self) -> str:
        return match_key(self.shown)


def company_name(text: str) -> CompanyName:
    """`HD현대마린솔루션(구.HD현대글로벌서비스)(유가)` in its parts."""
    former = FORMER.search(text)
    shown = EXCHANGE.sub("", FORMER.sub("", text))
    return CompanyName(
        " ".join(shown.split()), former["name"].strip() if former else "", bool(EXCHANGE.search(text))
    )


def match_key(name: str) -> str:
    """A name as two sources would both write it: no brackets, no white space, capitals."""
    return "".join(BRACKETS.sub("", name).split()).upper()


def is_spac(name: str) -> bool:
    """스팩, SPAC or 기업인수목적 anywhere in the name; no other company of the list has it."""
    return bool(SPAC.search(name))


def is_reit(name: str) -> bool:
    """A real estate or infrastructure fund: 리츠, REIT, 부동산투자회사, 인프라투융자 or 위탁관리.

    메리츠 ends in 리츠 and is a broker; its SPACs are SPACs and nothing else.
    """
    return not is_spac(name) and bool(REIT.search(name.replace("메리츠", "")))
