"""The operators' console: accounts at brokers, and everything that happened on them (read-only)."""

from brokers.admin import accounts, discrepancies, keys, market, orders, records, rules, stops, watch

__all__ = ["accounts", "discrepancies", "keys", "market", "orders", "records", "rules", "stops", "watch"]
