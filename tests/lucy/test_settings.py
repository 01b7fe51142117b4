"""Settings: an odd value stops the start, the environment comes first, secrets are made once."""

import json
import os
import re
import stat
import subprocess
import sys

import pytest

from tests.services import ROOT

SHOW = "from django.conf import settings; print({})"


def run(var, expression: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Evaluates an expression on `settings` in a process of its own."""
    unset = {name: value for name, value in os.environ.items() if name not in {"MONGODB_URI", "REDIS_URL"}}
    return subprocess.run(
        [sys.executable, "-c", SHOW.format(expression)],
        cwd=ROOT,
        env=unset | {"LUCY_VAR": str(var), "LUCY_MODE": "test"} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("LUCY_BROKERS", "pretend", "LUCY_BROKERS is 'pretend'; it must be 'practice' or 'live'."),
        ("LUCY_SIGN_IN_FAILURES", "five", "'five'"),
        ("LUCY_RATE_FACTOR", "fast", "float"),
    ],
)
def test_an_odd_value_stops_the_start(tmp_path, name, value, words):
    done = run(tmp_path, "settings.BROKERS", **{name: value})
    assert done.returncode != 0
    assert words in done.stderr.splitlines()[-1]


def test_practice_speaks_to_this_machine_only(tmp_path):
    done = run(tmp_path, "settings.BROKER_ADDRESSES")
    assert "koreainvestment" not in done.stdout
    assert "ls-sec" not in done.stdout
    assert "127.0.0.1" in done.stdout


def test_live_speaks_to_the_published_addresses(tmp_path):
    done = run(tmp_path, 'settings.BROKER_ADDRESSES["kis", "real"][0]', LUCY_BROKERS="live")
    assert done.stdout == "https://openapi.koreainvestment.com:9443\n"


def test_an_address_comes_from_the_environment_then_from_what_runs_then_from_the_default(tmp_path):
    assert run(tmp_path, "settings.REDIS_URL").stdout == "redis://127.0.0.1:6379/0\n"
    (tmp_path / "run.json").write_text(json.dumps({"REDIS_URL": "redis://127.0.0.1:7777/0"}))
    assert run(tmp_path, "settings.REDIS_URL").stdout == "redis://127.0.0.1:7777/0\n"
    given = run(tmp_path, "settings.REDIS_URL", REDIS_URL="redis://127.0.0.1:8888/0")
    assert given.stdout == "redis://127.0.0.1:8888/0\n"


def test_secrets_are_made_once_and_are_their_owners(tmp_path):
    first = run(tmp_path, "settings.SECRET_KEY, settings.FIELD_KEYS")
    assert first.stdout == run(tmp_path, "settings.SECRET_KEY, settings.FIELD_KEYS").stdout
    for name in ("secret_key", "field_key"):
        assert stat.S_IMODE((tmp_path / "secrets" / name).stat().st_mode) == 0o600


def test_every_setting_is_in_the_example():
    read = "".join((ROOT / "lucy" / name).read_text() for name in ("settings.py", "env.py"))
    names = set(re.findall(r'"(LUCY_[A-Z_]+|MONGODB_[A-Z]+|REDIS_URL)"', read))
    example = (ROOT / ".env.example").read_text()
    assert {name for name in names if f"{name}=" not in example} == set()
