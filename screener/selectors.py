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
class Heading:
    menu: Menu
    screens: tuple[Screen, ...]


def headings() -> list[Heading]:
    """The sources' screens as the menu shows them."""
    found = screens.all_screens()
    groups = [(menu, tuple(screen for screen in found if screen.menu == menu)) for menu in Menu]
    return [Heading(menu, members) for menu, members in groups if members]
