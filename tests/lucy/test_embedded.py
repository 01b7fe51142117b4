"""The embedded servers: ready when they say so, gone with their parent, clear when they fail."""

import os
import re
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import redis
from pymongo import MongoClient, WriteConcern
from pymongo.errors import AutoReconnect

from lucy import embedded
from lucy.embedded import Mongod, Redis, ServiceError, explained, free_port, last_words
from tests.services import ROOT, eventually


@pytest.fixture
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("embedded")


def mongo(server):
    return MongoClient(server.address, serverSelectionTimeoutMS=5000)


def test_mongod_is_a_primary_and_takes_transactions(place):
    with Mongod(place / "mongod", free_port()) as server, mongo(server) as client:
        with client.start_session() as session, session.start_transaction():
            client.lucy.things.insert_one({"_id": 1}, session=session)
        assert client.lucy.things.count_documents({}) == 1
        process = server.running()
    assert process.returncode == 0


def test_mongod_keeps_its_data_on_another_port(place):
    with Mongod(place / "mongod", free_port()) as server, mongo(server) as client:
        client.lucy.things.insert_one({"_id": 1})
    with Mongod(place / "mongod", free_port()) as server, mongo(server) as client:
        assert client.lucy.things.count_documents({}) == 1


def test_mongod_recovers_from_kill_9(place):
    port = free_port()
    with Mongod(place / "mongod", port) as server:
        with mongo(server) as client:
            client.lucy.things.with_options(write_concern=WriteConcern(j=True)).insert_one({"_id": 1})
        server.running().kill()
        server.running().wait()
    with Mongod(place / "mongod", port) as server, mongo(server) as client:
        assert client.lucy.things.count_documents({}) == 1


def test_redis_keeps_its_data(place):
    for expected in (1, 2):
        server = Redis(place / "redis", free_port())
        with server, redis.Redis.from_url(server.address) as client:
            assert client.incr("starts") == expected


def test_redis_lets_no_stranger_of_the_machine_in(place):
    """Who writes to it has our rights (the cache is unpickled). The password is no one else's to read."""
    with Redis(place / "redis", free_port()) as server:
        with redis.Redis(port=server.port) as client, pytest.raises(redis.AuthenticationError):
            client.set("x", "y")
        assert server.password not in Path(f"/proc/{server.running().pid}/cmdline").read_text()  # type: ignore[attr-defined]
        holding = [path for path in place.rglob("*") if path.is_file() and server.password in readable(path)]  # type: ignore[attr-defined]
        assert [(path.name, stat.S_IMODE(path.stat().st_mode)) for path in holding] == [("redis.conf", 0o600)]


def readable(path):
    return path.read_bytes().decode(errors="replace")


def test_the_servers_die_with_a_parent_that_was_killed(place):
    code = (
        "import sys; from pathlib import Path; from lucy.embedded import Mongod, Redis, free_port\n"
        "servers = [kind(Path(sys.argv[1]) / kind.name, free_port()) for kind in (Mongod, Redis)]\n"
        "[server.start() for server in servers]; [server.wait_ready() for server in servers]\n"
        "print(*(server.running().pid for server in servers), flush=True); sys.stdin.read()"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", code, place],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with parent:
        assert parent.stdout is not None
        children = [int(word) for word in parent.stdout.readline().split()]
        assert len(children) == 2
        parent.send_signal(signal.SIGKILL)
    eventually(lambda: not any(is_running(child) for child in children))
    with Mongod(place / "mongod", free_port()):
        pass  # no lock was left behind


def is_running(pid: int) -> bool:
    try:
        return "zombie" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False


def test_a_port_in_use_is_named(place):
    with Redis(place / "redis", free_port()) as server, pytest.raises(ServiceError) as raised:
        Mongod(place / "mongod", server.port).start()
    assert str(raised.value) == f"Port {server.port}, wanted for mongod, is in use."


def test_a_second_mongod_on_the_same_data_is_refused(place):
    with Mongod(place / "mongod", free_port()):
        second = Mongod(place / "mongod", free_port())
        second.log = place / "second.log"
        second.start()
        with pytest.raises(ServiceError, match="another mongod is running on"):
            second.wait_ready()


def test_a_file_in_the_directorys_place_is_named(place):
    (place / "mongod").write_text("")
    with pytest.raises(ServiceError, match="cannot be used as a data directory: File exists"):
        Mongod(place / "mongod", free_port()).start()


@pytest.fixture
def tiny_disk(place):
    """A disk of one megabyte, where mounting is allowed."""
    disk = place / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("mounting a tmpfs is not allowed here")
    yield disk
    subprocess.run(["umount", "--lazy", disk], check=True)


def test_a_disk_without_room_is_named(tiny_disk):
    with pytest.raises(ServiceError, match=r"The disk under .* is full: \d MB free, 256 MB needed\."):
        embedded.make_directory(tiny_disk / "data")
    (tiny_disk / "filler").write_bytes(b"\0" * (1 << 20))
    with pytest.raises(ServiceError, match=r"The disk under .* is full\."):
        embedded.make_directory(tiny_disk)


def test_a_read_only_disk_is_named(tiny_disk):
    subprocess.run(["mount", "-o", "remount,ro", tiny_disk], check=True)
    with pytest.raises(ServiceError, match="cannot be written to"):
        embedded.make_directory(tiny_disk / "data")


def fill_up(client):
    """Writes until the server is gone."""
    with client, pytest.raises(AutoReconnect):
        client.lucy.things.insert_many({"ballast": os.urandom(10_000)} for _ in range(10_000))


def test_mongod_that_runs_out_of_disk_says_so(tiny_disk, monkeypatch):
    monkeypatch.setattr(embedded, "LEAST_FREE_BYTES", 0)
    server = Mongod(tiny_disk / "mongod", free_port())
    server.log = tiny_disk.with_name("mongod.log")
    with server:
        fill_up(mongo(server))
    assert re.fullmatch(r"mongod stopped: The disk under .* is full\.", server.why_it_ended())


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (
            "mongod: error while loading shared libraries: libcurl.so.4: cannot open shared object file",
            "mongod cannot start: this machine lacks the library libcurl.so.4 "
            "(Debian, Ubuntu: apt-get install libcurl4).",
        ),
        (
            "mongod: error while loading shared libraries: libodd.so.1: cannot open",
            "mongod cannot start: this machine lacks the library libodd.so.1.",
        ),
        (
            "mongod: /lib/libc.so.6: version `GLIBC_2.34' not found (required by mongod)",
            "mongod cannot start: this machine's C library is too old, it lacks GLIBC_2.34.",
        ),
        ("# Could not create server TCP listening socket: Address already in use", None),
        ("all is well", ""),
    ],
)
def test_a_servers_last_words_become_one_sentence(place, words, sentence):
    expected = "mongod cannot start: its port is in use." if sentence is None else sentence
    assert explained("mongod", place, words) == expected


def test_last_words_are_mongods_message():
    assert last_words('{"s":"I","msg":"Now exiting"}\n\n') == "Now exiting"
    assert last_words("one\ntwo\n") == "two"
    assert last_words("") == "none"


def test_a_wheel_that_is_missing_is_named():
    with pytest.raises(ServiceError, match="The package notthere"):
        embedded.bundled("notthere", "bin/thing")
