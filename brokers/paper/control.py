"""The control port: JSON over HTTP for tests, demos and the benchmark. Money in won, times ISO 8601 KST."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict, fields
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from aiohttp import web

from brokers.paper.blast import Blast
from brokers.paper.demo import demo_accounts, make_account
from brokers.paper.faults import Action, Rule
from brokers.paper.ledger import Account, Execution, Order, PriceType, Refusal, Side

if TYPE_CHECKING:
    from brokers.paper.server import PaperBroker

Body = dict[str, Any]


def add_control(app: web.Application, broker: PaperBroker) -> None:
    """Register the control port's routes; ``GET /`` lists them."""
    control = Control(broker)
    for method, path, deed in control.routes():
        app.router.add_route(method, path, _answering(deed))


def _answering(
    deed: Callable[[web.Request, Body], Awaitable[Any]],
) -> Callable[[web.Request], Awaitable[web.Response]]:
    """JSON in, JSON out; what cannot be done is 400 with its reason."""

    async def handle(request: web.Request) -> web.Response:
        try:
            text = await request.text()
            answer = await deed(request, json.loads(text) if text else {})
        except (Refusal, KeyError, ValueError, TypeError) as problem:
            return web.json_response({"error": f"{type(problem).__name__}: {problem}"}, status=400)
        return web.json_response(answer)

    return handle


class Control:
    """What the control port can do to a paper broker."""

    def __init__(self, broker: PaperBroker) -> None:
        self.broker = broker
        self.blasts: list[Blast] = []

    def routes(self) -> list[tuple[str, str, Callable[[web.Request, Body], Awaitable[Any]]]]:
        return [
            ("GET", "/", self.index),
            ("GET", "/health", self.health),
            ("GET", "/accounts", self.accounts),
            ("POST", "/accounts", self.create_accounts),
            ("GET", "/accounts/{number}", self.books),
            ("POST", "/accounts/{number}/orders", self.place_elsewhere),
            ("POST", "/accounts/{number}/orders/{order}/fill", self.fill),
            ("POST", "/accounts/{number}/orders/{order}/reject", self.reject),
            ("GET", "/issues/{code}", self.issue),
            ("POST", "/issues/{code}", self.change_issue),
            ("POST", "/market/step", self.step),
            ("POST", "/matching", self.matching),
            ("POST", "/clock", self.set_clock),
            ("GET", "/faults", self.faults),
            ("POST", "/faults", self.add_fault),
            ("DELETE", "/faults", self.clear_faults),
            ("POST", "/faults/chaos", self.chaos),
            ("POST", "/tokens/expire", self.expire_tokens),
            ("POST", "/sockets/drop", self.drop_sockets),
            ("GET", "/switches", self.switches),
            ("POST", "/switches", self.change_switches),
            ("POST", "/blast", self.blast),
            ("POST", "/check", self.check),
            ("POST", "/reset", self.reset),
        ]

    async def index(self, _: web.Request, __: Body) -> list[str]:
        return [f"{method} {path}" for method, path, _ in self.routes()]

    async def health(self, _: web.Request, __: Body) -> Body:
        broker = self.broker
        return {
            "ok": True,
            "addresses": {name: broker.url(name) for name in broker.ports},
            "now": broker.clock.now().isoformat(),
            "trade_date": broker.clock.trade_date().isoformat(),
            "session": broker.clock.session().value,
            "matching": broker.ledger.matching,
        }

    # Accounts and orders

    async def accounts(self, _: web.Request, __: Body) -> list[Body]:
        return [account_facts(account) for account in self.broker.ledger.accounts]

    async def create_accounts(self, _: web.Request, body: Body) -> list[Body]:
        """``broker``, ``server``, ``count`` and ``cash``, or the demo accounts' numbering from ``first``."""
        first, count = int(body.get("first", 1)), int(body.get("count", 1))
        made = []
        for index in range(first, first + count):
            account = make_account(body["broker"], body["server"], index, int(body.get("cash", 100_000_000)))
            made.append(account_facts(self.broker.ledger.add_account(account)))
        return made

    async def books(self, request: web.Request, _: Body) -> Body:
        """The truth about an account: orders, executions, cash, holdings."""
        account = self._account(request)
        figures = self.broker.ledger.balance(account)
        return {
            **account_facts(account),
            "cash": {
                "deposit": figures.deposit,
                "d1": figures.d1_cash,
                "d2": figures.d2_cash,
                "orderable": figures.orderable,
                "reserved": figures.reserved,
                "bought_today": figures.today.bought,
                "sold_today": figures.today.sold,
                "costs_today": figures.today.costs,
            },
            "holdings": [
                {
                    "code": holding.code,
                    "quantity": holding.quantity,
                    "sellable": holding.sellable,
                    "cost": str(holding.cost),
                    "realised": str(holding.realised),
                }
                for holding in account.holdings.values()
            ],
            "orders": [order_facts(order) for order in account.orders.values()],
            "executions": [execution_facts(execution) for execution in account.executions],
        }

    async def place_elsewhere(self, request: web.Request, body: Body) -> Body:
        """An order placed in the HTS or by phone: it is announced, though the API never saw it."""
        order = self.broker.ledger.place(
            self._account(request),
            body["code"],
            Side(body["side"]),
            int(body["quantity"]),
            int(body.get("price", 0)),
            PriceType(body.get("price_type", "limit")),
            exchange=body.get("exchange", "KRX"),
            channel="hts",
        )
        return order_facts(order)

    async def fill(self, request: web.Request, body: Body) -> Body:
        """``quantity`` and ``price``; without them all of it at the order's own price."""
        execution = self.broker.ledger.fill(
            self._account(request), self._number(request), body.get("quantity"), body.get("price")
        )
        return execution_facts(execution)

    async def reject(self, request: web.Request, _: Body) -> Body:
        return order_facts(self.broker.ledger.reject(self._account(request), self._number(request)))

    def _account(self, request: web.Request) -> Account:
        return self.broker.ledger.accounts.by_number[request.match_info["number"]]

    @staticmethod
    def _number(request: web.Request) -> int:
        return int(request.match_info["order"])

    # Market and time

    async def issue(self, request: web.Request, _: Body) -> Body:
        market, code = self.broker.market, request.match_info["code"]
        book = market.book(code)
        return {
            **asdict(market.issue(code)),
            "upper_limit": market.upper_limit(code),
            "lower_limit": market.lower_limit(code),
            "asks": [[level.price, level.quantity] for level in book.asks],
            "bids": [[level.price, level.quantity] for level in book.bids],
        }

    async def change_issue(self, request: web.Request, body: Body) -> Body:
        """``price`` (the next trade happens there) and ``halted``."""
        code = request.match_info["code"]
        if "halted" in body:
            self.broker.market.halt(code, halted=bool(body["halted"]))
        if "price" in body:
            self.broker.market.set_price(code, int(body["price"]), int(body.get("quantity", 10)))
        return await self.issue(request, {})

    async def step(self, _: web.Request, body: Body) -> Body:
        for _step in range(int(body.get("steps", 1))):
            self.broker.market.step()
        return {"ok": True}

    async def matching(self, _: web.Request, body: Body) -> Body:
        """``automatic`` false: only ``fill`` fills."""
        self.broker.ledger.matching = bool(body["automatic"])
        return {"automatic": self.broker.ledger.matching}

    async def set_clock(self, request: web.Request, body: Body) -> Body:
        """``now`` (stops the clock there), ``advance_seconds``, ``scheduled``, ``run`` (follow real time)."""
        clock = self.broker.clock
        if "scheduled" in body:
            clock.scheduled = bool(body["scheduled"])
        if body.get("run"):
            clock.run_freely()
        if "now" in body:
            clock.set(datetime.fromisoformat(body["now"]))
        if "advance_seconds" in body:
            clock.advance(timedelta(seconds=float(body["advance_seconds"])))
        self.broker.ledger.roll()
        return await self.health(request, {})

    # Faults

    async def faults(self, _: web.Request, __: Body) -> list[Body]:
        return [asdict(rule) for rule in self.broker.faults.rules]

    async def add_fault(self, _: web.Request, body: Body) -> Body:
        """A rule: ``action`` and the fields of faults.Rule."""
        known = {field.name for field in fields(Rule)} - {"number", "used"}
        if unknown := set(body) - known:
            raise ValueError(f"unknown fields {sorted(unknown)}")
        action = Action(body["action"])
        if action is Action.NOTICE_OFFSET:
            body.setdefault("times", None)
        return asdict(self.broker.faults.add(Rule(**body | {"action": action})))

    async def clear_faults(self, request: web.Request, _: Body) -> Body:
        """All, or ``?number=``."""
        number = request.query.get("number")
        self.broker.faults.clear(int(number) if number else None)
        return {"left": len(self.broker.faults.rules)}

    async def chaos(self, _: web.Request, body: Body) -> Body:
        self.broker.faults.chaos(int(body.get("seed", 1)), float(body.get("scale", 1.0)))
        return {"rules": len(self.broker.faults.rules)}

    async def expire_tokens(self, _: web.Request, body: Body) -> Body:
        """All tokens, or those of ``app_key``."""
        now = self.broker.clock.now()
        return {"expired": self.broker.tokens.expire(now, body.get("app_key"))}

    async def drop_sockets(self, _: web.Request, body: Body) -> Body:
        """All connections, or those of ``account``; ``mid_frame`` leaves half a frame."""
        dropped = self.broker.drop_sockets(body.get("account"), mid_frame=bool(body.get("mid_frame")))
        return {"dropped": dropped}

    async def switches(self, _: web.Request, __: Body) -> Body:
        return asdict(self.broker.switches)

    async def change_switches(self, _: web.Request, body: Body) -> Body:
        self.broker.switches.change(body)
        return asdict(self.broker.switches)

    # Benchmark and housekeeping

    async def blast(self, _: web.Request, body: Body) -> Body:
        """``rate`` fills a second for ``seconds`` over ``accounts`` (numbers); each with its sending time."""
        accounts = [self.broker.ledger.accounts.by_number[number] for number in body["accounts"]]
        blast = Blast(self.broker.ledger, accounts, float(body["rate"]), float(body["seconds"]))
        return await blast.run(body.get("code", "005930"))

    async def check(self, _: web.Request, __: Body) -> Body:
        """Whether the books add up."""
        try:
            self.broker.ledger.check()
        except AssertionError as error:
            return {"ok": False, "error": str(error)}
        return {"ok": True}

    async def reset(self, _: web.Request, __: Body) -> Body:
        """Accounts as at the start; no orders, tokens, faults or connections."""
        self.broker.reset(demo_accounts())
        return {"ok": True}


def account_facts(account: Account) -> Body:
    return {
        "broker": account.broker,
        "server": account.server,
        "number": account.number,
        "hts_id": account.hts_id,
        "name": account.name,
        "app_key": account.app_key,
        "app_secret": account.app_secret,
    }


def order_facts(order: Order) -> Body:
    return {
        "number": order.number,
        "trade_date": order.trade_date.isoformat(),
        "code": order.code,
        "side": order.side.value,
        "kind": order.kind.value,
        "price_type": order.price_type.value,
        "condition": order.condition.value,
        "exchange": order.exchange,
        "channel": order.channel,
        "price": order.price,
        "quantity": order.quantity,
        "open": order.open,
        "filled": order.filled,
        "filled_amount": order.filled_amount,
        "cancelled": order.cancelled,
        "moved": order.moved,
        "rejected": order.rejected,
        "expired": order.expired,
        "parent": order.parent,
        "first": order.first,
        "placed_at": order.placed_at.isoformat(),
    }


def execution_facts(execution: Execution) -> Body:
    return {
        "number": execution.number,
        "order": execution.order_number,
        "code": execution.code,
        "side": execution.side.value,
        "quantity": execution.quantity,
        "price": execution.price,
        "at": execution.at.isoformat(),
        "fee": execution.fee,
        "tax": execution.tax,
    }
