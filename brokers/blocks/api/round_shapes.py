"""How rebalances and baskets read in the API."""

from rest_framework import serializers

from brokers.api.fields import MoneyField
from brokers.blocks.api.shapes import BlockShape, TroubleShape
from brokers.terms import Side


class StepShape(serializers.Serializer[None]):
    symbol = serializers.CharField()
    price = MoneyField()
    owned = serializers.IntegerField(help_text="Shares now.")
    buying = serializers.IntegerField(help_text="Shares of open buys.")
    selling = serializers.IntegerField(help_text="Shares of open sales.")
    target = MoneyField(help_text="Percent of the net value, as `before` and `after`.")
    before = MoneyField(allow_null=True)
    after = MoneyField(allow_null=True, help_text="When all is filled, also what is open already.")
    side = serializers.ChoiceField(Side.choices, allow_null=True)
    quantity = serializers.IntegerField()


class FundRoundShape(serializers.Serializer[None]):
    fund = serializers.CharField(help_text="The fund's code.")
    net = MoneyField()
    cash = MoneyField(help_text="Free now.")
    cash_after = MoneyField()
    off_before = MoneyField(help_text="Percentage points that the issues are off their targets in all.")
    off_after = MoneyField()
    steps = StepShape(many=True)


class RoundBlockShape(serializers.Serializer[None]):
    key = serializers.CharField(help_text="For `leaves`.")
    symbol = serializers.CharField()
    side = serializers.ChoiceField(Side.choices)
    price = MoneyField(help_text="The limit.")
    quantity = serializers.IntegerField()
    targets = serializers.DictField(
        child=serializers.IntegerField(), help_text="Shares by the plan's position."
    )
    troubles = TroubleShape(many=True, help_text="Why it may not leave; empty when it may.")
    approval_reasons = serializers.ListField(child=serializers.CharField())


class ManyShape(serializers.Serializer[None]):
    blocks = RoundBlockShape(many=True)
    troubles = TroubleShape(many=True, help_text="Why they may not leave together.")
    crossed = serializers.ListField(
        child=serializers.CharField(), help_text="Issues that some buy and others sell."
    )


class RoundShape(ManyShape):
    look = serializers.CharField()
    funds = FundRoundShape(many=True)


class RoundPlacedShape(serializers.Serializer[None]):
    name = serializers.CharField()
    blocks = BlockShape(many=True)


class JudgedRowShape(serializers.Serializer[None]):
    number = serializers.IntegerField(help_text="From 1.")
    fund = serializers.CharField()
    symbol = serializers.CharField()
    quantity = serializers.IntegerField()
    price = MoneyField(allow_null=True)
    problems = serializers.ListField(child=serializers.CharField())


class JudgedShape(ManyShape):
    look = serializers.CharField(allow_null=True)
    rows = JudgedRowShape(many=True)


class BasketRowShape(serializers.Serializer[None]):
    number = serializers.IntegerField()
    fund = serializers.CharField()
    symbol = serializers.CharField()
    side = serializers.ChoiceField(Side.choices)
    quantity = serializers.IntegerField()
    price = MoneyField()
    block = serializers.CharField(allow_null=True)
    note = serializers.CharField(help_text="Why it has no block.")


class BasketShape(serializers.Serializer[None]):
    id = serializers.CharField()
    plan = serializers.CharField()
    client_basket_id = serializers.CharField()
    created_at = serializers.DateTimeField()
    rows = BasketRowShape(many=True)
