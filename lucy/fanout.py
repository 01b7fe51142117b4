"""Messages to the channel layer from any thread, without waiting: what is told here is already saved.

The layer keeps a connection per event loop, so one loop in one thread sends for the whole process.
"""

import asyncio
import logging
import os
import threading
from concurrent.futures import Future
from typing import Any

from channels.layers import get_channel_layer

log = logging.getLogger(__name__)


class Fanout:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._pid = 0

    def send(self, group: str, message: dict[str, Any]) -> None:
        """Hand `message` to every consumer in `group`; a layer that is away is logged, nothing else."""
        layer: Any = get_channel_layer()
        sending = layer.group_send(group, message)
        asyncio.run_coroutine_threadsafe(sending, self._running_loop()).add_done_callback(self._log_failure)

    def _running_loop(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if (
                self._loop is None or self._pid != os.getpid()
            ):  # a forked worker has no thread of its parent's
                self._loop = asyncio.new_event_loop()
                self._pid = os.getpid()
                threading.Thread(target=self._loop.run_forever, name="fanout", daemon=True).start()
            return self._loop

    @staticmethod
    def _log_failure(sent: "Future[None]") -> None:
        if error := sent.exception():
            log.warning("Live news not sent (saved all the same): %s", error)


fanout = Fanout()
