"""Whose a screen, a snapshot, a saved search is: the one place of object-level permission."""

from bson import ObjectId
from django.db.models import Q, QuerySet

from accounts.models import User
from screener.models import OwnScreen, SavedScreen, Snapshot


def own_screens_seen_by(user: User) -> QuerySet[OwnScreen]:
    """The user's own, and what others share."""
    return OwnScreen.objects.filter(Q(user=user) | Q(shared=True))


def own_screens_of(user: User) -> QuerySet[OwnScreen]:
    return OwnScreen.objects.filter(user=user).order_by("name")


def snapshots_of(user: User) -> QuerySet[Snapshot]:
    return Snapshot.objects.filter(user=user)


def saved_of(user: User) -> QuerySet[SavedScreen]:
    return SavedScreen.objects.filter(user=user)


def own_screen_seen_by(user: User, key: str) -> OwnScreen | None:
    """By its key in an address; None for what is not there and for what is another's and not shared."""
    return own_screens_seen_by(user).filter(pk=key).first() if ObjectId.is_valid(key) else None
