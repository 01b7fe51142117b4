"""Another house's system that is told of allocations: sometimes it refuses, sometimes it hangs up."""

import json
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from typing import Any

from brokers.blocks.services.webhooks import signature

Message = dict[str, Any]
REFUSES, HANGS_UP = 0.08, 0.05


class Receiver:
    """Takes messages whose signature is right and keeps them in their order; `calm` ends its moods."""

    def __init__(self, seed: int) -> None:
        self.secret = ""
        self.taken: list[Message] = []
        self.forged: list[str] = []
        self.counts: Counter[str] = Counter()
        self._dice = Random(seed)  # noqa: S311
        self._moody = True
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/allocations"

    def start(self) -> None:
        threading.Thread(target=self._server.serve_forever, name="receiver", daemon=True).start()

    def calm(self) -> None:
        self._moody = False

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def hear(self, body: bytes, signed: str) -> int:
        """The status to answer with; 0 hangs up."""
        with self._lock:
            mood = self._dice.random() if self._moody else 1.0
            if mood < REFUSES:
                self.counts["webhook refused"] += 1
                return 503
            at = signed.partition("t=")[2].partition(",")[0]
            if not at.isdecimal() or signature(self.secret, body, int(at)) != signed:
                self.forged.append(signed)
                return 403
            self.taken.append(json.loads(body))
            if mood < REFUSES + HANGS_UP:  # taken, and nobody hears of it
                self.counts["webhook taken, answer lost"] += 1
                return 0
            self.counts["webhook taken"] += 1
            return 204


def _handler(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status = receiver.hear(body, self.headers.get("Lucy-Signature", ""))
            if status:
                self.send_response(status)
                self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing on the terminal."""

    return Handler
