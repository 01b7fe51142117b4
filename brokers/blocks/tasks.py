"""Celery shells of block orders: one call inwards each. Their times are edited in the admin."""

from celery import shared_task

from brokers.blocks.services import approvals, baskets, following, sending, webhooks
from lucy.jobs.running import job


@shared_task
def deliver_webhook(key: str) -> bool:
    """One attempt at once; what was not taken is repeated by `block_sweep` when its time has come."""
    return webhooks.deliver(key)


@job(time_limit_minutes=5)
def block_sweep() -> int:
    """Every minute: resume what lost its process, close what nobody approved, follow, tell what is due."""
    done = sending.resume() + baskets.resume() + approvals.lapse_overdue()
    following.sweep()
    return done + webhooks.deliver_due()
