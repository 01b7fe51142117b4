"""Who may change what all see: the history and the formula."""

from accounts.models import User
from accounts.roles import ADMINISTRATOR, BACK_OFFICE, TRADER


def may_keep_history(user: User) -> bool:
    """Traders, as in the original, and staff; someone in no group only reads."""
    if user.has_perm("ipo.change_offeringhistory"):
        return True
    return user.groups.filter(name__in=(TRADER, BACK_OFFICE, ADMINISTRATOR)).exists()
