"""The polite client: pauses, time-outs, sizes, what is asked again, and the old TLS of one host."""

import ssl

import pytest
from requests.adapters import HTTPAdapter

from ipo.site import SITE38, OldKeyExchange, Site38, old_tls_context
from lucy.embedded import free_port
from lucy.site import BadStatus, Elsewhere, Pace, Site, TooLarge, TooSlow, Unreachable
from tests.ipo.local38 import Local38
from tests.local_site import served

PATH = "/html/fund/index.htm?o=k&page=1"


class Hours:
    """Time that passes when someone sleeps, and by `step` whenever someone looks."""

    def __init__(self, step: float = 0.0) -> None:
        self.now = 100.0
        self.step = step
        self.slept: list[float] = []

    def clock(self) -> float:
        self.now += self.step
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def local():
    with served(Local38()) as running:
        yield running


def site_of(local, hours=None, **options):
    hours = hours or Hours()
    return Site(local.url, Pace(**options), clock=hours.clock, sleep=hours.sleep, largest=1_000_000)


def test_a_page_as_it_came_and_a_pause_before_the_next(local):
    hours = Hours()
    with site_of(local, hours, pause_seconds=1.5) as site:
        first = site.fetch(PATH)
        assert hours.slept == []
        hours.now += 0.5
        assert site.fetch(PATH) == first
        assert hours.slept == [1.0]
        hours.now += 10
        site.fetch(PATH)
        assert hours.slept == [1.0]
    assert first.decode("cp949").rstrip().endswith("</html>")
    assert local.asked == [PATH] * 3


def test_what_may_pass_is_asked_for_again(local):
    answers = [(503, b""), (500, b""), (200, b"<html></html>")]
    local.special["o=k"] = lambda: answers.pop(0)
    hours = Hours()
    with site_of(local, hours, pause_seconds=1.0) as site:
        assert site.fetch(PATH) == b"<html></html>"
    assert hours.slept == [2.0, 4.0]


@pytest.mark.parametrize(("status", "asked"), [(404, 1), (403, 1), (503, 3), (429, 3)])
def test_what_does_not_pass_is_an_error_with_its_status(local, status, asked):
    local.special["o=k"] = lambda: (status, b"")
    with site_of(local) as site, pytest.raises(BadStatus) as caught:
        site.fetch(PATH)
    assert caught.value.status == status
    assert len(local.asked) == asked


def test_nobody_there():
    with (
        Site(f"http://127.0.0.1:{free_port()}", Pace(attempts=1)) as site,
        pytest.raises(Unreachable, match="ConnectionError"),
    ):
        site.fetch(PATH)


def test_a_page_without_end(local):
    local.special["o=k"] = lambda: (200, b"x" * 1_000_001)
    with site_of(local) as site, pytest.raises(TooLarge):
        site.fetch(PATH)
    assert len(local.asked) == 1


def test_a_page_that_takes_too_long(local):
    with site_of(local, Hours(step=40.0), attempts=1) as site, pytest.raises(TooSlow):
        site.fetch(PATH)


def test_another_host_is_not_the_source(local):
    with site_of(local) as site, pytest.raises(Elsewhere):
        site._ask(local.url.replace("127.0.0.1", "localhost") + PATH)


def test_old_tls_is_for_one_host_and_still_checks_its_certificate():
    with Site38() as site:
        session = site._session
        for other in ("https://38.co.kr/", "https://www.38.co.kr.example/", "https://www.example.com/"):
            assert type(session.get_adapter(other)) is HTTPAdapter
        mounted = session.get_adapter(SITE38 + PATH)
        assert isinstance(mounted, OldKeyExchange)
        context = mounted.poolmanager.connection_pool_kw["ssl_context"]
    assert context.verify_mode == ssl.CERT_REQUIRED
    assert context.check_hostname
    assert old_tls_context().security_level == 1
    assert ssl.create_default_context().security_level > 1
