"""Telling a yes from each kind of no (ls.md 1.5 to 1.7), and from an answer that proves nothing."""

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
from brokers.adapters.ls import codes
from brokers.adapters.ls.wire.fields import Body, Row, block
from brokers.adapters.transport import Reply


def code_of(reply: Reply) -> str:
    """OAuth names its code `error_code`, everything else `rsp_cd`; success may be blank."""
    said = Row("answer", reply.data)
    return said.text("rsp_cd") or said.text("error_code")


def token_refused(reply: Reply) -> bool:
    """Proof that the gateway looked at nothing but the token; HTTP 500 mostly, 200 and 401 were seen."""
    return code_of(reply) in codes.TOKEN_REFUSED


def receipt(reply: Reply, tr: str) -> Receipt:
    """The number of a taken order; `ReplyLost` for every answer that is neither a clear yes nor a clear no.

    Success codes differ by server and year: only a number above zero is a yes.
    """
    number = _number_given(reply.data, f"{tr}OutBlock2")
    if reply.status == 200 and number > 0:
        return Receipt(str(number))
    if number > 0:
        raise ReplyLost("a number, but no acceptance", code=code_of(reply))
    raise _proven(reply) or ReplyLost(_words(reply), code=code_of(reply))


def answer(reply: Reply) -> Body:
    """The body of an answered question, be the answer "nothing found"."""
    code = code_of(reply)
    if reply.status == 200 and (not code or code.startswith(codes.GOOD_PREFIX) or code == codes.NO_ROWS):
        return reply.data
    if code in codes.ASKED_WRONGLY:
        raise Rejected(_words(reply), code=code)
    raise _proven(reply) or Unreachable(_words(reply), code=code)


def oauth_answer(reply: Reply) -> Body:
    """The body of an OAuth answer; its failures are HTTP 403 with codes of the gateway."""
    code = code_of(reply)
    if reply.status == 200 and not code:
        return reply.data
    if code != codes.TOO_FAST and reply.status in (401, 403):
        raise AuthFailed(_words(reply), code=code)
    raise _proven(reply) or Unreachable(_words(reply), code=code)


def _number_given(body: Body, name: str) -> int:
    """A refusal leaves the block out, or zeroes it (ls.md 1.6)."""
    if not body.get(name):
        return 0
    try:
        return block(body, name).integer("OrdNo")
    except BadReply as odd:
        raise ReplyLost(odd.message) from odd


def _proven(reply: Reply) -> BrokerError | None:
    """The refusal, if the answer proves that nothing was taken."""
    code, words = code_of(reply), _words(reply)
    if code == codes.TOO_FAST:
        return RateLimited(words, code=code)
    if code in codes.TOKEN_REFUSED:
        return AuthFailed(words, code=code)
    if reply.status == 200 and _is_business_refusal(code):
        return Rejected(words, code=code)
    return None


def _is_business_refusal(code: str) -> bool:
    """The gateway's own faults prove nothing: the order may lie behind a broken link."""
    return bool(code) and not code.startswith((codes.GOOD_PREFIX, codes.GATEWAY_PREFIX))


def _words(reply: Reply) -> str:
    said = Row("answer", reply.data)
    return said.text("rsp_msg") or said.text("error_description") or f"HTTP {reply.status} without a message"
