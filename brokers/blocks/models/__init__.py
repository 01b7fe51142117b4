from brokers.blocks.models.approvals import Approval, BlockRule
from brokers.blocks.models.baskets import Basket, BasketRow
from brokers.blocks.models.blocks import AllocationShare, Block, BlockChild, BlockEvent
from brokers.blocks.models.funds import Fund, FundGrant, FundHolding, FundTarget, IssueRule
from brokers.blocks.models.plans import Leg, Plan
from brokers.blocks.models.webhooks import Webhook, WebhookDelivery

__all__ = [
    "AllocationShare",
    "Approval",
    "Basket",
    "BasketRow",
    "Block",
    "BlockChild",
    "BlockEvent",
    "BlockRule",
    "Fund",
    "FundGrant",
    "FundHolding",
    "FundTarget",
    "IssueRule",
    "Leg",
    "Plan",
    "Webhook",
    "WebhookDelivery",
]
