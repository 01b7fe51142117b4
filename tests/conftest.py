"""What every test may ask for: a real MongoDB and Redis, the paper broker, the site, a browser."""

import asyncio
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest

from lucy.embedded import ServiceError
from tests import services

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from accounts.models import User
    from brokers.models import BrokerAccount
    from brokers.paper.server import PaperThread

hypothesis.settings.register_profile("lucy", deadline=None)  # the machine is shared: compare, never time
hypothesis.settings.load_profile("lucy")

PAPER_HOSTS = ("kis_real", "kis_paper", "ls_real", "ls_paper")
PATIENCE_MILLISECONDS = 30_000  # the machine may be busy; a test that passes does not wait
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""
CHROMIUM_OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_configure(config: pytest.Config) -> None:
    """Before pytest-django sets Django up; DJANGO_SETTINGS_MODULE is therefore not in `pyproject.toml`.

    Each of pytest-xdist's workers has servers of its own; the process that only deals out tests needs none.
    """
    if is_xdist_controller(config):
        os.environ.pop("DJANGO_SETTINGS_MODULE", None)  # workers name it once their servers are up
        return
    try:
        services.start()
    except ServiceError as error:
        services.stop()
        pytest.exit(str(error), returncode=3)
    from django.conf import settings

    settings.PASSWORD_HASHERS = ["tests.services.QuickHasher"]
    settings.NOTICES_LAG_SECONDS = 0.0  # a look into the books need not wait for notices that no test sends


def is_xdist_controller(config: pytest.Config) -> bool:
    return config.getoption("dist", "no") != "no" and not hasattr(config, "workerinput")


def pytest_unconfigure() -> None:
    services.stop()


# --- the database -----------------------------------------------------------------------------------------


class Broom:
    """Empties the test database to what the migrations left; MongoDB has no rollback of a whole test."""

    def __init__(self) -> None:
        from django.db import connection

        backend: Any = connection
        self.database = backend.database
        self.kept = {name: self._keys(name) for name in self._collections()}

    def _collections(self) -> list[str]:
        return [name for name in self.database.list_collection_names() if not name.startswith("system.")]

    def _keys(self, name: str) -> list[Any]:
        return [row["_id"] for row in self.database[name].find({}, {"_id": 1})]

    def sweep(self) -> None:
        from pymongo import WriteConcern

        quick = WriteConcern(w=1, j=False)
        for name in self._collections():
            kept = self.kept.get(name)
            collection = self.database[name].with_options(write_concern=quick)
            collection.delete_many({"_id": {"$nin": kept}} if kept else {})


@pytest.fixture(scope="session")
def broom(django_db_setup: None, django_db_blocker: Any) -> Broom:
    with django_db_blocker.unblock():
        return Broom()


@pytest.fixture
def _django_db_helper(broom: Broom, django_db_blocker: Any) -> Iterator[None]:
    """pytest-django's own rolls back or flushes by SQL; this one commits and sweeps after the test."""
    from django.core.cache import cache

    with django_db_blocker.unblock():
        yield
        broom.sweep()
        cache.clear()  # FLUSHDB: channel layer, queue and pace live in the same database


# --- people and accounts ----------------------------------------------------------------------------------


@pytest.fixture
def trader(db: None) -> "User":
    """A user of the group `trader`; the password is `factories.PASSWORD`."""
    from tests.factories import make_user

    return make_user("kim", groups=("trader",))


@pytest.fixture
def account(trader: "User") -> "BrokerAccount":
    """The paper broker's KIS account, which `trader` trades."""
    from tests.factories import make_demo_account

    return make_demo_account("kis", trader)


@pytest.fixture
def ls_account(trader: "User") -> "BrokerAccount":
    """The paper broker's LS account, which `trader` trades."""
    from tests.factories import make_demo_account

    return make_demo_account("ls", trader)


# --- the paper broker and the gateway ---------------------------------------------------------------------


@pytest.fixture(scope="session")
def paper_ports() -> dict[str, int]:
    """The same for the whole session, so that the site knows them; each test's paper broker is a new one."""
    from lucy.embedded import free_port

    return {name: free_port() for name in (*PAPER_HOSTS, "control")}


@pytest.fixture
def paper(paper_ports: dict[str, int], settings: Any) -> "Iterator[PaperThread]":
    """A fresh paper broker with the demo accounts, a still market and no pace; Lucy speaks to it."""
    from brokers import adapters
    from brokers.paper.server import PaperThread
    from brokers.paper.switches import Switches

    switches = Switches(kis_rate_real=0, kis_rate_paper=0, kis_token_interval=0, ls_rate_factor=0.0)
    settings.BROKER_RATE_FACTOR = 1000.0
    settings.BROKER_RATES = dict.fromkeys(settings.BROKER_RATES, 1000)
    with PaperThread(**paper_ports, switches=switches) as running:
        settings.BROKER_ADDRESSES = {
            tuple(host.split("_")): (running.url(host), f"{running.ws_url(host)}/websocket")
            for host in PAPER_HOSTS
        }
        yield running
    adapters._clients.clear()  # their tokens are of a broker that is gone


@pytest.fixture
def gateway(paper: "PaperThread", db: None, settings: Any) -> Iterator[None]:
    """A gateway in a thread: it takes up new accounts within half a second."""
    from brokers.gateway import Gateway

    settings.LEASE_SECONDS = 1.5
    loop = asyncio.new_event_loop()
    running = asyncio.run_coroutine_threadsafe(Gateway().run(), loop)
    thread = threading.Thread(target=loop.run_forever, name="gateway")
    thread.start()
    yield
    running.cancel()
    asyncio.run_coroutine_threadsafe(_the_rest_has_ended(), loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


async def _the_rest_has_ended() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    await asyncio.gather(*others, return_exceptions=True)


# --- the site and a browser -------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def running_site(
    django_db_setup: None, paper_ports: dict[str, int], django_db_blocker: Any
) -> Iterator[services.Site]:
    """One web process for the whole session; tests ask for `site`."""
    from django.db import connection

    paper = {f"PAPER_{name.upper()}": f"127.0.0.1:{port}" for name, port in paper_ports.items()}
    environment = os.environ | paper | {"MONGODB_NAME": str(connection.settings_dict["NAME"])}
    with services.Site(environment) as site:
        yield site


@pytest.fixture
def site(running_site: services.Site, db: None) -> str:
    """The address of a web process on the test's database: `http://127.0.0.1:…`."""
    return running_site.url


@pytest.fixture(scope="module")
def browser() -> "Iterator[Browser]":
    """Chromium; for a module, because Playwright's loop and asyncio's tests do not share a thread."""
    if not CHROMIUM:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("Chromium is not installed")
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=PATIENCE_MILLISECONDS)

    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")  # Playwright's loop is not ours
        with playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_OPTIONS) as running:
            yield running


@pytest.fixture
def new_page(browser: "Browser", site: str) -> "Iterator[Callable[..., Page]]":
    """`new_page(user)`: a window of its own, signed in as `user` if one is given.

    A script's error or a refusal by the content security policy fails the test.
    """
    troubles: list[str] = []
    contexts = []

    def open_page(user: "User | None" = None, **options: Any) -> "Page":
        korean = {"locale": "ko-KR", "timezone_id": "Asia/Seoul"}
        screen = {"viewport": {"width": 1366, "height": 900}}
        context = browser.new_context(base_url=site, **korean | screen | options)
        contexts.append(context)
        context.set_default_timeout(PATIENCE_MILLISECONDS)
        if user is not None:
            context.add_cookies([{"name": "sessionid", "value": services.session_of(user), "url": site}])
        page = context.new_page()
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("console", lambda line: troubles.extend([line.text] if _is_trouble(line.text) else []))
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not troubles


def _is_trouble(line: str) -> bool:
    return "Content Security Policy" in line or line.startswith("Uncaught")


@pytest.fixture
def page(new_page: "Callable[..., Page]") -> "Page":
    """A window in which nobody is signed in."""
    return new_page()
