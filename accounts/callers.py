"""Where somebody signs in from: the address and the program, kept to be shown to them alone."""

import re
from dataclasses import dataclass
from typing import Final

from django.http import HttpRequest

from accounts.lockout import address_of

# The first that is found in the name that browsers give themselves; most of them name others as well.
BROWSERS: Final = (
    ("Edg", "Edge"),
    ("Whale", "웨일"),
    ("SamsungBrowser", "삼성 인터넷"),
    ("OPR", "Opera"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
SYSTEMS: Final = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)


@dataclass(frozen=True, slots=True)
class Caller:
    address: str = ""
    agent: str = ""


NOBODY: Final = Caller()


def caller_of(request: HttpRequest) -> Caller:
    return Caller(address_of(request) or "", str(request.META.get("HTTP_USER_AGENT", ""))[:255])


def device_of(agent: str) -> str:
    """`Chrome · Windows` for a browser, `python-requests` for a script."""
    browser = next((name for mark, name in BROWSERS if f"{mark}/" in agent), "")
    system = next((name for mark, name in SYSTEMS if mark in agent), "")
    if found := [name for name in (browser, system) if name]:
        return " · ".join(found)
    program = re.match(r"[A-Za-z][\w.-]*", agent)
    return program[0] if program else "알 수 없는 프로그램"
