"""Celery shells of this app's housekeeping."""

from celery import shared_task

from accounts.services import forget_the_past


@shared_task
def forget_old_sign_ins() -> dict[str, int]:
    """Daily: expired revoked tokens, old failures and sign-in records."""
    return forget_the_past()
