"""Clients that others wrote for the real KIS, against the paper broker.

They are no requirement of ours: ``PAPER_CLIENTS_PYTHON`` names a Python that has them (``pip install
python-kis==2.1.6 mojito2==0.1.6 typing_extensions pandas``); without it these tests are skipped.
"""

import json
import os
import subprocess
from pathlib import Path

import pytest

from brokers.paper.server import PaperThread
from tests.brokers.paper.kis_client import KEYS

HERE = Path(__file__).parent
CLIENTS = os.environ.get("PAPER_CLIENTS_PYTHON", "")
# These clients are of 2024: they read the layouts of that year and ask for the balance by issue.
LAYOUT_OF_2024: dict[str, object] = {
    "kis_trade_columns": 46,
    "kis_book_columns": 59,
    "kis_notice_columns_real": 23,
    "kis_balance_by_issue": True,
}
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not CLIENTS, reason="PAPER_CLIENTS_PYTHON names no Python with the clients"),
]


def drive(script, login, tmp_path):
    with PaperThread() as paper:
        paper.call(lambda broker: broker.switches.change(LAYOUT_OF_2024))
        addresses = {host: paper.url(host) for host in ("kis_real", "kis_paper")}
        command = [CLIENTS, str(HERE / script), json.dumps(addresses), json.dumps(login)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=90, cwd=tmp_path, check=False)
        paper.call(lambda broker: broker.ledger.check())
    assert done.returncode == 0, done.stderr
    # python-kis logs to the same place, before and after.
    return json.JSONDecoder().raw_decode(done.stdout, done.stdout.index('{"'))[0]


def pykis_login(server):
    key, secret, account, hts_id = KEYS[server]
    number = f"{account[:8]}-{account[8:]}"
    return {"id": hts_id, "account": number, "appkey": key, "secretkey": secret, "virtual": server == "paper"}


@pytest.mark.parametrize("servers", [("real",), ("real", "paper")])
def test_python_kis(servers, tmp_path):
    result = drive("drive_pykis.py", [pykis_login(server) for server in servers], tmp_path)
    assert (result["price"], result["asks"], result["cash"]) == (96_200, 10, 100_000_000)
    assert result["orders"] == 3
    assert ["0000000003", 5] in result["seen"]


@pytest.mark.parametrize("server", ["real", "paper"])
def test_mojito(server, tmp_path):
    key, secret, account, hts_id = KEYS[server]
    login = {"key": key, "secret": secret, "hts_id": hts_id, "mock": server == "paper"}
    result = drive("drive_mojito.py", login | {"account": f"{account[:8]}-{account[8:]}"}, tmp_path)
    assert (result["price"], result["bars"], result["cash"], result["bought"]) == (
        "96200",
        100,
        "100000000",
        "0",
    )
    assert result["numbers"] == ["0000000001", "0000000002", "0000000003"]
    if server == "real":
        assert ["0000000004", "0000000004", "2"] in result["seen"]
