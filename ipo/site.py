"""38커뮤니케이션's host, met as politely as any other (lucy/site.py) and in its own way of TLS.

www.38.co.kr offers a key exchange of 1024 bits, which OpenSSL 3 refuses by default (`DH_KEY_TOO_SMALL`): that
host, and no other, is met one security level lower, its certificate checked as everywhere.
"""

import ssl
from typing import Any

from requests.adapters import HTTPAdapter

from lucy.site import Pace, Site

SITE38 = "https://www.38.co.kr"
OLD_TLS_CIPHERS = "DEFAULT:@SECLEVEL=1"


class OldKeyExchange(HTTPAdapter):
    """TLS as www.38.co.kr speaks it, for hosts that this adapter is mounted for."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs, ssl_context=old_tls_context())

    def proxy_manager_for(self, proxy: Any, **kwargs: Any) -> Any:
        return super().proxy_manager_for(proxy, **kwargs, ssl_context=old_tls_context())


def old_tls_context() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.set_ciphers(OLD_TLS_CIPHERS)
    return context


class Site38(Site):
    """38커뮤니케이션; a pause of a second unless told otherwise."""

    def __init__(self, pace: Pace | None = None) -> None:
        super().__init__(SITE38, pace)
        self._session.mount(SITE38 + "/", OldKeyExchange())
