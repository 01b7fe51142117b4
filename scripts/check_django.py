"""Django's own checks: no model without a migration, nothing to say against the settings of a public site."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from lucy.embedded import Mongod, ServiceError, free_port

ROOT = Path(__file__).resolve().parent.parent
PUBLIC = {"LUCY_HTTPS": "true", "LUCY_HOSTS": "lucy.example", "LUCY_BROKERS": "live"}
CHECKS: tuple[tuple[list[str], dict[str, str]], ...] = (
    (["makemigrations", "--check", "--dry-run"], {}),
    (["check", "--deploy", "--fail-level", "WARNING"], PUBLIC),
)


def main() -> int:
    (ROOT / "var").mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="check-", dir=ROOT / "var") as directory,
        Mongod(Path(directory) / "mongod", free_port()) as mongod,
    ):
        base = {"LUCY_VAR": directory, "LUCY_MODE": "check", "MONGODB_URI": mongod.address}
        return max(run(words, os.environ | base | changes) for words, changes in CHECKS)


def run(words: list[str], environment: dict[str, str]) -> int:
    command = [sys.executable, "manage.py", *words]
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode  # noqa: S603


if __name__ == "__main__":
    try:
        sys.exit(main())
    except ServiceError as error:
        sys.exit(str(error))
