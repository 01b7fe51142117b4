"""As an attacker: every address with somebody else's ids, and every address without signing in."""

from urllib.parse import urlencode

import pytest
from django.test import Client
from django_celery_beat.models import CrontabSchedule, PeriodicTask

from lucy import clock
from lucy.jobs.models import JobRun, RunStatus
from tests.accounts.callers import browser_of, script_of
from tests.factories import make_user, stored
from tests.ipo.rows import make_history
from tests.world import TODAY, Route, belongings_of, routes

pytestmark = pytest.mark.django_db(transaction=True)

# What stands in an address and is for all; every other part names one thing of somebody's.
FOR_ALL = {"symbol", "no", "key", "day", "kind", "form"}
ASKED = {  # what such addresses ask for beside the id, so that they come to look whose it is
    "symbol": "005930",
    "side": "buy",
    "price": "70000",
    "quantity": 1,
    "order_type": "limit",
    "client_request_id": "mallory-1",
    "answer": "approve",
    "interval": "day",
    "first": TODAY,
    "last": TODAY,
}
REFUSED = {403, 404, 405}
NO_SIGN_IN = {  # by their nature open: the way in, and an address that is itself the secret
    "accounts:sign-in",
    "accounts:sign-out",
    "ipo:feed",
    "token-obtain",
    "token-refresh",
}
PAPERS = {"schema", "api-docs", "api-page"}  # how the API reads


@pytest.fixture
def of_the_house(db):
    """What belongs to nobody, and is changed by those with the right to it."""
    job = PeriodicTask.objects.create(name="아침", task="x", crontab=CrontabSchedule.objects.create())
    now = clock.now()
    run = JobRun.objects.create(task="x", status=RunStatus.DONE, started_at=now, limit_at=now)
    history = make_history()
    return [job, run, history], {
        "jobs": {"pk": job.pk},
        "jobs:run": {"pk": run.pk},
        "ipo": {"pk": history.pk, "token": "made-up"},
    }


def is_api(route: Route) -> bool:
    return route.template.startswith("/api/")


def test_nobody_reaches_what_is_anothers(trader, of_the_house):
    rows, arguments = of_the_house
    victims = belongings_of(trader)
    before = [stored(row) for row in [*rows, *victims.rows]]
    stranger = make_user("mallory")
    page, script = browser_of(stranger), script_of(stranger)
    wrong = []
    for route in routes():
        if route.parameters <= FOR_ALL:
            continue
        namespace = route.name.partition(":")[0]
        known = victims.of(route) | arguments.get(namespace, {}) | arguments.get(route.name, {})
        assert route.parameters <= known.keys(), f"{route}: add a row to tests/world.py"
        caller = script if is_api(route) else page
        for method in ("get", "post", "put", "patch", "delete") if is_api(route) else ("get", "post"):
            address = (
                f"{route.address(known)}?{urlencode(ASKED)}" if method == "get" else route.address(known)
            )
            body = {"data": ASKED, "format": "json"} if is_api(route) and method != "get" else {}
            answer = getattr(caller, method)(address, **body)
            if answer.status_code not in REFUSED:
                wrong.append(f"{method} {route.template}: {answer.status_code}")
    assert not wrong, "\n".join(wrong)
    assert [stored(row) for row in [*rows, *victims.rows]] == before


def test_nothing_opens_without_signing_in(trader, of_the_house):
    victims = belongings_of(trader)
    client, wrong = Client(), []
    for route in routes():
        known = victims.of(route) | of_the_house[1].get(route.name.partition(":")[0], {})
        if route.name in NO_SIGN_IN | PAPERS or not route.parameters <= known.keys():
            continue
        for method in ("get", "post"):
            answer = getattr(client, method)(route.address(known))
            to_sign_in = answer.status_code == 302 and answer["Location"].startswith("/accounts/sign-in/")
            if not (to_sign_in or answer.status_code in {401, 403, 404, 405}):
                wrong.append(f"{method} {route.template}: {answer.status_code}")
    assert not wrong, "\n".join(wrong)
