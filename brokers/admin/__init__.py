"""The operators' console: accounts at brokers, and everything that happened on them (read-only)."""

from brokers.admin import accounts, discrepancies, keys, market, orders, records, rules, stops

__all__ = ["accounts", "discrepancies", "keys", "market", "orders", "records", "rules", "stops"]
