"""Rights may change in the admin, in a script, in a cascade: the row itself tells the open sockets."""

from typing import Any

from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver

from brokers.models import AccountGrant
from brokers.services.notices import tell_rights_changed


@receiver([post_save, post_delete], sender=AccountGrant)
def grant_changed(instance: AccountGrant, **kwargs: Any) -> None:
    tell_rights_changed(instance.user_id)
