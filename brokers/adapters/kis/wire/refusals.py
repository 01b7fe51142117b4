"""Telling a yes from each kind of no (kis.md §1.4, §1.5), and from an answer that proves nothing."""

from collections.abc import Mapping
from typing import Any

from brokers.adapters.base import (
    AuthFailed,
    BadReply,
    BrokerError,
    RateLimited,
    Receipt,
    Rejected,
    ReplyLost,
    Unreachable,
)
from brokers.adapters.kis import codes
from brokers.adapters.kis.wire.fields import order_number, text
from brokers.adapters.transport import Reply


def code_of(reply: Reply) -> str:
    """OAuth names its code `error_code`, everything else `msg_cd`."""
    return text(reply.data, "msg_cd") or text(reply.data, "error_code")


def token_refused(reply: Reply) -> bool:
    """Proof that the gateway looked at nothing but the token; comes with HTTP 500 mostly."""
    return text(reply.data, "rt_cd") != "0" and code_of(reply) in codes.TOKEN_REFUSED


def receipt(reply: Reply) -> Receipt:
    """The number of a taken order; `ReplyLost` for an answer that is neither a clear yes nor a clear no."""
    output = reply.data.get("output")
    output = output if isinstance(output, Mapping) else {}
    number = order_number(text(output, "ODNO"))
    if reply.status == 200 and text(reply.data, "rt_cd") == "0" and number.isdigit():
        return Receipt(number, text(output, "KRX_FWDG_ORD_ORGNO"))
    if number:
        raise ReplyLost("a number, but no acceptance", code=code_of(reply))
    raise _proven(reply) or ReplyLost(_words(reply), code=code_of(reply))


def answer(reply: Reply) -> Mapping[str, Any]:
    """The body of an answered question."""
    result = text(reply.data, "rt_cd")
    if reply.status == 200 and result == "0":
        return reply.data
    if refusal := _proven(reply):
        raise refusal
    if reply.status == 200 and not result:
        raise BadReply("rt_cd is missing")
    raise Unreachable(_words(reply), code=code_of(reply))


def oauth_answer(reply: Reply) -> Mapping[str, Any]:
    """The body of an OAuth answer, which has no rt_cd."""
    if reply.status == 200 and not code_of(reply):
        return reply.data
    raise _proven(reply) or Unreachable(_words(reply), code=code_of(reply))


def _proven(reply: Reply) -> BrokerError | None:
    """The refusal, if the answer proves that nothing was taken."""
    code, words = code_of(reply), _words(reply)
    if text(reply.data, "rt_cd") == "0":
        return None
    if code in codes.TOO_FAST:
        return RateLimited(words, code=code)
    if code in codes.KEY_REFUSED or code in codes.TOKEN_REFUSED:
        return AuthFailed(words, code=code)
    if code in codes.NOT_ACCEPTED or _refused_by_ledger(reply, code):
        return Rejected(words, code=code)
    return None


def _refused_by_ledger(reply: Reply, code: str) -> bool:
    # The ledger says no with HTTP 200. A gateway code we do not know may hide a broken link behind it.
    return reply.status == 200 and bool(text(reply.data, "rt_cd")) and _is_ledger_code(code)


def _is_ledger_code(code: str) -> bool:
    return bool(code) and not code.startswith(codes.GATEWAY_PREFIXES)


def _words(reply: Reply) -> str:
    said = text(reply.data, "msg1") or text(reply.data, "error_description")
    return said or f"HTTP {reply.status} without a message"
