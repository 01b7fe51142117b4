"""Fixtures: a paper broker on free ports, and a KIS client for each of its servers."""

import aiohttp
import pytest

from brokers.paper.server import PaperBroker
from tests.brokers.paper.kis_client import KisClient


@pytest.fixture
async def paper():
    broker = PaperBroker()
    broker.switches.change({"kis_rate_real": 0, "kis_rate_paper": 0})
    await broker.start()
    yield broker
    broker.ledger.check()
    await broker.stop()


@pytest.fixture
async def http():
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
async def kis(paper, http):
    return await KisClient(http, paper, "real").login()


@pytest.fixture
async def kis_paper(paper, http):
    return await KisClient(http, paper, "paper").login()
