"""The paper broker's memory: one JSON file, replaced atomically, so that a restart finds it again."""

from __future__ import annotations

import json
import os
from dataclasses import fields
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from brokers.paper.ledger import (
    Account,
    Condition,
    DayFigures,
    Execution,
    Holding,
    Ledger,
    Order,
    OrderKind,
    PriceType,
    Side,
)
from brokers.paper.market import Issue, Market
from brokers.paper.tokens import Tokens

FILE_NAME = "paper.json"
VERSION = 1
ISSUE_STATE = (
    *("base_price", "price", "open", "high", "low", "volume", "value", "buy_volume", "sell_volume"),
    *("buy_trades", "sell_trades", "previous_volume", "halted", "bought_last"),
)
ACCOUNT_FACTS = (
    "broker",
    "number",
    "server",
    "hts_id",
    "name",
    "app_key",
    "app_secret",
    "deposit",
    "customer",
)
ORDER_FACTS = (
    *("number", "code", "quantity", "price", "exchange", "parent", "first", "trace", "limit", "stop_price"),
    *(
        "triggered",
        "channel",
        "filled",
        "filled_amount",
        "cancelled",
        "moved",
        "rejected",
        "expired",
        "reserved",
    ),
)


def write(directory: Path, state: dict[str, Any]) -> None:
    """Write the state beside the old one, then put it in its place."""
    directory.mkdir(parents=True, exist_ok=True)
    fresh = directory / f"{FILE_NAME}.new"
    with fresh.open("w", encoding="utf-8") as file:
        json.dump(state, file, ensure_ascii=False, separators=(",", ":"))
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(directory / FILE_NAME)


def read(directory: Path) -> dict[str, Any] | None:
    """The last state written to this directory, if any."""
    path = directory / FILE_NAME
    if not path.exists():
        return None
    state: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    if state["version"] != VERSION:
        raise ValueError(f"{path} was written by another version of the paper broker; move it away")
    return state


def dump(ledger: Ledger, tokens: Tokens) -> dict[str, Any]:
    return {
        "version": VERSION,
        "today": ledger.today.isoformat(),
        "order_numbers": dict(ledger.order_numbers),
        "execution_numbers": dict(ledger.execution_numbers),
        "traces": ledger.traces,
        "issues": {code: _pick(issue, ISSUE_STATE) for code, issue in ledger.market.issues.items()},
        "accounts": [_account(account) for account in ledger.accounts],
        "tokens": tokens.as_json(),
    }


def load(state: dict[str, Any], ledger: Ledger, tokens: Tokens) -> None:
    """Put a written state into a fresh ledger; the accounts it knows replace those of the same number."""
    _load_market(state["issues"], ledger.market)
    ledger.today = date.fromisoformat(state["today"])
    ledger.order_numbers.update(state["order_numbers"])
    ledger.execution_numbers.update(state["execution_numbers"])
    ledger.traces = state["traces"]
    for row in state["accounts"]:
        account = _load_account(row)
        ledger.add_account(account)
        ledger.rest_again(account)
    tokens.load(state["tokens"])


def _pick(thing: object, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: getattr(thing, name) for name in names}


def _load_market(issues: dict[str, dict[str, Any]], market: Market) -> None:
    for code, values in issues.items():
        issue: Issue | None = market.issues.get(code)
        for name, value in values.items() if issue else ():
            setattr(issue, name, value)


def _account(account: Account) -> dict[str, Any]:
    return _pick(account, ACCOUNT_FACTS) | {
        "fee_rate": str(account.fee_rate),
        "tax_rate": str(account.tax_rate),
        "reserved": account.reserved,
        "previous_total": account.previous_total,
        "today": _day(account.today),
        "past": {day.isoformat(): _day(figures) for day, figures in account.past.items()},
        "unsettled": [[due.isoformat(), net] for due, net in account.unsettled],
        "holdings": [_holding(holding) for holding in account.holdings.values()],
        "orders": [_order(order) for order in account.orders.values()],
        "executions": [_execution(execution) for execution in account.executions],
    }


def _load_account(row: dict[str, Any]) -> Account:
    account = Account(**{name: row[name] for name in ACCOUNT_FACTS})
    account.fee_rate, account.tax_rate = Decimal(row["fee_rate"]), Decimal(row["tax_rate"])
    account.reserved, account.previous_total = row["reserved"], row["previous_total"]
    account.today = _load_day(row["today"])
    account.past = {date.fromisoformat(day): _load_day(figures) for day, figures in row["past"].items()}
    account.unsettled = [(date.fromisoformat(due), net) for due, net in row["unsettled"]]
    account.holdings = {holding["code"]: _load_holding(holding) for holding in row["holdings"]}
    for order_row in row["orders"]:
        order = _load_order(order_row, account)
        account.orders[order.trade_date, order.number] = order
    for execution_row in row["executions"]:
        execution = _load_execution(execution_row)
        account.executions.append(execution)
        account.orders[execution.trade_date, execution.order_number].executions.append(execution)
    return account


def _day(figures: DayFigures) -> list[Any]:
    return [figures.bought, figures.sold, figures.fees, figures.taxes, str(figures.realised)]


def _load_day(row: list[Any]) -> DayFigures:
    bought, sold, fees, taxes, realised = row
    return DayFigures(bought, sold, fees, taxes, Decimal(realised))


def _holding(holding: Holding) -> dict[str, Any]:
    values = {field.name: getattr(holding, field.name) for field in fields(holding)}
    return values | {
        "cost": str(holding.cost),
        "realised": str(holding.realised),
        "last_traded": holding.last_traded.isoformat() if holding.last_traded else None,
    }


def _load_holding(row: dict[str, Any]) -> Holding:
    traded = row["last_traded"]
    return Holding(
        **row
        | {
            "cost": Decimal(row["cost"]),
            "realised": Decimal(row["realised"]),
            "last_traded": date.fromisoformat(traded) if traded else None,
        }
    )


def _order(order: Order) -> dict[str, Any]:
    return _pick(order, ORDER_FACTS) | {
        "side": order.side.value,
        "price_type": order.price_type.value,
        "condition": order.condition.value,
        "kind": order.kind.value,
        "placed_at": order.placed_at.isoformat(),
        "trade_date": order.trade_date.isoformat(),
    }


def _load_order(row: dict[str, Any], account: Account) -> Order:
    return Order(
        **row
        | {
            "account": account,
            "side": Side(row["side"]),
            "price_type": PriceType(row["price_type"]),
            "condition": Condition(row["condition"]),
            "kind": OrderKind(row["kind"]),
            "placed_at": datetime.fromisoformat(row["placed_at"]),
            "trade_date": date.fromisoformat(row["trade_date"]),
        }
    )


def _execution(execution: Execution) -> list[Any]:
    return [
        execution.number,
        execution.order_number,
        execution.code,
        execution.side.value,
        execution.quantity,
        execution.price,
        execution.at.isoformat(),
        execution.trade_date.isoformat(),
        execution.fee,
        execution.tax,
        str(execution.realised),
    ]


def _load_execution(row: list[Any]) -> Execution:
    number, order_number, code, side, quantity, price, at, day, fee, tax, realised = row
    return Execution(
        number,
        order_number,
        code,
        Side(side),
        quantity,
        price,
        datetime.fromisoformat(at),
        date.fromisoformat(day),
        fee,
        tax,
        Decimal(realised),
    )
