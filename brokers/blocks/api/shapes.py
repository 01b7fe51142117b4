"""How funds, plans, blocks and allocations read in the API."""

from rest_framework import serializers

from brokers.api.fields import MoneyField
from brokers.blocks.terms import Basis, BlockStatus, ChildState, IssueStance, Mode, OnTrouble, Rounding
from brokers.terms import OrderType, Side


class FundShape(serializers.Serializer[None]):
    id = serializers.CharField()
    code = serializers.CharField()
    name = serializers.CharField()
    cash = MoneyField(help_text="Free: without what open blocks may still cost.")
    holdings = serializers.DictField(child=serializers.IntegerField(), help_text="Free shares by symbol.")
    as_of = serializers.DateTimeField()
    order_value = MoneyField(allow_null=True)
    day_value = MoneyField(allow_null=True)


class FundBooksShape(serializers.Serializer[None]):
    cash = MoneyField()
    as_of = serializers.DateTimeField()
    holdings = serializers.DictField(child=serializers.IntegerField())


class RestrictionShape(serializers.Serializer[None]):
    symbol = serializers.CharField()
    side = serializers.ChoiceField([*Side.choices, ("", "both")])
    stance = serializers.ChoiceField(IssueStance.choices)
    reason = serializers.CharField()


class FundDetailShape(FundShape):
    four_eyes = serializers.BooleanField()
    is_active = serializers.BooleanField()
    books = FundBooksShape(help_text="As they were told.")
    targets = serializers.DictField(child=serializers.CharField(), help_text="Percent by symbol.")
    restrictions = RestrictionShape(many=True)


class LegShape(serializers.Serializer[None]):
    position = serializers.IntegerField()
    fund = serializers.CharField(help_text="The fund's code.")
    account = serializers.CharField(allow_null=True)
    weight = serializers.IntegerField(help_text="Hundredths of a percent, or shares (`basis`).")
    cap = serializers.IntegerField(allow_null=True, help_text="The most shares of one block.")


class PlanShape(serializers.Serializer[None]):
    id = serializers.CharField()
    code = serializers.CharField()
    version = serializers.IntegerField()
    name = serializers.CharField()
    mode = serializers.ChoiceField(Mode.choices)
    basis = serializers.ChoiceField(Basis.choices)
    rounding = serializers.ChoiceField(Rounding.choices)
    lot = serializers.IntegerField()
    on_trouble = serializers.ChoiceField(OnTrouble.choices)
    executing_account = serializers.CharField(allow_null=True)
    frozen_at = serializers.DateTimeField(allow_null=True)
    legs = LegShape(many=True)


class BlockShape(serializers.Serializer[None]):
    id = serializers.CharField()
    client_block_id = serializers.CharField()
    plan = serializers.CharField()
    symbol = serializers.CharField()
    name = serializers.CharField()
    side = serializers.ChoiceField(Side.choices)
    order_type = serializers.ChoiceField(OrderType.choices)
    price = MoneyField(allow_null=True)
    quantity = serializers.IntegerField(help_text="As asked for.")
    ordered_quantity = serializers.IntegerField(help_text="What the legs add up to.")
    filled_quantity = serializers.IntegerField()
    open_quantity = serializers.IntegerField()
    average_price = MoneyField(allow_null=True)
    status = serializers.CharField(help_text=", ".join(BlockStatus.values))
    status_text = serializers.CharField()
    halted = serializers.CharField(help_text="Why legs were held back; empty where none were.")
    needs_approval = serializers.BooleanField()
    revision = serializers.IntegerField(help_text="Counts the changes of the allocation.")
    trade_date = serializers.DateField(allow_null=True)
    created_at = serializers.DateTimeField()
    final_at = serializers.DateTimeField(allow_null=True)


class AllocationShape(serializers.Serializer[None]):
    position = serializers.IntegerField()
    fund = serializers.CharField(help_text="The fund's code.")
    account = serializers.CharField()
    ordered = serializers.IntegerField()
    filled = serializers.IntegerField()
    average_price = MoneyField(allow_null=True)
    amount = MoneyField()
    fee = MoneyField()
    tax = MoneyField()
    net = MoneyField(help_text="Leaves the fund (a buy) or comes to it (a sale).")


class ChildShape(serializers.Serializer[None]):
    position = serializers.IntegerField(help_text="The leg's; 0 where one account executes for all.")
    fund = serializers.CharField(allow_null=True)
    account = serializers.CharField()
    quantity = serializers.IntegerField()
    state = serializers.ChoiceField(ChildState.choices)
    order = serializers.CharField(allow_null=True)
    order_status = serializers.CharField(allow_null=True)
    filled_quantity = serializers.IntegerField()
    note = serializers.CharField()
    note_code = serializers.CharField()


class BlockEventShape(serializers.Serializer[None]):
    seq = serializers.IntegerField()
    kind = serializers.CharField()
    actor = serializers.CharField()
    text = serializers.CharField()
    at = serializers.DateTimeField()


class BlockDetailShape(BlockShape):
    children = ChildShape(many=True)
    allocations = AllocationShape(many=True)
    trail = BlockEventShape(many=True)


class TroubleShape(serializers.Serializer[None]):
    code = serializers.CharField()
    message = serializers.CharField()
    position = serializers.IntegerField(help_text="The leg's; 0 where it is about more than one.")
    account = serializers.CharField()
    fund = serializers.CharField()


class PreviewLegShape(serializers.Serializer[None]):
    position = serializers.IntegerField()
    fund = serializers.CharField()
    account = serializers.CharField()
    ideal = serializers.DecimalField(max_digits=20, decimal_places=2)
    quantity = serializers.IntegerField()
    amount = MoneyField()
    fee = MoneyField()
    tax = MoneyField()


class PreviewFundShape(serializers.Serializer[None]):
    fund = serializers.CharField(help_text="The fund's code.")
    quantity = serializers.IntegerField()
    cash = MoneyField(help_text="Free now.")
    cash_after = MoneyField(help_text="At the most the block can cost, with fees and taxes.")
    held = serializers.IntegerField(help_text="Free shares of the issue now.")
    held_after = serializers.IntegerField()
    today = MoneyField(help_text="Won of today's blocks so far.")
    today_after = MoneyField()
    day_value = MoneyField(allow_null=True, help_text="The most for a day.")


class DayLimitShape(serializers.Serializer[None]):
    now = MoneyField()
    after = MoneyField()
    limit = MoneyField(allow_null=True)


class DayShape(serializers.Serializer[None]):
    value = DayLimitShape(help_text="Won.")
    quantity = DayLimitShape(help_text="Shares.")


class SilenceShape(serializers.Serializer[None]):
    code = serializers.CharField()
    message = serializers.CharField()


class PreviewAccountShape(serializers.Serializer[None]):
    account = serializers.CharField()
    orders = serializers.IntegerField()
    quantity = serializers.IntegerField()
    won = MoneyField(help_text="Leaves on a buy, with fees; comes on a sale, after fees and taxes.")
    free = MoneyField(
        allow_null=True, help_text="The broker's figure: won to buy with, or shares that can be sold."
    )
    takes = MoneyField(help_text="All orders of the block here together, in the unit of `free`.")
    left = MoneyField(allow_null=True)
    as_of = serializers.DateTimeField(allow_null=True, help_text="When the broker told `free`.")
    silence = SilenceShape(allow_null=True, help_text="Why `free` is old or missing; null when it is new.")
    day = DayShape(help_text="The account's day, as the limits count it.")


class PreviewShape(serializers.Serializer[None]):
    ordered_quantity = serializers.IntegerField()
    left_over = serializers.IntegerField()
    left_over_reasons = serializers.ListField(child=serializers.CharField())
    legs = PreviewLegShape(many=True)
    funds = PreviewFundShape(many=True)
    accounts = PreviewAccountShape(many=True)
    user_day = DayShape(help_text="Your day on all accounts, as the limits count it.")
    troubles = TroubleShape(many=True, help_text="Why it may not leave; empty when it may.")
    approval_reasons = serializers.ListField(child=serializers.CharField())


class OutcomeShape(serializers.Serializer[None]):
    position = serializers.IntegerField()
    outcome = serializers.CharField(help_text="ok, doubt, bad, none")
    text = serializers.CharField()


class OutcomesShape(serializers.Serializer[None]):
    outcomes = OutcomeShape(many=True)


class DayAllocationShape(AllocationShape):
    block = serializers.CharField()
    symbol = serializers.CharField()
    side = serializers.ChoiceField(Side.choices)
    final = serializers.BooleanField(help_text="Whether the block's allocation is final.")


class SideSumShape(serializers.Serializer[None]):
    shares = serializers.IntegerField()
    amount = MoneyField()
    fee = MoneyField()
    tax = MoneyField()


class SumsShape(serializers.Serializer[None]):
    buy = SideSumShape()
    sell = SideSumShape()
    net = MoneyField(help_text="What the day brings (positive) or costs, after fees and taxes.")


class AllocationsShape(serializers.Serializer[None]):
    day = serializers.DateField()
    sums = SumsShape(help_text="Over every page of what is asked for.")
    next = serializers.URLField(allow_null=True, help_text="The next page; null on the last one.")
    results = DayAllocationShape(many=True)
