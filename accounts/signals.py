"""Whoever is stopped, signed out or given another role: the rows themselves tell the open sockets."""

from collections.abc import Collection
from typing import Any

from django.contrib.auth.models import Group
from django.db.models.signals import m2m_changed, post_delete, post_save
from django.dispatch import receiver

from accounts.models import BrowserSession, User
from brokers.services.notices import tell_rights_changed

CHANGED = frozenset({"post_add", "post_remove", "post_clear"})


@receiver(post_save, sender=User)
def user_changed(
    instance: User, created: bool, update_fields: Collection[str] | None = None, **_: Any
) -> None:
    """Not when somebody is made or signs in: then there is nobody to tell."""
    if not created and set(update_fields or ()) != {"last_login"}:
        tell_rights_changed(instance.pk)


@receiver(post_delete, sender=BrowserSession)
def session_ended(instance: BrowserSession, **_: Any) -> None:
    if instance.user_id is not None:
        tell_rights_changed(instance.user_id)


@receiver(m2m_changed, sender=User.groups.through)
@receiver(m2m_changed, sender=User.user_permissions.through)
def role_changed(instance: Any, action: str, pk_set: Collection[Any] | None = None, **_: Any) -> None:
    if action in CHANGED:
        for key in [instance.pk] if isinstance(instance, User) else pk_set or ():
            tell_rights_changed(key)


@receiver(m2m_changed, sender=Group.permissions.through)
def group_changed(instance: Any, action: str, pk_set: Collection[Any] | None = None, **_: Any) -> None:
    if action in CHANGED:
        groups = [instance.pk] if isinstance(instance, Group) else list(pk_set or ())
        members = User.groups.through.objects.filter(group_id__in=groups)
        for key in members.values_list("user_id", flat=True):
            tell_rights_changed(key)
