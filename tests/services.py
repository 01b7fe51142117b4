"""MongoDB and Redis of the tests' own, up before Django reads its settings.

`MONGODB_URI` and `REDIS_URL` in the environment put running servers in their place.
"""

import os
import shutil
import tempfile
from pathlib import Path

from lucy.embedded import Mongod, Redis, Server, free_port

ROOT = Path(__file__).resolve().parent.parent
_servers: list[Server] = []
_directories: list[Path] = []


def start() -> None:
    """Start what the environment does not name, and name it there; raises `ServiceError`."""
    (ROOT / "var").mkdir(exist_ok=True)
    directory = Path(tempfile.mkdtemp(prefix="tests-", dir=ROOT / "var"))
    _directories.append(directory)
    (directory / "static").mkdir()  # whitenoise wants it there
    wanted: list[tuple[str, Server]] = [
        ("MONGODB_URI", Mongod(directory / "mongod", free_port())),
        ("REDIS_URL", Redis(directory / "redis", free_port(), keep=False)),
    ]
    for name, server in wanted:
        if name not in os.environ:
            _servers.append(server)
            server.start()
            os.environ[name] = server.address
    for server in _servers:
        server.wait_ready()
    os.environ.update(LUCY_VAR=str(directory), LUCY_MODE="test", DJANGO_SETTINGS_MODULE="lucy.settings")


def stop() -> None:
    for server in reversed(_servers):
        server.stop()
    _servers.clear()
    for directory in _directories:
        shutil.rmtree(directory)
    _directories.clear()
