"""The console of funds and block orders."""

from brokers.blocks.admin import funds, records, webhooks

__all__ = ["funds", "records", "webhooks"]
