"""Everything that goes wrong on purpose: rules set through the control port, consulted by both brokers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import count
from random import Random

from aiohttp import web

FOREVER_SECONDS = 3600.0
KEEP_ALIVE = "PINGPONG"
OVERTAKEN_SECONDS = 0.05  # a reordered notice without seconds of its own is overtaken by this


class Action(StrEnum):
    """What a rule does. Requests: the first six; notices: the rest."""

    DELAY_REQUEST = "delay_request"  # wait, then process
    DELAY_REPLY = "delay_reply"  # process, then wait
    LOSE_REPLY = "lose_reply"  # process, then cut the connection
    CUT = "cut"  # cut the connection, process nothing
    ANSWER = "answer"  # answer status, code and message, or a body; process nothing
    SILENCE = "silence"  # never answer; on a socket: send nothing more
    DELAY_NOTICE = "delay_notice"
    REPEAT_NOTICE = "repeat_notice"
    REORDER_NOTICE = "reorder_notice"  # later notices overtake it
    LOSE_NOTICE = "lose_notice"
    DROP_SOCKET = "drop_socket"  # close the socket in place of the notice
    CUT_FRAME = "cut_frame"  # the same in the middle of the frame
    NOTICE_OFFSET = "notice_offset"  # order notices come ``seconds`` after the answer, or before (negative)


ON_REQUESTS = frozenset(list(Action)[:6])


@dataclass(frozen=True, slots=True)
class Call:
    """What a rule is compared with: a request, or a notice on a socket (``path`` is then empty)."""

    broker: str
    server: str
    tr: str
    path: str = ""
    account: str = ""
    event: str = ""


@dataclass(slots=True)
class Rule:
    """When it applies (an empty field matches everything), how often, and what it does."""

    action: Action
    broker: str = ""
    server: str = ""
    target: str = ""  # a tr, or the beginning of a path
    account: str = ""
    event: str = ""  # of a notice: an EventKind
    skip: int = 0  # let so many pass first
    times: int | None = 1  # None: always
    probability: float = 1.0
    seconds: float = 0.0
    status: int = 500
    code: str = ""
    message: str = ""
    body: str = ""  # sent as it is, in place of a well-formed error
    number: int = 0
    used: int = 0

    def fits(self, call: Call) -> bool:
        if call.tr == KEEP_ALIVE and self.target != KEEP_ALIVE:
            return False  # a rule for notices must not be used up by the keep-alive
        return (
            self.broker in ("", call.broker)
            and self.server in ("", call.server)
            and self.account in ("", call.account)
            and self.event in ("", call.event)
            and (self.target in ("", call.tr) or bool(call.path and call.path.startswith(self.target)))
        )


@dataclass(frozen=True, slots=True)
class NoticePlan:
    """What to do with one notice: when to send each copy, and whether the socket ends instead."""

    delays: tuple[float, ...] = (0.0,)
    drop: bool = False
    mid_frame: bool = False
    silent: bool = False


AT_ONCE = NoticePlan()


@dataclass
class Faults:
    """The rules in force."""

    seed: int = 1
    rules: list[Rule] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._random = Random(self.seed)  # noqa: S311
        self._numbers = count(1)

    def add(self, rule: Rule) -> Rule:
        rule.number = next(self._numbers)
        self.rules.append(rule)
        return rule

    def clear(self, number: int | None = None) -> None:
        self.rules = [rule for rule in self.rules if number is not None and rule.number != number]

    def chaos(self, seed: int, scale: float = 1.0) -> None:
        """A bad day at the broker: slow, forgetful, sometimes gone. ``scale`` multiplies the odds."""
        self._random = Random(seed)  # noqa: S311
        for action, odds, details in CHAOS:
            rule = Rule(action, times=None, probability=min(odds * scale, 1.0))
            rule.seconds = float(details.get("seconds", 0.0))
            rule.code, rule.message = str(details.get("code", "")), str(details.get("message", ""))
            self.add(rule)

    def take(self, call: Call, actions: Iterable[Action]) -> list[Rule]:
        """The rules that apply to this call now; each counts as used."""
        if not self.rules:
            return []
        wanted = frozenset(actions)
        return [
            rule for rule in self.rules if rule.action in wanted and rule.fits(call) and self._applies(rule)
        ]

    def _applies(self, rule: Rule) -> bool:
        if rule.times is not None and rule.used >= rule.skip + rule.times:
            return False
        if self._random.random() >= rule.probability:
            return False
        rule.used += 1
        return rule.used > rule.skip

    async def serve(
        self,
        call: Call,
        request: web.Request,
        process: Callable[[], Awaitable[web.Response]],
        error: Callable[[Rule], web.Response],
    ) -> web.Response:
        """Answer a request under the rules; ``error`` words a rule's refusal as the broker would."""
        rules = {rule.action: rule for rule in self.take(call, ON_REQUESTS)}
        if Action.SILENCE in rules:
            await asyncio.sleep(rules[Action.SILENCE].seconds or FOREVER_SECONDS)
            return cut(request)
        if Action.DELAY_REQUEST in rules:
            await asyncio.sleep(rules[Action.DELAY_REQUEST].seconds)
        if Action.CUT in rules:
            return cut(request)
        if Action.ANSWER in rules:
            return answer(rules[Action.ANSWER], error)
        response = await process()
        if Action.DELAY_REPLY in rules:
            await asyncio.sleep(rules[Action.DELAY_REPLY].seconds)
        return cut(request) if Action.LOSE_REPLY in rules else response

    async def hold_reply(self, call: Call) -> None:
        """Keep an order's answer back where its notice is to come first."""
        for rule in self.take(call, {Action.NOTICE_OFFSET}):
            if rule.seconds < 0:
                await asyncio.sleep(-rule.seconds)

    def notice_plan(self, call: Call) -> NoticePlan:
        """When to send a notice; looked up once for each socket it goes to."""
        if not self.rules:
            return AT_ONCE
        rules = {rule.action: rule for rule in self.take(call, NOTICE_ACTIONS)}
        if Action.LOSE_NOTICE in rules:
            return NoticePlan(())
        delay = self._offset(call)
        if Action.DELAY_NOTICE in rules:
            delay += rules[Action.DELAY_NOTICE].seconds
        if Action.REORDER_NOTICE in rules:
            delay += rules[Action.REORDER_NOTICE].seconds or OVERTAKEN_SECONDS
        delays = [delay]
        if Action.REPEAT_NOTICE in rules:
            delays.append(delay + rules[Action.REPEAT_NOTICE].seconds)
        return NoticePlan(
            tuple(delays),
            drop=bool(rules.keys() & {Action.DROP_SOCKET, Action.CUT_FRAME}),
            mid_frame=Action.CUT_FRAME in rules,
            silent=Action.SILENCE in rules,
        )

    def _offset(self, call: Call) -> float:
        """Seconds by which order notices follow the answer; it never runs out, unlike a rule that counts."""
        if call.event == "filled":
            return 0.0
        offsets = [r.seconds for r in self.rules if r.action is Action.NOTICE_OFFSET and r.fits(call)]
        return max(0.0, *offsets) if offsets else 0.0


NOTICE_ACTIONS = frozenset(
    {
        Action.DELAY_NOTICE,
        Action.REPEAT_NOTICE,
        Action.REORDER_NOTICE,
        Action.LOSE_NOTICE,
        Action.DROP_SOCKET,
        Action.CUT_FRAME,
        Action.SILENCE,
    }
)

CHAOS: tuple[tuple[Action, float, dict[str, float | str]], ...] = (
    (Action.DELAY_REQUEST, 0.05, {"seconds": 0.5}),
    (Action.DELAY_REPLY, 0.02, {"seconds": 6.0}),
    (Action.LOSE_REPLY, 0.02, {}),
    (Action.CUT, 0.01, {}),
    (
        Action.ANSWER,
        0.02,
        {"code": "EGW00215", "message": "원장에서 허용 가능한 초당 거래건수를 초과하였습니다."},
    ),
    (Action.DELAY_NOTICE, 0.05, {"seconds": 1.0}),
    (Action.REPEAT_NOTICE, 0.05, {}),
    (Action.REORDER_NOTICE, 0.05, {}),
    (Action.LOSE_NOTICE, 0.02, {}),
    (Action.DROP_SOCKET, 0.005, {}),
    (Action.CUT_FRAME, 0.002, {}),
)


def cut(request: web.Request) -> web.Response:
    """Cut the line under a request: the client sees the connection end without an answer."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


def answer(rule: Rule, error: Callable[[Rule], web.Response]) -> web.Response:
    if rule.body:
        return web.Response(status=rule.status, text=rule.body, content_type="text/html")
    return error(rule)
