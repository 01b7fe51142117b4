"""Which screens there are for a user: those of the sources, and those that people put together."""

from dataclasses import dataclass

from accounts.models import User
from screener import screens
from screener.rights import own_screen_seen_by
from screener.screens import Menu, Screen

OWN = "own-"


def find_screen(user: User, key: str) -> Screen | None:
    """A source's screen, or an own one that the user may see."""
    if not key.startswith(OWN):
        return screens.get(key)
    found = own_screen_seen_by(user, key.removeprefix(OWN))
    if found is None:
        return None
    from screener.services.own import screen_of  # which reads results of other screens

    return screen_of(found)


@dataclass(frozen=True, slots=True)
class Entry:
    """A page of the menu: one screen, or several as tabs."""

    screens: tuple[Screen, ...]

    @property
    def first(self) -> Screen:
        return self.screens[0]

    @property
    def title(self) -> str:
        return self.first.tabs.label if self.first.tabs else self.first.title


@dataclass(frozen=True, slots=True)
class Heading:
    menu: Menu
    entries: tuple[Entry, ...]


def headings() -> list[Heading]:
    """The sources' screens as the menu shows them."""
    found: dict[Menu, dict[str, list[Screen]]] = {menu: {} for menu in Menu}
    for screen in screens.all_screens():
        found[screen.menu].setdefault(screen.tabs or screen.key, []).append(screen)
    entries = {menu: tuple(Entry(tuple(one)) for one in pages.values()) for menu, pages in found.items()}
    return [Heading(menu, pages) for menu, pages in entries.items() if pages]


def tabs_of(screen: Screen) -> tuple[Screen, ...]:
    """All tabs of its page; none for a screen that is a page of its own."""
    return tuple(one for one in screens.all_screens() if screen.tabs and one.tabs == screen.tabs)
