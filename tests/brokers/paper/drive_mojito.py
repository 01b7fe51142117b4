"""Drives mojito2 0.1.6, unchanged but for its addresses; run by test_clients in a Python that has it."""

import asyncio
import importlib
import json
import sys
import threading
import time
from typing import Any


def main(addresses: dict[str, str], login: dict[str, Any]) -> None:
    mojito: Any = importlib.import_module("mojito.koreainvestment")
    base = addresses["kis_paper" if login["mock"] else "kis_real"]
    mojito.KoreaInvestment.set_base_url = lambda self, _: setattr(self, "base_url", base)
    broker = mojito.KoreaInvestment(login["key"], login["secret"], login["account"], mock=login["mock"])
    seen = [] if login["mock"] else listen(mojito, base, login)
    pause = 1.1 if login["mock"] else 0.1  # it has no rate limiter of its own
    result: dict[str, Any] = {"price": broker.fetch_price("005930")["output"]["stck_prpr"]}
    time.sleep(pause)
    result["bars"] = len(broker.fetch_ohlcv("005930", "D")["output2"])
    result["cash"] = broker.fetch_balance()["output2"][0]["dnca_tot_amt"]
    time.sleep(pause)
    resting = broker.create_limit_buy_order("005930", 90000, 3)["output"]
    time.sleep(pause)
    branch, number = resting["KRX_FWDG_ORD_ORGNO"], resting["ODNO"]
    moved = broker.modify_order(branch, number, "00", 91000, 3, True)["output"]["ODNO"]
    time.sleep(pause)
    cancelled = broker.cancel_order(branch, moved, 3, "00", 0, "Y")["output"]["ODNO"]
    result["numbers"] = [number, moved, cancelled]
    time.sleep(pause)
    result["bought"] = broker.create_market_buy_order("005930", 4)["rt_cd"]
    time.sleep(1)
    columns = ("주문번호", "체결수량", "체결여부")
    result["seen"] = [[notice[name] for name in columns] for kind, notice in seen if kind == "체잔"]
    sys.stdout.write(json.dumps(result))


def listen(mojito: Any, base: str, login: dict[str, Any]) -> list[Any]:
    """Its socket client in a thread; it puts what it reads into a queue, here a list."""
    seen: list[Any] = []
    connect = mojito.websockets.connect
    mojito.websockets.connect = lambda _, **options: connect(base.replace("http", "ws", 1), **options)
    wanted = (["H0STCNT0"], ["005930"])
    client = mojito.KoreaInvestmentWS(login["key"], login["secret"], *wanted, login["hts_id"])
    client.base_url = base
    client.queue = type("Queue", (), {"put": staticmethod(seen.append)})
    threading.Thread(target=lambda: asyncio.run(client.ws_client()), daemon=True).start()
    time.sleep(1)
    return seen


if __name__ == "__main__":
    main(json.loads(sys.argv[1]), json.loads(sys.argv[2]))
