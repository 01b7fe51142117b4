"""The relay's floor: the same sockets, decoding and fan-out as the gateway, with nothing saved.

Run as `python -m bench.floor`, in place of `manage.py gateway`.
"""

import asyncio

import django

django.setup()

from brokers.adapters import stream_for  # noqa: E402
from brokers.adapters.base import Connected, FillReport  # noqa: E402
from brokers.gateway import in_thread  # noqa: E402
from brokers.models import BrokerAccount  # noqa: E402
from brokers.models.accounts import SocketState  # noqa: E402
from brokers.services import health  # noqa: E402
from brokers.services.notices import account_group  # noqa: E402
from lucy import clock  # noqa: E402
from lucy.fanout import fanout  # noqa: E402
from lucy.process import run_until_told  # noqa: E402


async def pass_on(account: BrokerAccount) -> None:
    async for report in stream_for(account).reports():
        if isinstance(report, Connected):
            await in_thread(health.socket_changed, account.pk, SocketState.UP)
        elif isinstance(report, FillReport):
            fanout.send(
                account_group(account.pk), {"type": "notice.published", "notice": _notice(account, report)}
            )


def _notice(account: BrokerAccount, report: FillReport) -> dict[str, object]:
    """As large as a real one."""
    order = {"id": str(account.pk), "symbol": report.symbol, "side": report.side, "note": " " * 500}
    fill = {
        "broker_order_no": report.order_no,
        "quantity": report.quantity,
        "price": str(report.price),
        "executed_at": report.executed_at.isoformat(),
    }
    return {
        "account": str(account.pk),
        "seq": 0,
        "kind": "fill",
        "text": f"{report.side.label}체결 · {report.symbol} {report.quantity:,}주 @ {report.price:,}원",
        "at": clock.now().isoformat(),
        "data": {"order": order, "fill": fill},
    }


async def main() -> None:
    accounts = await in_thread(lambda: list(BrokerAccount.objects.all()))
    await run_until_told([pass_on(account) for account in accounts])


if __name__ == "__main__":
    asyncio.run(main())
