"""Managers who place, change and cancel blocks, and the second person who answers them."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from chaos.blocks import BlockWish
from chaos.broker import Broker, Facts
from chaos.crowd import IMPATIENCE_SECONDS, PATIENCE_SECONDS, Answer, Crowd, reason_of
from chaos.desk import Desk

WAIT_SECONDS = 0.05
TRIES = 5  # where a check could not be made
TRY_AGAIN_SECONDS = 0.5
PATH = "/api/v1/blocks/"


class BlockDoor(Protocol):
    """A way into Lucy's REST API for one person; reads where there is nothing to send."""

    def ask(self, path: str, wanted: Facts | None, seconds: float) -> Answer | None: ...


class Managers(Crowd):
    """Work through the blocks of the day, each when its time has come; `begun` counts the orders so far."""

    def __init__(
        self,
        wishes: Sequence[BlockWish],
        desk: Desk,
        doors: Sequence[BlockDoor],
        approver: BlockDoor,
        broker: Broker,
        begun: Callable[[], int],
    ) -> None:
        super().__init__(
            broker, [[wish for wish in wishes if wish.manager == one] for one in range(len(doors))]
        )
        self._plans = [str(plan.pk) for plan in desk.plans]
        self._doors = doors
        self._approver = approver
        self._begun = begun
        self._placed: list[dict[BlockWish, str]] = [{} for _ in doors]  # to the block's key

    def _fulfil(self, wish: BlockWish) -> None:
        while self._begun() < wish.after:
            if self._enough.wait(WAIT_SECONDS):
                return
        self._place(wish)
        placed = self._placed[wish.manager]
        if wish.change == "cancel part":
            self._cancel_part(wish, [*placed.values()][::-1])
        elif wish.change and placed:
            self._change(wish, *list(placed.items())[-1 - wish.quantity % min(len(placed), 3)])

    def _place(self, wish: BlockWish) -> None:
        wanted = {
            "plan": self._plans[wish.form],
            "client_block_id": wish.client_block_id,
            "symbol": wish.code,
            "side": wish.side,
            "order_type": "market" if wish.market else "limit",
            "quantity": wish.quantity,
            "price": None if wish.market else str(self._price(wish.code, wish.ticks)),
            "confirm_repeat": True,
        }
        door = self._doors[wish.manager]
        if wish.impatient:
            door.ask(PATH, wanted, IMPATIENCE_SECONDS)
        for _ in range(TRIES):
            status, answer = self._until_answered(lambda: door.ask(PATH, wanted, PATIENCE_SECONDS))
            if not _may_pass(answer) or self._enough.wait(TRY_AGAIN_SECONDS):
                break
        if status not in (200, 201):
            self._count(f"block not taken: {_troubles(status, answer)}")
            return
        self.told.answered.append(wish.client_block_id)
        self._placed[wish.manager][wish] = answer["id"]
        self._count(f"block {answer['status']}")
        if answer["status"] == "awaiting":
            self._decide(wish, answer["id"])

    def _decide(self, wish: BlockWish, block: str) -> None:
        if wish.answer == "nobody":
            return
        door = self._doors[wish.manager] if wish.answer == "withdraw" else self._approver
        wanted = {"answer": wish.answer, "note": "가격을 다시 보세요." if wish.answer == "refuse" else ""}
        status, answer = self._post(door, block, "decide", wanted)
        heard = answer["status"] if status == 200 else f"not taken: {_troubles(status, answer)}"
        self._count(f"block {wish.answer} {heard}")

    def _change(self, wish: BlockWish, old: BlockWish, block: str) -> None:
        wanted: dict[str, Any] = {"client_request_id": f"{wish.client_block_id}-{wish.change}"}
        if wish.change == "modify":
            wanted |= {"order_type": "limit", "price": str(self._price(old.code, wish.change_ticks))}
        self._ask_all(wish, block, wish.change, wanted)

    def _ask_all(self, wish: BlockWish, block: str, kind: str, wanted: Facts) -> None:
        """Modify or cancel: how each of the block's orders took it."""
        status, answer = self._post(self._doors[wish.manager], block, kind, wanted)
        if status != 200:
            self._count(f"block {kind} refused: {_troubles(status, answer)}")
            return
        for outcome in answer["outcomes"]:
            self._count(f"block {kind}, leg {outcome['outcome']}")

    def _cancel_part(self, wish: BlockWish, blocks: Sequence[str]) -> None:
        """Half of what is open in an order of the newest block that has one, by the doorway of orders."""
        works = next((found for block in blocks if (found := self._working(wish.manager, block))), [])
        if not works:
            self._count("block cancel part: nothing works")
            return
        order, shares = works[wish.quantity % len(works)]
        wanted = {"client_request_id": f"{wish.client_block_id}-part", "quantity": max(1, shares // 2)}
        path, door = f"/api/v1/orders/{order}/cancel/", self._doors[wish.manager]
        status, answer = self._until_answered(lambda: door.ask(path, wanted, PATIENCE_SECONDS))
        heard = answer["status"] if status in (200, 201) else f"refused: {reason_of(status, answer)}"
        self._count(f"block cancel part {heard}")

    def _working(self, manager: int, block: str) -> list[tuple[str, int]]:
        """The orders of a block that work, with the shares that are not filled."""
        door, path = self._doors[manager], f"{PATH}{block}/"
        status, answer = self._until_answered(lambda: door.ask(path, None, PATIENCE_SECONDS))
        return [
            (child["order"], child["quantity"] - child["filled_quantity"])
            for child in (answer["children"] if status == 200 else [])
            if child["order_status"] in ("accepted", "partially_filled")
        ]

    def _go_home(self, wishes: Sequence[BlockWish]) -> None:
        """What still works is cancelled, but for some blocks that stay over the close."""
        for wish in wishes:
            block = self._placed[wish.manager].get(wish)
            if block and not wish.stays:
                self._ask_all(wish, block, "cancel", {"client_request_id": f"{wish.client_block_id}-home"})

    def _post(self, door: BlockDoor, block: str, kind: str, wanted: Facts) -> Answer:
        path = f"{PATH}{block}/{kind}/"
        return self._until_answered(lambda: door.ask(path, wanted, PATIENCE_SECONDS))


def _may_pass(answer: Facts) -> bool:
    """The block was refused only because a check could not be made: the broker gave no answer."""
    codes = _codes(answer)
    return bool(codes) and all(code.endswith("_unavailable") for code in codes)


def _troubles(status: int, answer: Facts) -> str:
    """The code, and of a block that its checks refused the codes of what they found."""
    return " ".join([reason_of(status, answer), *_codes(answer)])


def _codes(answer: Facts) -> list[str]:
    troubles = answer.get("error", {}).get("details", {}).get("troubles", [])
    return sorted({trouble["code"] for trouble in troubles})
