"""The menu: every theme with its number, name and count; and the site's own screens.

Until mid-2026 the count stood inside the name (`<span>원자재(구리)(6)</span>`), since then beside it
(`여행<span>(9)</span>`) and a theme may appear more than once: as text both read the same.
"""

from dataclasses import dataclass

from lucy.html import Node, PageChanged, document, many, text
from screener.judal.table import LAST_COUNT, query_of, theme_number, without_unseen

LONGEST_NAME = 100


@dataclass(frozen=True, slots=True)
class ThemeLink:
    number: int
    name: str  # without its count
    count: int | None  # stocks, as the menu says; None where it does not


@dataclass(frozen=True, slots=True)
class ScreenLink:
    name: str
    href: str


@dataclass(frozen=True, slots=True)
class Menu:
    themes: tuple[ThemeLink, ...]
    screens: tuple[ScreenLink, ...]


def parse_menu(page: str) -> Menu:
    """Never without themes: the redesign of 2026 left a reader with empty sets that nobody noticed."""
    links = many(without_unseen(document(page)), "//a[@href]")
    themes: dict[int, ThemeLink] = {}
    for link in links:
        number = theme_number(link.get("href", ""))
        if number is not None:
            found = _theme(number, text(link))
            themes[number] = _same(themes.get(number, found), found)
    if not themes:
        raise PageChanged("no themes in the menu")
    return Menu(tuple(themes.values()), tuple(_screens(links)))


def _theme(number: int, words: str) -> ThemeLink:
    counted = LAST_COUNT.search(words)
    name = words[: counted.start()] if counted else words
    if not name or len(name) > LONGEST_NAME:
        raise PageChanged(f"theme {number}: no name in '{words[:60]}'")
    return ThemeLink(number, name, int(counted[1].replace(",", "")) if counted else None)


def _same(known: ThemeLink, found: ThemeLink) -> ThemeLink:
    """The one with a count, which the menu itself writes; two with different names are no menu."""
    if known.count is not None and found.count is not None and known.name != found.name:
        raise PageChanged(f"theme {found.number} is called {known.name} and {found.name}")
    return known if known.count is not None else found


def _screens(links: list[Node]) -> list[ScreenLink]:
    found: dict[str, ScreenLink] = {}
    for link in links:
        href, name = link.get("href", ""), text(link)
        query = query_of(href)
        is_screen = query.get("view") == "themeList" or (
            query.get("view") == "stockList" and query.get("type")
        )
        if is_screen and name and not query.get("themeIdx"):
            found.setdefault(href, ScreenLink(name, href))
    return list(found.values())
