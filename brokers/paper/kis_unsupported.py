"""KIS services known by name but not offered: reserved and credit orders (kis.md §2.12–2.13)."""

from __future__ import annotations

from brokers.paper.kis_orders import ACCOUNT
from brokers.paper.kis_wire import KisAnswer, KisCall, KisError, Service

TRADING = "/uapi/domestic-stock/v1/trading"
POSTED = (
    ("order-resv", ("CTSC0008U",)),
    ("order-resv-rvsecncl", ("CTSC0013U", "CTSC0009U")),
    ("order-credit", ("TTTC0051U", "TTTC0052U", "TTTC0851U", "TTTC0852U")),
)
ASKED = (
    ("order-resv-ccnl", ("CTSC0004R",)),
    ("inquire-credit-psamount", ("TTTC8909R",)),
    ("intgr-margin", ("TTTC0869R",)),
)


def unsupported(call: KisCall) -> KisAnswer:
    """The gateway's words for a service that gives no answer (§1.5)."""
    raise KisError("IGW00009", f"서비스 응답을 생성할 수 없습니다. [{call.tr_id}]", status=500)


UNSUPPORTED_SERVICES = (
    *(
        Service(
            f"{TRADING}/{path}",
            trs,
            unsupported,
            ACCOUNT,
            on_paper=False,
            method="POST",
            orders=True,
            account=True,
        )
        for path, trs in POSTED
    ),
    *(
        Service(f"{TRADING}/{path}", trs, unsupported, ACCOUNT, on_paper=False, account=True)
        for path, trs in ASKED
    ),
)
