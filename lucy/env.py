"""Where settings come from: the environment, then `.env.<profile>`, then what `manage.py up` left in `var/`.

Nothing is needed on one machine: secrets are made at the first start and kept under `var/secrets/`.
"""

import json
import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Any

import environ
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent
PROFILE = os.environ.get("LUCY_MODE", "local")


class NamingEnv(environ.Env):  # type: ignore[misc]
    """An environment whose odd values stop the start with their name."""

    def get_value(self, var: str, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().get_value(var, *args, **kwargs)
        except ValueError as odd:
            raise ImproperlyConfigured(f"{var} is {os.environ.get(var)!r}: {odd}") from odd


env = NamingEnv()
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
    try:
        VAR_DIR.mkdir(parents=True, exist_ok=True, mode=0o700)  # `mode` is for the last one only
        path.parent.mkdir(exist_ok=True, mode=0o700)
        if not path.exists():
            _write_once(path, make)
        return path.read_text().strip()
    except OSError as error:
        raise ImproperlyConfigured(f"{path} cannot be kept: {error.strerror}.") from error


def _write_once(path: Path, text: str) -> None:
    """Whole or not at all, and only the first of two processes: the other one reads what this one wrote."""
    draft = path.with_suffix(f".{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    with suppress(FileExistsError):
        path.hardlink_to(draft)
    draft.unlink()


def secret_key() -> str:
    return str(env.str("LUCY_SECRET_KEY", "")) or _kept_secret("secret_key", secrets.token_urlsafe(64))


def field_keys() -> list[str]:
    """Fernet keys for secrets at rest: the first one encrypts, all of them decrypt (rotation)."""
    given: list[str] = env.list("LUCY_FIELD_KEYS", default=[])
    return given or [_kept_secret("field_key", Fernet.generate_key().decode())]
