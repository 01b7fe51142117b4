"""A small KIS client of our own for the paper broker's tests: it sends and reads the wire as documented."""

import asyncio
import base64
import json
from contextlib import asynccontextmanager

import aiohttp
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import CBC

from brokers.paper import demo

TRADING = "/uapi/domestic-stock/v1/trading"
QUOTATIONS = "/uapi/domestic-stock/v1/quotations"
KEYS = {
    "real": (
        demo.KIS_REAL_APP_KEY,
        demo.KIS_REAL_APP_SECRET,
        demo.KIS_REAL_ACCOUNT,
        demo.KIS_REAL_HTS_ID,
    ),
    "paper": (
        demo.KIS_PAPER_APP_KEY,
        demo.KIS_PAPER_APP_SECRET,
        demo.KIS_PAPER_ACCOUNT,
        demo.KIS_PAPER_HTS_ID,
    ),
}


class KisClient:
    def __init__(self, http, paper, server="real"):
        self.http = http
        self.paper = paper
        self.server = server
        self.base = paper.url(f"kis_{server}")
        self.key, self.secret, self.account, self.hts_id = KEYS[server]
        self.token = ""

    async def post(self, path, body, **headers):
        async with self.http.post(self.base + path, json=body, headers=headers) as reply:
            return reply.status, await reply.json(), reply.headers

    async def login(self):
        status, body, _ = await self.issue()
        assert status == 200, body
        self.token = body["access_token"]
        return self

    async def issue(self):
        body = {"grant_type": "client_credentials", "appkey": self.key, "appsecret": self.secret}
        return await self.post("/oauth2/tokenP", body)

    def headers(self, tr, tr_cont=""):
        return {
            "authorization": f"Bearer {self.token}",
            "appkey": self.key,
            "appsecret": self.secret,
            "tr_id": tr,
            "tr_cont": tr_cont,
            "custtype": "P",
        }

    async def get(self, path, tr, tr_cont="", **query):
        async with self.http.get(self.base + path, params=query, headers=self.headers(tr, tr_cont)) as reply:
            return reply.status, await reply.json(), reply.headers

    @property
    def owner(self):
        return {"CANO": self.account[:8], "ACNT_PRDT_CD": self.account[8:]}

    def tr(self, name):
        return f"V{name[1:]}" if self.server == "paper" else name

    async def order(self, side="buy", code="005930", quantity=1, price=90_000, kind="00", **more):
        body = {
            **self.owner,
            "PDNO": code,
            "ORD_DVSN": kind,
            "ORD_QTY": str(quantity),
            "ORD_UNPR": str(price),
            **more,
        }
        tr = self.tr("TTTC0012U" if side == "buy" else "TTTC0011U")
        _, answer, _ = await self.post(f"{TRADING}/order-cash", body, **self.headers(tr))
        return answer

    async def change(self, number, deed="02", quantity=0, price=0, whole="Y", kind="00", **more):
        body = {
            **self.owner,
            "KRX_FWDG_ORD_ORGNO": "00950",
            "ORGN_ODNO": number,
            "ORD_DVSN": kind,
            "RVSE_CNCL_DVSN_CD": deed,
            "ORD_QTY": str(quantity),
            "ORD_UNPR": str(price),
            "QTY_ALL_ORD_YN": whole,
            **more,
        }
        headers = self.headers(self.tr("TTTC0013U"))
        _, answer, _ = await self.post(f"{TRADING}/order-rvsecncl", body, **headers)
        return answer

    async def balance(self, **changes):
        names = ("AFHR_FLPR_YN", "OFL_YN", "FUND_STTL_ICLD_YN", "FNCG_AMT_AUTO_RDPT_YN")
        query = dict.fromkeys(names, "N") | {"INQR_DVSN": "01", "UNPR_DVSN": "01", "PRCS_DVSN": "00"}
        context = {"CTX_AREA_FK100": "", "CTX_AREA_NK100": ""}
        tr_cont = changes.pop("tr_cont", "")
        _, body, headers = await self.get(
            f"{TRADING}/inquire-balance",
            self.tr("TTTC8434R"),
            tr_cont,
            **self.owner | query | context | changes,
        )
        return body, headers

    async def day(self, **changes):
        today = f"{self.paper.clock.trade_date():%Y%m%d}"
        query = {
            "INQR_STRT_DT": today,
            "INQR_END_DT": today,
            "SLL_BUY_DVSN_CD": "00",
            "PDNO": "",
            "ODNO": "",
            "ORD_GNO_BRNO": "",
            "CCLD_DVSN": "00",
            "INQR_DVSN": "01",
            "INQR_DVSN_1": "",
            "INQR_DVSN_3": "00",
            "EXCG_ID_DVSN_CD": "KRX",
            "CTX_AREA_FK100": "",
            "CTX_AREA_NK100": "",
        }
        tr_cont = changes.pop("tr_cont", "")
        _, body, headers = await self.get(
            f"{TRADING}/inquire-daily-ccld", self.tr("TTTC0081R"), tr_cont, **self.owner | query | changes
        )
        return body, headers

    async def approval(self):
        body = {"grant_type": "client_credentials", "appkey": self.key, "secretkey": self.secret}
        return (await self.post("/oauth2/Approval", body))[1]["approval_key"]

    async def paper_drop(self):
        """Let the broker drop this account's connections."""
        assert self.paper.drop_sockets(self.account) == 1

    @asynccontextmanager
    async def socket(self, path="/tryitout"):
        key = await self.approval()
        async with self.http.ws_connect(self.paper.ws_url(f"kis_{self.server}") + path, autoping=False) as ws:
            yield KisSocket(ws, key)


class KisSocket:
    def __init__(self, ws, key):
        self.ws = ws
        self.approval_key = key

    async def say(self, tr, key, tr_type="1", **header):
        header = {
            "approval_key": self.approval_key,
            "custtype": "P",
            "tr_type": tr_type,
            "content-type": "utf-8",
            **header,
        }
        await self.ws.send_str(
            json.dumps({"header": header, "body": {"input": {"tr_id": tr, "tr_key": key}}})
        )

    async def ask(self, tr, key, tr_type="1", **header):
        """Register and wait for the acknowledgement."""
        await self.say(tr, key, tr_type, **header)
        while True:
            text = await self.text()
            if text.startswith("{") and "PINGPONG" not in text:
                return json.loads(text)

    async def text(self, seconds=3):
        async with asyncio.timeout(seconds):
            while True:
                message = await self.ws.receive()
                if message.type is aiohttp.WSMsgType.TEXT:
                    return message.data
                if message.type in (
                    aiohttp.WSMsgType.CLOSE,
                    aiohttp.WSMsgType.CLOSED,
                    aiohttp.WSMsgType.CLOSING,
                    aiohttp.WSMsgType.ERROR,
                ):
                    raise ConnectionError("closed")

    async def frame(self, tr, seconds=3):
        """The next data frame of a service: (flag, count, data)."""
        while True:
            text = await self.text(seconds)
            flag, _, rest = text.partition("|")
            name, _, rest = rest.partition("|")
            if flag in "01" and name == tr:
                count, _, data = rest.partition("|")
                return flag, count, data

    async def notice(self, tr, output, seconds=3):
        """The next notice in clear, as its columns."""
        _, _, data = await self.frame(tr, seconds)
        return decrypt(data, output).split("^")


def decrypt(data, output):
    decryptor = Cipher(AES256(output["key"].encode()), CBC(output["iv"].encode())).decryptor()
    clear = decryptor.update(base64.b64decode(data)) + decryptor.finalize()
    return clear[: -clear[-1]].decode()
