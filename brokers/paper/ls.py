"""LS's gateway on the paper broker: OAuth, one path per function group with the TR in a header, WebSocket.

REST answers real and paper keys alike on both ports, as the real host does; the WebSocket port decides.
`TRANSACTIONS` is the table of what is served: a further TR is one entry there and its blocks in
`ls_blocks.json`.
"""

import json
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from aiohttp import web

from brokers.paper import (
    ls_accounts,
    ls_charts,
    ls_journals,
    ls_order_lists,
    ls_orders,
    ls_quotes,
    ls_rankings,
    ls_tokens,
)
from brokers.paper.faults import Call as FaultCall
from brokers.paper.faults import Rule
from brokers.paper.ledger import Account
from brokers.paper.ls_desk import Answer, Call, Handler
from brokers.paper.ls_socket import Streams
from brokers.paper.ls_wire import GatewayError, Transaction, transactions

if TYPE_CHECKING:
    from brokers.paper.server import PaperBroker

TRANSACTIONS: Mapping[str, Handler] = {
    **ls_orders.TRANSACTIONS,
    **ls_accounts.TRANSACTIONS,
    **ls_order_lists.TRANSACTIONS,
    **ls_journals.TRANSACTIONS,
    **ls_quotes.TRANSACTIONS,
    **ls_charts.TRANSACTIONS,
    **ls_rankings.TRANSACTIONS,
}
SOCKET_PATHS = (
    "/websocket",
    "/websocket/stock",
    "/websocket/etc",
    "/websocket/futureoption",
    "/websocket/investinfo",
)
PAPER_PREFIX = "모의투자 "
WINDOW_SECONDS = 1.0

BAD_APP_KEY = ("IGW00103", "유효하지 않은 AppKey입니다.")
BAD_APP_SECRET = ("IGW00105", "유효하지 않은 AppSecret입니다.")
BAD_TOKEN = ("IGW00121", "유효하지 않은 token 입니다.")
TOO_MANY = ("IGW00201", "호출 거래건수를 초과하였습니다.")
BAD_TRANSACTION = ("IGW00215", "유효하지 않은 TR CD 입니다.")
BAD_INPUT = Answer(code="09604", message="입력값을 확인하시기 바랍니다.")


def add_ls(app: web.Application, broker: "PaperBroker", server: str) -> None:
    """Serve LS on this port; `server` is the kind of account its WebSocket takes ("real" or "paper")."""
    gateway, streams = Gateway(broker, server), Streams(broker, server)
    app.router.add_post("/oauth2/token", gateway.issue_token)
    app.router.add_post("/oauth2/revoke", gateway.revoke_token)
    for path in sorted({transactions()[code].path for code in TRANSACTIONS}):
        app.router.add_post(path, gateway.transact)
    for path in SOCKET_PATHS:
        app.router.add_get(path, streams.serve)
    app.cleanup_ctx.append(streams.running)


class Pace:
    """Calls of each app key and TR in the last second, counted over both ports."""

    def __init__(self) -> None:
        self._calls: dict[tuple[str, str], deque[float]] = {}

    def allows(self, app_key: str, code: str, rate: int) -> bool:
        """Whether one more call fits into the window; it is counted if so."""
        now = time.monotonic()
        calls = self._calls.setdefault((app_key, code), deque())
        while calls and calls[0] <= now - WINDOW_SECONDS:
            calls.popleft()
        if len(calls) >= rate:
            return False
        calls.append(now)
        return True


PACES: "WeakKeyDictionary[PaperBroker, Pace]" = WeakKeyDictionary()


class Gateway:
    """What stands before the transactions: keys, tokens, TR codes, pace, the form of a request."""

    def __init__(self, broker: "PaperBroker", server: str) -> None:
        self.broker = broker
        self.server = server
        self.pace = PACES.setdefault(broker, Pace())

    # OAuth

    async def issue_token(self, request: web.Request) -> web.Response:
        return await self._under_faults(request, "token", None, lambda: self._issue_token(request))

    async def _issue_token(self, request: web.Request) -> web.Response:
        account = self._key_holder(await _fields(request))
        now = self.broker.clock.now()
        grant = ls_tokens.issue(self.broker.tokens, account.app_key, now)
        return web.json_response(
            {
                "access_token": grant.token,
                "scope": "oob",
                "token_type": "Bearer",
                "expires_in": int((grant.expires_at - now).total_seconds()),
            }
        )

    async def revoke_token(self, request: web.Request) -> web.Response:
        return await self._under_faults(request, "revoke", None, lambda: self._revoke_token(request))

    async def _revoke_token(self, request: web.Request) -> web.Response:
        fields = await _fields(request)
        account = self._key_holder(fields)
        now = self.broker.clock.now()
        if ls_tokens.owner(self.broker.tokens, fields.get("token", ""), now) == account.app_key:
            self.broker.tokens.revoke(fields["token"])
        return web.json_response({"code": 200, "message": "접근토큰 폐기에 성공하였습니다."})

    def _key_holder(self, fields: Mapping[str, str]) -> Account:
        account = self._account_of(fields.get("appkey", ""))
        if account is None:
            raise _oauth_refusal(*BAD_APP_KEY)
        if fields.get("appsecretkey") != account.app_secret:
            raise _oauth_refusal(*BAD_APP_SECRET)
        return account

    def _account_of(self, app_key: str) -> Account | None:
        account = self.broker.ledger.accounts.by_key.get(app_key)
        return account if account is not None and account.broker == "ls" else None

    # Transactions

    async def transact(self, request: web.Request) -> web.Response:
        """One POST on one of the TR paths."""
        code = request.headers.get("tr_cd", "")
        account = self._bearer(request)
        return await self._under_faults(
            request, code, account, lambda: self._transact(request, code, account)
        )

    async def _transact(self, request: web.Request, code: str, account: Account | None) -> web.Response:
        try:
            if account is None:
                raise GatewayError(*BAD_TOKEN)
            transaction = _transaction(code, request.path)
            self._check_pace(account, transaction)
            answer = await self._answer(request, account, transaction)
        except GatewayError as refusal:
            return _gateway_refusal(code, refusal.code, refusal.message)
        return _business_answer(transaction, answer, on_paper=account.server == "paper")

    async def _answer(self, request: web.Request, account: Account, transaction: Transaction) -> Answer:
        given = await _input_block(request, transaction)
        if given is None:
            return BAD_INPUT
        call = Call(
            transaction=transaction,
            market=self.broker.market,
            ledger=self.broker.ledger,
            switches=self.broker.switches,
            account=account,
            fields=given,
            continued=request.headers.get("tr_cont") == "Y",
            key=request.headers.get("tr_cont_key", "").strip(),
        )
        answer = TRANSACTIONS[transaction.code](call)
        if transaction.code in ls_orders.TRANSACTIONS:
            await self.broker.faults.hold_reply(self._fault_call(request, transaction.code, account))
        return answer

    def _bearer(self, request: web.Request) -> Account | None:
        """The account whose living token the request carries."""
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        app_key = ls_tokens.owner(self.broker.tokens, token.strip(), self.broker.clock.now())
        return self._account_of(app_key) if app_key and kind.lower() == "bearer" else None

    def _check_pace(self, account: Account, transaction: Transaction) -> None:
        factor = self.broker.switches.ls_rate_factor
        rate = max(int(transaction.rate * factor), 1)
        if factor and not self.pace.allows(account.app_key, transaction.code, rate):
            raise GatewayError(*TOO_MANY)

    # Faults

    async def _under_faults(
        self,
        request: web.Request,
        code: str,
        account: Account | None,
        process: Callable[[], Awaitable[web.Response]],
    ) -> web.Response:
        def refuse(rule: Rule) -> web.Response:
            return _ordered_refusal(code, rule)

        call = self._fault_call(request, code, account)
        return await self.broker.faults.serve(call, request, process, refuse)

    def _fault_call(self, request: web.Request, code: str, account: Account | None) -> FaultCall:
        return FaultCall(
            broker="ls",
            server=account.server if account else self.server,
            tr=code,
            path=request.path,
            account=account.number if account else "",
        )


async def _fields(request: web.Request) -> dict[str, str]:
    """OAuth fields from a form, or from the query of a request without a body: both are seen in the wild."""
    form = await request.post()
    return {**request.query, **{name: value for name, value in form.items() if isinstance(value, str)}}


def _transaction(code: str, path: str) -> Transaction:
    """The TR of the header, if it is served and lives on this path."""
    transaction = transactions().get(code)
    if code not in TRANSACTIONS or transaction is None or transaction.path != path:
        raise GatewayError(*BAD_TRANSACTION)
    return transaction


async def _input_block(request: web.Request, transaction: Transaction) -> dict[str, Any] | None:
    """The input block as its fields' types want it; None where the body holds no such block."""
    if transaction.request is None:
        return {}
    try:
        body = json.loads(await request.text())
    except ValueError:
        return None
    block = body.get(transaction.request.name) if isinstance(body, dict) else None
    return transaction.request.read(block) if isinstance(block, dict) else None


def _business_answer(transaction: Transaction, answer: Answer, *, on_paper: bool) -> web.Response:
    blocks = {
        transaction.code + ending: transaction.fill(transaction.code + ending, values)
        for ending, values in answer.blocks.items()
    }
    message = (PAPER_PREFIX if on_paper else "") + answer.message
    return _reply(
        transaction.code,
        {"rsp_cd": answer.code, "rsp_msg": message, **blocks},
        cont="Y" if answer.more else answer.done,
        key=answer.more,
    )


def _gateway_refusal(code: str, refusal: str, message: str, status: int = 500) -> web.Response:
    return _reply(code, {"rsp_cd": refusal, "rsp_msg": message}, status=status)


def _ordered_refusal(code: str, rule: Rule) -> web.Response:
    """An error that a test asked for. A code of the other gateway becomes ours for the same thing."""
    refusal, message = rule.code, rule.message
    if not refusal or refusal.startswith("EGW"):
        refusal, message = TOO_MANY
    return _gateway_refusal(code, refusal, message, rule.status)


def _reply(
    code: str, body: dict[str, Any], *, cont: str = "", key: str = "", status: int = 200
) -> web.Response:
    """JSON with the four headers that clients read unguarded."""
    return web.Response(
        status=status,
        text=json.dumps(body, ensure_ascii=False),
        content_type="application/json",
        charset="utf-8",
        headers={"tr_cd": code, "tr_cont": cont, "tr_cont_key": key},
    )


def _oauth_refusal(code: str, description: str) -> web.HTTPForbidden:
    text = json.dumps({"error_code": code, "error_description": description}, ensure_ascii=False)
    return web.HTTPForbidden(text=text, content_type="application/json")
