"""Where settings come from: the environment, then `.env.<profile>`, then what `manage.py up` left in `var/`.

Nothing is needed on one machine: secrets are made at the first start and kept under `var/secrets/`.
"""

import json
import os
import secrets
from pathlib import Path
from typing import Any

import environ
from cryptography.fernet import Fernet

BASE_DIR = Path(__file__).resolve().parent.parent
PROFILE = os.environ.get("LUCY_MODE", "local")

env = environ.Env()
env.read_env(BASE_DIR / f".env.{PROFILE}")  # keeps what the environment already says

VAR_DIR = Path(env.str("LUCY_VAR", str(BASE_DIR / "var"))).resolve()
RUNNING_FILE = VAR_DIR / "run.json"


def _addresses() -> dict[str, Any]:
    """The addresses of the system that `manage.py up` runs on this data directory, if any."""
    try:
        return dict(json.loads(RUNNING_FILE.read_text()))
    except FileNotFoundError:
        return {}


_running = _addresses()


def address(name: str, default: str) -> str:
    """A server's address: from the environment, else the running embedded one, else `default`."""
    return str(env.str(name, str(_running.get(name, default))))


def _kept_secret(filename: str, make: str) -> str:
    """A secret of this installation: made once, readable by its owner alone."""
    path = VAR_DIR / "secrets" / filename
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    with os.fdopen(descriptor, "w") as file:
        file.write(make)
    return make


def secret_key() -> str:
    return str(env.str("LUCY_SECRET_KEY", "")) or _kept_secret("secret_key", secrets.token_urlsafe(64))


def field_keys() -> list[str]:
    """Fernet keys for secrets at rest: the first one encrypts, all of them decrypt (rotation)."""
    given: list[str] = env.list("LUCY_FIELD_KEYS", default=[])
    return given or [_kept_secret("field_key", Fernet.generate_key().decode())]
