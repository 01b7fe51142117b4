"""Drives python-kis 2.1.6, unchanged but for its addresses; run by test_clients in a Python that has it."""

import importlib
import importlib.util
import json
import sys
import time
from datetime import date, timedelta
from typing import Any


def redirect(addresses: dict[str, str]) -> None:
    """Its domains are constants of ``pykis.__env__``, read when the package is imported."""
    package: Any = importlib.util.find_spec("pykis")
    file = f"{package.submodule_search_locations[0]}/__env__.py"
    spec: Any = importlib.util.spec_from_file_location("pykis.__env__", file)
    env: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(env)
    env.REAL_DOMAIN, env.VIRTUAL_DOMAIN = addresses["kis_real"], addresses["kis_paper"]
    env.WEBSOCKET_REAL_DOMAIN = env.REAL_DOMAIN.replace("http", "ws", 1)
    env.WEBSOCKET_VIRTUAL_DOMAIN = env.VIRTUAL_DOMAIN.replace("http", "ws", 1)
    sys.modules["pykis.__env__"] = env


def main(addresses: dict[str, str], logins: list[dict[str, Any]]) -> None:
    redirect(addresses)
    pykis = importlib.import_module("pykis")
    kis = pykis.PyKis(*(pykis.KisAuth(**login) for login in logins), keep_token=False)
    stock, account = kis.stock("005930"), kis.account()
    seen: list[tuple[str, int]] = []
    result: dict[str, Any] = {"price": int(stock.quote().price), "asks": len(stock.orderbook().asks)}
    result["bars"] = len(stock.chart("30d").bars)
    result["cash"] = int(account.balance().deposit("KRW").amount)

    def note(_: object, event: Any) -> None:
        fill = event.response
        seen.append((fill.order_number.number, int(fill.executed_quantity)))

    ticket = account.on("execution", note)
    time.sleep(2)
    resting = stock.buy(price=90000, qty=3)
    if len(logins) == 1:  # the paper host has no list of open orders
        result["resting"] = len(account.pending_orders().orders)
    resting.cancel()
    stock.buy(qty=5)
    time.sleep(2)
    yesterday = date.today() - timedelta(days=1)  # noqa: DTZ011 - by any clock, today is in the range
    result["orders"] = len(account.daily_orders(start=yesterday).orders)
    result["seen"] = seen
    ticket.unsubscribe()
    sys.stdout.write(json.dumps(result))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]), json.loads(sys.argv[2]))
