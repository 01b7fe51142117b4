"""What somebody looked at, carried through their browser unchanged: what leaves is what was confirmed.

Prices move while a person reads; blocks worked out anew at the confirmation would be others than those seen.
"""

from typing import Any

from django.core import signing

from accounts.models import User
from lucy.errors import LucyError

SALT = "blocks.looked-at"
LASTS_MINUTES = 10


def seal(user: User, kind: str, what: dict[str, Any]) -> str:
    """`kind` says which page it is for; another's does not open it."""
    return signing.dumps({"user": str(user.pk), "what": what}, salt=f"{SALT}.{kind}", compress=True)


def unseal(user: User, kind: str, text: str) -> dict[str, Any]:
    """Raises `LucyError` (`looked_too_long`, 409) for a look that is too old, or not this user's."""
    try:
        found = signing.loads(text, salt=f"{SALT}.{kind}", max_age=LASTS_MINUTES * 60)
    except signing.BadSignature as odd:
        raise _too_long() from odd
    if found["user"] != str(user.pk):
        raise _too_long()
    what: dict[str, Any] = found["what"]
    return what


def _too_long() -> LucyError:
    return LucyError(
        "looked_too_long",
        f"미리 본 지 {LASTS_MINUTES}분이 지나 아무것도 보내지 않았습니다. 새 가격으로 다시 확인하세요.",
        status=409,
    )
