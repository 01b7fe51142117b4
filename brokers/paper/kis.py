"""KIS's REST side: OAuth, the gateway's checks and limits, and the table of services (kis.md §1, §7)."""

from __future__ import annotations

import hashlib
import json
import secrets
import time
import uuid
from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from aiohttp import web

from brokers.paper.faults import Call, Rule
from brokers.paper.kis_accounts import ACCOUNT_SERVICES
from brokers.paper.kis_charts import CHART_SERVICES
from brokers.paper.kis_finance import FINANCE_SERVICES
from brokers.paper.kis_lists import LIST_SERVICES
from brokers.paper.kis_masters import MASTER_SERVICES
from brokers.paper.kis_orders import ORDER_SERVICES
from brokers.paper.kis_overseas import OVERSEAS_SERVICES
from brokers.paper.kis_profits import PROFIT_SERVICES
from brokers.paper.kis_quotes import QUOTE_SERVICES
from brokers.paper.kis_rankings import RANKING_SERVICES
from brokers.paper.kis_socket import KisSockets
from brokers.paper.kis_unsupported import UNSUPPORTED_SERVICES
from brokers.paper.kis_wire import KisAnswer, KisCall, KisError, Service, invalid
from brokers.paper.ledger import Account
from brokers.paper.tokens import Grant

if TYPE_CHECKING:
    from brokers.paper.server import PaperBroker

TOKEN_HOURS = 24
REVOKED = "접근토큰 폐기에 성공하였습니다"
GATEWAY_STATUS = 500
SERVICES: tuple[Service, ...] = (
    *ORDER_SERVICES,
    *ACCOUNT_SERVICES,
    *PROFIT_SERVICES,
    *QUOTE_SERVICES,
    *CHART_SERVICES,
    *FINANCE_SERVICES,
    *RANKING_SERVICES,
    *LIST_SERVICES,
    *MASTER_SERVICES,
    *OVERSEAS_SERVICES,
    *UNSUPPORTED_SERVICES,
)


def add_kis(app: web.Application, broker: PaperBroker, server: str) -> None:
    """Serve KIS's real or paper host: OAuth, all services, and WebSocket on any path."""
    host = KisHost(broker, server, KisSockets(broker, server))
    broker.droppers.append(host.sockets.drop)
    app.router.add_post("/oauth2/tokenP", host.issue_token)
    app.router.add_post("/oauth2/revokeP", host.revoke_token)
    app.router.add_post("/oauth2/Approval", host.approve)
    app.router.add_post("/uapi/hashkey", host.hash_body)
    app.router.add_route("*", "/{path:.*}", host.serve)
    app.on_shutdown.append(host.close)


@dataclass
class Pace:
    """Requests of the last second, by app key."""

    seen: dict[str, deque[float]] = field(default_factory=lambda: defaultdict(deque))

    def allows(self, app_key: str, per_second: int) -> bool:
        """Whether one more request fits; 0 lets everything pass."""
        if not per_second:
            return True
        now, recent = time.monotonic(), self.seen[app_key]
        while recent and recent[0] <= now - 1:
            recent.popleft()
        if len(recent) >= per_second:
            return False
        recent.append(now)
        return True


def by_name(services: Iterable[Service], server: str) -> dict[str, Service]:
    """Every tr_id of a server with its service."""
    return {
        tr: service
        for service in services
        for tr in (service.trs if server == "real" else service.paper_trs())
    }


class KisHost:
    """One of KIS's two hosts."""

    def __init__(self, broker: PaperBroker, server: str, sockets: KisSockets) -> None:
        self.broker = broker
        self.server = server
        self.sockets = sockets
        self.pace = Pace()
        self.own = by_name(SERVICES, server)
        self.others = by_name(SERVICES, "paper" if server == "real" else "real")
        self.paths = {service.path for service in SERVICES}

    async def close(self, _: web.Application) -> None:
        await self.sockets.close()

    # OAuth (§1.3)

    async def issue_token(self, request: web.Request) -> web.Response:
        call = Call("kis", self.server, "tokenP", request.path)
        return await self.broker.faults.serve(call, request, lambda: self._issue_token(request), oauth_rule)

    async def _issue_token(self, request: web.Request) -> web.Response:
        try:
            body = await read_body(request)
            account = self._key_owner(body.get("appkey", ""), body.get("appsecret", ""))
            if body.get("grant_type") != "client_credentials":
                raise KisError("EGW00112", "유효하지 않은 grant_type 입니다.", status=403)
            grant = self._token_of(account)
        except KisError as error:
            return oauth_error(error)
        return web.json_response(
            {
                "access_token": grant.token,
                "access_token_token_expired": f"{grant.expires_at:%Y-%m-%d %H:%M:%S}",
                "token_type": "Bearer",
                "expires_in": TOKEN_HOURS * 3600,
            }
        )

    def _token_of(self, account: Account) -> Grant:
        """A new token, or the same one within six hours; more than one issue a minute is refused."""
        now, switches = self.broker.clock.now(), self.broker.switches
        asked = self._asked.get(account.app_key)
        if asked is not None and (now - asked).total_seconds() < switches.kis_token_interval:
            raise KisError("EGW00133", "접근토큰 발급 잠시 후 다시 시도하세요(1분당 1회)", status=403)
        self._asked[account.app_key] = now
        latest = self.broker.tokens.latest("kis", account.app_key)
        young = timedelta(hours=switches.kis_same_token_hours)
        if latest is not None and latest.expires_at > now and now - latest.issued_at < young:
            return latest
        self.broker.tokens.forget_old(now)
        token = f"eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzUxMiJ9.{secrets.token_urlsafe(222)}"
        return self.broker.tokens.add(
            Grant("kis", account.app_key, token, now, now + timedelta(hours=TOKEN_HOURS))
        )

    @property
    def _asked(self) -> dict[str, datetime]:
        return self.broker.token_calls

    async def revoke_token(self, request: web.Request) -> web.Response:
        try:
            body = await read_body(request)
            self._key_owner(body.get("appkey", ""), body.get("appsecret", ""))
            if not self.broker.tokens.revoke(body.get("token", "")):
                raise KisError("EGW00121", "유효하지 않은 token 입니다.", status=403)
        except KisError as error:
            return oauth_error(error)
        return web.json_response({"code": 200, "message": REVOKED}, dumps=korean_json)

    async def approve(self, request: web.Request) -> web.Response:
        """An approval key for the WebSocket; the secret comes as ``secretkey``."""
        call = Call("kis", self.server, "Approval", request.path)
        return await self.broker.faults.serve(call, request, lambda: self._approve(request), oauth_rule)

    async def _approve(self, request: web.Request) -> web.Response:
        try:
            body = await read_body(request)
            # Keys of either server: python-kis asks the paper host for its real key's approval.
            account = self._known_key(body.get("appkey", ""), body.get("secretkey", ""))
        except KisError as error:
            return oauth_error(error)
        now = self.broker.clock.now()
        key = str(uuid.uuid4())
        expires_at = now + timedelta(hours=TOKEN_HOURS)
        self.broker.tokens.add(Grant("kis approval", account.app_key, key, now, expires_at))
        return web.json_response({"approval_key": key})

    async def hash_body(self, request: web.Request) -> web.Response:
        """BODY as sent and a hash of it; nothing verifies the hash header later."""
        try:
            self._key_owner(request.headers.get("appkey", ""), request.headers.get("appsecret", ""))
            body = await read_body(request)
        except KisError as error:
            return rejected(error, "", "")
        digest = hashlib.sha256(json.dumps(body).encode()).hexdigest()
        return web.json_response({"BODY": body, "HASH": digest})

    def _known_key(self, app_key: str, app_secret: str) -> Account:
        """The account a key opens, on either host."""
        if not app_key:
            raise KisError("EGW00102", "AppKey는 필수입니다.", status=403)
        account = self.broker.ledger.accounts.by_key.get(app_key)
        if account is None or account.broker != "kis":
            raise KisError("EGW00103", "유효하지 않은 AppKey입니다.", status=403)
        if not app_secret:
            raise KisError("EGW00104", "AppSecret은 필수입니다.", status=403)
        if app_secret != account.app_secret:
            raise KisError("EGW00105", "유효하지 않은 AppSecret입니다.", status=403)
        return account

    def _key_owner(self, app_key: str, app_secret: str) -> Account:
        """The account a key opens on this host (§1.1)."""
        account = self._known_key(app_key, app_secret)
        if account.server != self.server:
            where = "실전투자" if self.server == "real" else "모의투자"
            raise KisError("EGW02004", f"{where} AppKey 가 아닙니다.", status=GATEWAY_STATUS)
        if account.customer == "B" and self.server == "paper":
            raise KisError("EGW00210", "모의투자는 법인고객이 이용할 수 없습니다.", status=GATEWAY_STATUS)
        return account

    # Services

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Any other path: a WebSocket, or a service by its tr_id."""
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await self.sockets.serve(request)
        tr_id = request.headers.get("tr_id", "")
        account = self.broker.ledger.accounts.by_key.get(request.headers.get("appkey", ""))
        call = Call("kis", self.server, tr_id, request.path, account.number if account else "")
        return await self.broker.faults.serve(
            call, request, lambda: self._serve(request, call), lambda rule: rule_error(rule, tr_id)
        )

    async def _serve(self, request: web.Request, call: Call) -> web.Response:
        transaction = secrets.token_hex(16)
        try:
            account = self._authenticate(request)
            service = self._service(request, call.tr)
            fields = await read_fields(request)
            answer = self._answer(service, account, call.tr, fields)
        except KisError as error:
            return rejected(error, call.tr, transaction)
        if service.orders:
            await self.broker.faults.hold_reply(call)
        return accepted(answer, call.tr, transaction)

    def _authenticate(self, request: web.Request) -> Account:
        headers = request.headers
        account = self._key_owner(headers.get("appkey", ""), headers.get("appsecret", ""))
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if scheme != "Bearer" or not token:
            raise KisError("EGW00122", "token이 없습니다.", status=GATEWAY_STATUS)
        grant = self.broker.tokens.find("kis", token.strip())
        if grant is None or grant.app_key != account.app_key:
            raise KisError("EGW00121", "유효하지 않은 token 입니다.", status=GATEWAY_STATUS)
        if grant.expires_at <= self.broker.clock.now():
            raise KisError("EGW00123", "기간이 만료된 token 입니다.", status=GATEWAY_STATUS)
        switches = self.broker.switches
        limit = switches.kis_rate_real if self.server == "real" else switches.kis_rate_paper
        if not self.pace.allows(account.app_key, limit):
            raise KisError("EGW00201", "초당 거래건수를 초과하였습니다.", status=GATEWAY_STATUS)
        return account

    def _service(self, request: web.Request, tr_id: str) -> Service:
        """The service of a tr_id, on its own path, on a host that offers it."""
        switches = self.broker.switches
        service = self.own.get(tr_id)
        if service is None and tr_id in self.others:
            if not switches.kis_any_tr:
                name = "모의투자" if self.server == "paper" else "실전투자"
                raise KisError("EGW02006", f"{name} TR  이 아닙니다.", status=GATEWAY_STATUS)
            service = self.others[tr_id]
        if service is None:
            raise KisError("OPSQ0002", f"없는 서비스 코드 입니다 : {tr_id}", status=GATEWAY_STATUS)
        # mojito writes two slashes before some paths.
        path = f"/{request.path.lstrip('/')}"
        if (service.path, service.method) != (path, request.method):
            raise KisError("MCA00124", "해당 서비스를 찾을수 없습니다.")
        if self.server == "paper" and not service.on_paper and not switches.kis_paper_offers_all:
            if service.account:
                raise KisError("90000000", "모의투자에서는 해당업무가 제공되지 않습니다.")
            raise KisError("IGW00009", "서비스 응답을 생성할 수 없습니다.", status=GATEWAY_STATUS)
        return service

    def _answer(self, service: Service, account: Account, tr_id: str, fields: Mapping[str, str]) -> KisAnswer:
        for name in service.required:
            if name not in fields:
                raise invalid(name)
        if service.account and fields["CANO"].strip() + fields["ACNT_PRDT_CD"].strip() != account.number:
            wrong = "인증 시점의 계좌번호와 요청 계좌번호가 일치하지 않습니다."
            message = wrong if service.orders else "ERROR : INPUT INVALID_CHECK_ACNO"
            raise KisError("OPSQ2000", message, rt_cd="2")
        call = KisCall(self.broker, self.server, account, tr_id, fields)
        return service.answer(call)


async def read_body(request: web.Request) -> dict[str, str]:
    """A JSON object of text values."""
    try:
        body = json.loads(await request.text())
    except (json.JSONDecodeError, UnicodeDecodeError):
        raise KisError("OPSQ9999", "JSON PARSING ERROR", rt_cd="2") from None
    if not isinstance(body, dict):
        raise KisError("OPSQ9998", "JSON PARSING ERROR", rt_cd="2")
    return {name: value if isinstance(value, str) else str(value) for name, value in body.items()}


async def read_fields(request: web.Request) -> dict[str, str]:
    """A POST's upper-case keys as they are, a GET's query names in either case (§1.2)."""
    if request.method == "POST":
        return await read_body(request)
    return {name.upper(): value for name, value in request.query.items()}


def korean_json(body: object) -> str:
    """KIS writes Korean as it is, in UTF-8, not as escapes."""
    return json.dumps(body, ensure_ascii=False)


def accepted(answer: KisAnswer, tr_id: str, transaction: str) -> web.Response:
    return respond(answer.envelope(), 200, tr_id, answer.tr_cont, transaction)


def rejected(error: KisError, tr_id: str, transaction: str) -> web.Response:
    body = {"rt_cd": error.rt_cd, "msg_cd": error.code, "msg1": error.message}
    return respond(body, error.status, tr_id, "", transaction)


def respond(body: Mapping[str, Any], status: int, tr_id: str, tr_cont: str, transaction: str) -> web.Response:
    """KIS's own three headers are lower case, all others capitalised: clients depend on it (§1.2)."""
    headers = {"tr_id": tr_id, "tr_cont": tr_cont, "gt_uid": transaction}
    return web.json_response(body, status=status, headers=headers, dumps=korean_json)


def oauth_error(error: KisError) -> web.Response:
    """OAuth refusals have keys of their own (§1.3)."""
    body = {"error_code": error.code, "error_description": error.message}
    return web.json_response(body, status=403 if error.status == 200 else error.status, dumps=korean_json)


def rule_error(rule: Rule, tr_id: str) -> web.Response:
    """A fault in KIS's words; "EGW00201" needs no text of its own."""
    code = rule.code or "EGW00002"
    words = {
        "EGW00002": "서버 에러가 발생했습니다.",
        "EGW00121": "유효하지 않은 token 입니다.",
        "EGW00123": "기간이 만료된 token 입니다.",
        "EGW00201": "초당 거래건수를 초과하였습니다.",
        "EGW00215": "원장에서 허용 가능한 초당 거래건수를 초과하였습니다.",
    }
    return rejected(KisError(code, rule.message or words.get(code, ""), status=rule.status), tr_id, "")


def oauth_rule(rule: Rule) -> web.Response:
    return oauth_error(KisError(rule.code or "EGW00002", rule.message, status=rule.status))
