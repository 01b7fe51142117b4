"""A plain LS client for the tests of the paper broker: it knows the protocol only as ls.md tells it."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from brokers.paper import demo
from brokers.paper.ledger import Account
from brokers.paper.server import PaperBroker
from brokers.paper.switches import Switches

KEYS = {
    "real": (demo.LS_REAL_APP_KEY, demo.LS_REAL_APP_SECRET, demo.LS_REAL_ACCOUNT),
    "paper": (demo.LS_PAPER_APP_KEY, demo.LS_PAPER_APP_SECRET, demo.LS_PAPER_ACCOUNT),
}
PATHS = {
    **dict.fromkeys(("CSPAT00601", "CSPAT00701", "CSPAT00801"), "/stock/order"),
    **dict.fromkeys(
        ("t1101", "t1102", "t1301", "t1302", "t1305", "t8407", "t8450", "t9945"), "/stock/market-data"
    ),
    **dict.fromkeys(("t8410", "t8411", "t8412", "t8451", "t8452"), "/stock/chart"),
    **dict.fromkeys(("t8430", "t8436"), "/stock/etc"),
    **dict.fromkeys(("t3320", "t3341"), "/stock/investinfo"),
    **dict.fromkeys(("t8424", "t1511"), "/indtp/market-data"),
    "t0167": "/etc/time-search",
}
QUIET_SECONDS = 0.15


@dataclass
class Reply:
    status: int
    headers: dict[str, str]
    body: dict[str, Any]

    @property
    def code(self) -> str:
        return str(self.body["rsp_cd"])

    def block(self, ending: str) -> Any:
        """The OutBlock whose name ends like that."""
        return next(value for name, value in self.body.items() if name.endswith("OutBlock" + ending))


@dataclass
class Listener:
    """A WebSocket, with what it heard so far."""

    socket: aiohttp.ClientWebSocketResponse
    token: str

    async def ask(
        self, tr_type: str, tr_cd: str, tr_key: str = "", token: str | None = None
    ) -> dict[str, Any]:
        """Send a frame and return the next one, which is its acknowledgement when nothing else runs."""
        header = {"token": self.token if token is None else token, "tr_type": tr_type}
        await self.socket.send_json({"header": header, "body": {"tr_cd": tr_cd, "tr_key": tr_key}})
        return await self.hear()

    async def hear(self) -> dict[str, Any]:
        frame: dict[str, Any] = await self.socket.receive_json(timeout=2)
        return frame

    async def hear_all(self, quiet_seconds: float = QUIET_SECONDS) -> list[dict[str, Any]]:
        """Every frame until it is quiet."""
        frames = []
        while True:
            try:
                frames.append(await self.socket.receive_json(timeout=quiet_seconds))
            except asyncio.TimeoutError:  # noqa: UP041 - aiohttp's own on 3.10; one and the same since
                return frames

    async def events(self) -> list[tuple[str, dict[str, str]]]:
        """The order events until it is quiet."""
        return [(frame["header"]["tr_cd"], frame["body"]) for frame in await self.hear_all()]


@dataclass
class LsSession:
    broker: PaperBroker
    http: aiohttp.ClientSession
    kind: str = "paper"
    port: str = "ls_paper"
    token: str = ""
    sockets: list[aiohttp.ClientWebSocketResponse] = field(default_factory=list)

    @property
    def account(self) -> Account:
        return self.broker.ledger.accounts.by_number[KEYS[self.kind][2]]

    def as_kind(self, kind: str) -> "LsSession":
        return LsSession(self.broker, self.http, kind, f"ls_{kind}", sockets=self.sockets)

    async def ask_token(self, **changes: str) -> aiohttp.ClientResponse:
        key, secret, _ = KEYS[self.kind]
        fields = {"grant_type": "client_credentials", "appkey": key, "appsecretkey": secret, "scope": "oob"}
        return await self.http.post(self.broker.url(self.port) + "/oauth2/token", data=fields | changes)

    async def log_in(self) -> str:
        self.token = (await (await self.ask_token()).json())["access_token"]
        return self.token

    async def post(self, path: str, tr_cd: str, body: Any, **headers: str) -> Reply:
        """A TR by hand."""
        head = {"authorization": f"Bearer {self.token}", "tr_cd": tr_cd, "tr_cont": "N", "tr_cont_key": ""}
        text = body if isinstance(body, str) else json.dumps(body)
        url = self.broker.url(self.port) + path
        async with self.http.post(url, data=text, headers=head | headers) as response:
            return Reply(response.status, dict(response.headers), await response.json())

    async def call(self, tr_cd: str, headers: dict[str, str] | None = None, /, **fields: Any) -> Reply:
        """A TR on its path with its input block."""
        if not self.token:
            await self.log_in()
        block = f"{tr_cd}InBlock" if tr_cd.startswith("t") else f"{tr_cd}InBlock1"
        return await self.post(PATHS.get(tr_cd, "/stock/accno"), tr_cd, {block: fields}, **(headers or {}))

    async def place(self, side: str = "2", quantity: int = 10, price: int = 90_000, **changes: Any) -> Reply:
        """A limit order for Samsung Electronics that rests, unless told otherwise."""
        fields = {
            "IsuNo": "A005930",
            "OrdQty": quantity,
            "OrdPrc": price,
            "BnsTpCode": side,
            "OrdprcPtnCode": "00",
            "MgntrnCode": "000",
            "LoanDt": "",
            "OrdCndiTpCode": "0",
        }
        return await self.call("CSPAT00601", None, **(fields | changes))

    async def modify(self, number: int, quantity: int, price: int, **changes: Any) -> Reply:
        fields = {"OrgOrdNo": number, "IsuNo": "A005930", "OrdQty": quantity, "OrdPrc": price}
        return await self.call(
            "CSPAT00701", **(fields | {"OrdprcPtnCode": "00", "OrdCndiTpCode": "0"} | changes)
        )

    async def cancel(self, number: int, quantity: int) -> Reply:
        return await self.call("CSPAT00801", OrgOrdNo=number, IsuNo="A005930", OrdQty=quantity)

    async def orders(self, headers: dict[str, str] | None = None, **changes: str) -> Reply:
        fields = {"expcode": "", "chegb": "0", "medosu": "0", "sortgb": "2", "cts_ordno": ""}
        return await self.call("t0425", headers, **(fields | changes))

    async def holdings(self, **changes: str) -> Reply:
        fields = {"prcgb": "1", "chegb": "2", "dangb": "0", "charge": "1", "cts_expcode": ""}
        return await self.call("t0424", None, **(fields | changes))

    async def listen(self, path: str = "/websocket") -> Listener:
        if not self.token:
            await self.log_in()
        socket = await self.http.ws_connect(self.broker.ws_url(self.port) + path)
        self.sockets.append(socket)
        return Listener(socket, self.token)

    async def listen_to_orders(self) -> Listener:
        listener = await self.listen()
        assert (await listener.ask("1", "SC0"))["header"]["rsp_cd"] == "00000"
        return listener


@asynccontextmanager
async def ls_session(*, paced: bool = False, scheduled: bool = False) -> AsyncIterator[LsSession]:
    """A paper broker with the demo accounts and a client of the paper one; without pace unless asked for."""
    switches = Switches(ls_rate_factor=1.0 if paced else 0.0)
    broker = PaperBroker(scheduled=scheduled, switches=switches)
    await broker.start()
    try:
        async with aiohttp.ClientSession() as http:
            session = LsSession(broker, http)
            yield session
            for socket in session.sockets:
                await socket.close()
    finally:
        await broker.stop()
