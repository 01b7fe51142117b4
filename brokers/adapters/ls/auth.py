"""LS's tokens: how one is fetched, and why a good one is kept to its end."""

from collections.abc import Callable
from datetime import UTC, datetime

from brokers.adapters.base import AuthFailed, BadReply, Credentials, Unreachable
from brokers.adapters.limits import KeptToken, Token, TokenStore
from brokers.adapters.ls import codes
from brokers.adapters.ls.wire import account, refusals
from brokers.adapters.transport import Transport

FORM = {"content-type": "application/x-www-form-urlencoded"}


def kept_token(credentials: Credentials, tokens: TokenStore, transport: Transport) -> KeptToken:
    """The app key's token for a client or a stream."""

    def issue() -> Token:
        return issue_token(credentials, transport)

    return KeptToken(_ToTheEnd(tokens), issue)


def issue_token(credentials: Credentials, transport: Transport) -> Token:
    """A new token; it kills the one before. `AuthFailed` for bad keys, `Unreachable` without an answer."""
    form = account.token_request(credentials)
    try:
        reply = transport.ask("POST", codes.TOKEN_PATH, FORM, body=form)
        return account.token(refusals.oauth_answer(reply), datetime.now(UTC))
    except BadReply as odd:
        # For the order that waits for it, no token means only that it cannot leave.
        raise AuthFailed(f"no token: {odd.message}", code=odd.code) from odd
    except Unreachable as away:
        raise Unreachable(f"no token: {away.message}", code=away.code) from away


class _ToTheEnd:
    """The shared store, asked to renew only what has really ended or was refused.

    Every token of LS ends at 07:00 and kills the one before it. Renewed early, as the store would like, each
    would end no later than the old one, and each process would in turn kill the token of the others.
    """

    def __init__(self, tokens: TokenStore) -> None:
        self._tokens = tokens

    def get(self) -> Token | None:
        return self._tokens.get()

    def renew(self, issue: Callable[[], Token], refused: str | None) -> Token:
        def issue_if_needed() -> Token:  # under the store's lock
            held = self._tokens.get()
            return held if held and held.value != refused and held.is_valid() else issue()

        return self._tokens.renew(issue_if_needed, refused)
