"""One polite HTTP client for public pages: one connection, a pause between requests, time-outs, a size limit.

It only ever asks (GET), so it may ask again.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

import requests

LARGEST_PAGE_BYTES = 4 * 1024 * 1024  # the largest seen has 316 kB
CHUNK_BYTES = 64 * 1024
ATTEMPTS = 3
FIRST_WAIT_SECONDS = 2.0
LONGEST_WAIT_SECONDS = 60.0
PASSING = frozenset({429, 500, 502, 503, 504})  # 503 was met by readers in a hurry
BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Safari/537.36"


class SiteError(Exception):
    """The page was not received."""


class Unreachable(SiteError):
    """No connection, or no answer in time."""


class BadStatus(SiteError):
    """An answer other than 200."""

    def __init__(self, status: int, wait_seconds: float | None = None) -> None:
        super().__init__(f"HTTP {status}")
        self.status = status
        self.wait_seconds = wait_seconds


class TooLarge(SiteError):
    """More than a page ever has."""


class TooSlow(SiteError):
    """It began and did not end in time."""


class Elsewhere(SiteError):
    """A redirection to another host."""


@dataclass(frozen=True, slots=True)
class Pace:
    pause_seconds: float = 1.0
    connect_seconds: float = 5.0
    read_seconds: float = 20.0
    page_seconds: float = 60.0  # for one whole page
    attempts: int = ATTEMPTS


class Site:
    """One host. `clock` and `sleep` stand in for time in tests."""

    def __init__(
        self,
        base_url: str,
        pace: Pace | None = None,
        *,
        largest: int = LARGEST_PAGE_BYTES,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.base_url = base_url
        self.pace = pace or Pace()
        self._largest = largest
        self._clock = clock
        self._sleep = sleep
        self._last: float | None = None
        self._session = requests.Session()
        self._session.max_redirects = 3
        self._session.headers.update({"User-Agent": BROWSER, "Accept": "text/html", "Accept-Language": "ko"})

    def __enter__(self) -> "Site":
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def url(self, path: str) -> str:
        return urljoin(self.base_url, path)

    def fetch(self, path: str) -> bytes:
        """The page's bytes, after the pause that is due; asks again when the trouble may pass."""
        for attempt in range(1, self.pace.attempts + 1):
            try:
                return self._ask_in_turn(self.url(path))
            except (Unreachable, TooSlow, BadStatus) as error:
                if attempt == self.pace.attempts or not _may_pass(error):
                    raise
                self._sleep(_wait_seconds(error, attempt))
        raise AssertionError("unreachable")

    def _ask_in_turn(self, url: str) -> bytes:
        if self._last is not None:
            due = self._last + self.pace.pause_seconds - self._clock()
            if due > 0:
                self._sleep(due)
        try:
            return self._ask(url)
        finally:
            self._last = self._clock()

    def _ask(self, url: str) -> bytes:
        until = self._clock() + self.pace.page_seconds
        times = (self.pace.connect_seconds, self.pace.read_seconds)
        try:
            with self._session.get(url, timeout=times, stream=True) as response:
                self._check(response)
                return self._body(response, until)
        except requests.RequestException as error:
            raise Unreachable(f"{type(error).__name__}: {url}") from error

    def _check(self, response: requests.Response) -> None:
        if urlsplit(response.url).hostname != urlsplit(self.base_url).hostname:
            raise Elsewhere(f"sent on to {response.url}")
        if response.status_code != 200:
            raise BadStatus(response.status_code, _told_to_wait(response))

    def _body(self, response: requests.Response, until: float) -> bytes:
        """The body, counted as it unpacks; a page that lies about its length is cut off, not believed."""
        body = bytearray()
        for chunk in response.iter_content(CHUNK_BYTES):
            body += chunk
            if len(body) > self._largest:
                raise TooLarge(f"more than {self._largest} bytes: {response.url}")
            if self._clock() > until:
                raise TooSlow(f"not whole after {self.pace.page_seconds:g} s: {response.url}")
        return bytes(body)


def _may_pass(error: SiteError) -> bool:
    return not isinstance(error, BadStatus) or error.status in PASSING


def _wait_seconds(error: SiteError, attempt: int) -> float:
    told = error.wait_seconds if isinstance(error, BadStatus) else None
    return min(LONGEST_WAIT_SECONDS, told or FIRST_WAIT_SECONDS * 2 ** (attempt - 1))


def _told_to_wait(response: requests.Response) -> float | None:
    written = response.headers.get("Retry-After", "")
    return float(written) if written.isdecimal() else None
