"""`make bench`: each figure beside its floor, in one run on one machine; `BENCH_JSON=file` keeps them."""

import json
import os
import platform
from pathlib import Path

from bench.figures import Figure
from bench.house import house, web


def main() -> None:
    figures: list[Figure] = []

    def show(*measured: Figure) -> None:
        for figure in measured:
            figures.append(figure)
            print(figure.line(), flush=True)

    with house() as control:
        _set_up()
        from bench import (
            blocks,
            desk,
            forecast,
            frames,
            ipo,
            orders,
            prices,
            reconcile,
            relay,
            screens,
            sockets,
        )
        from bench.people import make_traders
        from brokers.services.instruments import refresh_instruments

        show(*frames.figures())
        show(forecast.forecast_figure())
        show(*ipo.figures())
        show(*desk.figures())
        show(*prices.figures())
        show(*screens.figures())
        kis, ls = make_traders(control, "kis", 11), make_traders(control, "ls", 11)
        for broker in ("kis", "ls"):
            (trader,) = make_traders(control, broker, 1, first=501)
            show(*reconcile.reconcile_figures(trader, control))
        refresh_instruments()  # a site that trades has its list
        request = orders.far_limit(control)
        show(*blocks.figures(kis[:5] + ls[:5], request))
        with web() as (site, pid):
            for trader in (kis.pop(), ls.pop()):
                show(orders.adapter_figure(trader, request))
                show(orders.api_figure(trader, request, site))
            show(*relay.relay_figures(kis + ls, control, site))
            show(sockets.memory_figure(kis[0], site, pid))
    _keep(figures)


def _set_up() -> None:
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)


def _keep(figures: list[Figure]) -> None:
    if path := os.environ.get("BENCH_JSON"):
        machine = {
            "machine": platform.machine(),
            "cores": os.cpu_count(),
            "python": platform.python_version(),
        }
        kept = {"where": machine, "figures": [figure.as_dict() for figure in figures]}
        Path(path).write_text(json.dumps(kept, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
