from brokers.models.accounts import AccountBook, AccountGrant, AccountHealth, AccountLease, BrokerAccount
from brokers.models.calendar import DaySource, EventDay
from brokers.models.discrepancies import DayOpening, Discrepancy, DiscrepancyKind, Resolution
from brokers.models.fills import Fill, FillSource
from brokers.models.instruments import Instrument
from brokers.models.keys import Service, ServiceKey
from brokers.models.limits import RestrictedIssue, RuleChange, TradingLimit
from brokers.models.notices import Inbox, Notice, NoticeKind, NoticeRead, UserNotice, UserNoticeKind
from brokers.models.orders import (
    ChangeStatus,
    EventKind,
    Order,
    OrderChange,
    OrderEvent,
    OrderNumber,
    OrderOrigin,
    OrderStatus,
)
from brokers.models.prices import PriceChunk, PriceHistory
from brokers.models.stops import Scope, StopDeed, StopEvent, TradingStop
from brokers.models.tokens import BrokerToken
from brokers.models.watch import Crossing, Tag, WatchedStock

__all__ = [
    "AccountBook",
    "AccountGrant",
    "AccountHealth",
    "AccountLease",
    "BrokerAccount",
    "BrokerToken",
    "ChangeStatus",
    "Crossing",
    "DayOpening",
    "DaySource",
    "Discrepancy",
    "DiscrepancyKind",
    "EventDay",
    "EventKind",
    "Fill",
    "FillSource",
    "Inbox",
    "Instrument",
    "Notice",
    "NoticeKind",
    "NoticeRead",
    "Order",
    "OrderChange",
    "OrderEvent",
    "OrderNumber",
    "OrderOrigin",
    "OrderStatus",
    "PriceChunk",
    "PriceHistory",
    "Resolution",
    "RestrictedIssue",
    "RuleChange",
    "Scope",
    "Service",
    "ServiceKey",
    "StopDeed",
    "StopEvent",
    "Tag",
    "TradingLimit",
    "TradingStop",
    "UserNotice",
    "UserNoticeKind",
    "WatchedStock",
]
