"""`/api/v1/ipo/`: offers, their days, the history, the forecast."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any, TypeVar

from django.http import Http404
from drf_spectacular.utils import extend_schema, extend_schema_serializer, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from brokers.api.fields import MoneyField
from brokers.api.paging import PageInput, newest_first, page_of
from brokers.api.views import ApiView
from ipo import forecast
from ipo.board.formulas import formula_in_use
from ipo.board.months import KINDS, Event, events_between, holiday
from ipo.board.offers import listed, named, offering_snapshot, to_come
from ipo.models import Forecast, ForecastModel, Offering, OfferingHistory
from lucy import clock
from lucy.errors import LucyError, errors

LONGEST_DAYS = 400
T = TypeVar("T")


class PredictionShape(serializers.Serializer[None]):
    price = serializers.IntegerField(allow_null=True, help_text="Won; null where there is no forecast.")
    low_price = serializers.IntegerField(allow_null=True)
    high_price = serializers.IntegerField(allow_null=True)
    multiple = serializers.FloatField(allow_null=True, help_text="Of the offer price.")
    confidence = serializers.FloatField(allow_null=True, help_text="Of the interval from low to high.")
    clipped = serializers.BooleanField(help_text="Cut at the listing day's limits, 60 to 400 %.")
    beyond = serializers.ListField(
        child=serializers.CharField(), help_text="Inputs never seen so large or small."
    )
    missing = serializers.ListField(child=serializers.CharField(), help_text="What a forecast still lacks.")
    why_none = serializers.CharField(allow_blank=True)


class OfferingShape(serializers.Serializer[dict[str, Any]]):
    no = serializers.IntegerField(help_text="The source's own number.")
    name = serializers.CharField()
    former_name = serializers.CharField(allow_blank=True)
    code = serializers.CharField(allow_blank=True)
    market = serializers.CharField(allow_blank=True)
    progress = serializers.CharField(allow_blank=True)
    industry = serializers.CharField(allow_blank=True)
    homepage = serializers.CharField(allow_blank=True)
    is_spac = serializers.BooleanField()
    is_reit = serializers.BooleanField()
    is_foreign = serializers.BooleanField()
    subscription_start = serializers.DateField(allow_null=True)
    subscription_end = serializers.DateField(allow_null=True)
    payment_on = serializers.DateField(allow_null=True)
    refund_on = serializers.DateField(allow_null=True)
    listing_on = serializers.DateField(allow_null=True)
    offer_price = MoneyField(allow_null=True)
    band_low = MoneyField(allow_null=True)
    band_high = MoneyField(allow_null=True)
    par_value = MoneyField(allow_null=True)
    shares = serializers.IntegerField(allow_null=True)
    sales_eok = MoneyField(allow_null=True, help_text="억원.")
    net_income_eok = MoneyField(allow_null=True, help_text="억원.")
    institution_ratio = MoneyField(allow_null=True, help_text="The x of x:1.")
    lockup_percent = MoneyField(allow_null=True)
    competition = MoneyField(allow_null=True, help_text="The x of x:1.")
    status_text = serializers.CharField(allow_blank=True)
    url = serializers.CharField(help_text="The page at the source.")
    underwriters = serializers.ListField(child=serializers.CharField())
    forecast = PredictionShape()


class OfferingDetailShape(OfferingShape):
    sections = serializers.DictField(help_text="All that was parsed of the offer's page, by section.")


class OfferingsView(ApiView):
    @extend_schema_serializer(component_name="IpoOfferingFilters")
    class Filters(serializers.Serializer[None]):
        limit = serializers.IntegerField(min_value=1, max_value=200, default=50)
        cursor = serializers.IntegerField(
            required=False, min_value=1, help_text="From `next` of the page before."
        )
        phase = serializers.ChoiceField(
            [("all", "all"), ("ahead", "ahead"), ("past", "past")],
            default="all",
            help_text="ahead: with a day still to come, or waiting for a listing day.",
        )
        q = serializers.CharField(required=False, max_length=60, help_text="Name, code, trade.")
        underwriter = serializers.CharField(required=False, max_length=40)

    @extend_schema(
        operation_id="ipo_offerings_list",
        tags=["ipo"],
        parameters=[Filters],
        responses={200: page_of(OfferingShape), **errors(400, 401, 429)},
        description="Public offerings, the newest number first, each with its forecast or what one lacks.",
    )
    def get(self, request: Request) -> Response:
        form = self.Filters(data=request.query_params)
        form.is_valid(raise_exception=True)
        data = form.validated_data
        phases = {"all": Offering.objects.all, "ahead": to_come, "past": listed}
        rows = named(phases[data["phase"]](), data.get("q", ""), data.get("underwriter", ""))
        if "cursor" in data:
            rows = rows.filter(no__lt=data["cursor"])
        found = list(rows.defer("sections").order_by("-no")[: data["limit"] + 1])
        shown, fit = found[: data["limit"]], _fit()
        follows = _next(request, shown[-1].no) if len(found) > data["limit"] else None
        told = [offering_snapshot(one, fit) for one in shown]
        return Response({"next": follows, "results": _rendered(OfferingShape(), told)})


class OfferingView(ApiView):
    @extend_schema(
        operation_id="ipo_offering",
        tags=["ipo"],
        responses={200: OfferingDetailShape, **errors(401, 404, 429)},
        description="One offering with everything that was parsed of its page.",
    )
    def get(self, request: Request, no: int) -> Response:
        found = Offering.objects.filter(no=no).first()
        if found is None:
            raise Http404
        told = offering_snapshot(found, _fit()) | {"sections": found.sections}
        return Response(OfferingDetailShape(told).data)


def _fit() -> forecast.Fit | None:
    model = formula_in_use()
    return model.fit() if model else None


def _rendered(shape: serializers.Serializer[T], rows: Iterable[T]) -> list[Any]:
    return [shape.to_representation(one) for one in rows]


def _next(request: Request, cursor: object) -> str:
    query = request.query_params.copy()
    query["cursor"] = str(cursor)
    return request.build_absolute_uri(f"{request.path}?{query.urlencode()}")


# --- days ---------------------------------------------------------------------------------------------------


class CalendarEventShape(serializers.Serializer[Event]):
    kind = serializers.CharField(help_text="청약, 납입, 환불, 상장.")
    first = serializers.DateField()
    last = serializers.DateField()
    no = serializers.IntegerField(source="offering.no")
    name = serializers.CharField(source="offering.name")
    is_spac = serializers.BooleanField(source="offering.is_spac")


class IpoHolidayShape(serializers.Serializer[dict[str, Any]]):
    day = serializers.DateField()
    name = serializers.CharField()


class CalendarView(ApiView):
    @extend_schema_serializer(component_name="IpoCalendarFilters")
    class Filters(serializers.Serializer[None]):
        first = serializers.DateField(required=False, help_text="Today where it is missing.")
        last = serializers.DateField(required=False, help_text="30 days after the first where it is missing.")
        kind = serializers.ChoiceField([(kind, kind) for kind in KINDS], required=False)
        spacs = serializers.BooleanField(default=True)
        marked = serializers.BooleanField(default=False, help_text="Only offers that you marked.")

        def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
            first: date = attrs.get("first") or clock.trade_date()
            if not 1990 <= first.year <= 2100:
                raise serializers.ValidationError({"first": "1990년부터 2100년 사이의 날짜를 적으세요."})
            last: date = attrs.get("last") or first + timedelta(days=30)
            if not first <= last <= first + timedelta(days=LONGEST_DAYS):
                raise serializers.ValidationError(
                    {"last": f"첫날부터 {LONGEST_DAYS}일 안의 날짜를 적으세요."}
                )
            return attrs | {"first": first, "last": last}

    @extend_schema(
        operation_id="ipo_calendar",
        tags=["ipo"],
        parameters=[Filters],
        responses={
            200: inline_serializer(
                "IpoCalendar",
                {"events": CalendarEventShape(many=True), "holidays": IpoHolidayShape(many=True)},
            ),
            **errors(400, 401, 429),
        },
        description="Subscriptions, payments, refunds, listings and holidays between two days.",
    )
    def get(self, request: Request) -> Response:
        form = self.Filters(data=request.query_params)
        form.is_valid(raise_exception=True)
        data = form.validated_data
        first, last = data["first"], data["last"]
        events = events_between(
            first,
            last,
            [data["kind"]] if "kind" in data else KINDS,
            spacs=data["spacs"],
            marked=self.user if data["marked"] else None,
        )
        days = [first + timedelta(days=i) for i in range((last - first).days + 1)]
        holidays = [{"day": day, "name": name} for day in days if (name := holiday(day))]
        return Response(
            {
                "events": _rendered(CalendarEventShape(), events),
                "holidays": _rendered(IpoHolidayShape(), holidays),
            }
        )


# --- history and forecast -----------------------------------------------------------------------------------


class HistoryShape(serializers.Serializer[OfferingHistory]):
    id = serializers.CharField()
    company = serializers.CharField()
    code = serializers.CharField(allow_blank=True)
    listing_on = serializers.DateField(allow_null=True)
    offer_price = MoneyField()
    sales_eok = MoneyField(allow_null=True)
    net_income_eok = MoneyField(allow_null=True)
    institution_ratio = MoneyField(allow_null=True)
    lockup_percent = MoneyField(allow_null=True)
    first_day_high = MoneyField(allow_null=True)
    multiple = serializers.FloatField(
        allow_null=True, help_text="The listing day's high over the offer price."
    )
    note = serializers.CharField(allow_blank=True)


class HistoryView(ApiView):
    @extend_schema_serializer(component_name="IpoHistoryFilters")
    class Filters(serializers.Serializer[None]):
        limit = serializers.IntegerField(min_value=1, max_value=200, default=50)
        cursor = serializers.RegexField(
            r"^[0-9a-f]{24}$", required=False, help_text="From `next` of the page before."
        )

    @extend_schema(
        operation_id="ipo_history_list",
        tags=["ipo"],
        parameters=[Filters],
        responses={200: page_of(HistoryShape), **errors(400, 401, 429)},
        description="Past listings that the forecast learns from, the latest entry first.",
    )
    def get(self, request: Request) -> Response:
        form = self.Filters(data=request.query_params)
        form.is_valid(raise_exception=True)
        data = form.validated_data
        rows = OfferingHistory.objects.order_by("-pk")
        if "cursor" in data:
            rows = rows.filter(pk__lt=data["cursor"])
        found = list(rows[: data["limit"] + 1])
        shown = found[: data["limit"]]
        follows = _next(request, shown[-1].pk) if len(found) > data["limit"] else None
        return Response({"next": follows, "results": _rendered(HistoryShape(), shown)})


class FormulaShape(serializers.Serializer[ForecastModel]):
    version = serializers.IntegerField()
    formula = serializers.CharField(help_text="original, logarithm, without_sales")
    words = serializers.CharField(help_text="The formula as a sentence.")
    inputs = serializers.ListField(child=serializers.CharField())
    intercept = serializers.FloatField()
    coefficients = serializers.ListField(child=serializers.FloatField())
    n = serializers.IntegerField()
    r2 = serializers.FloatField()
    loo_error = serializers.FloatField(help_text="Mean absolute leave-one-out error, in multiples.")
    median_error = serializers.FloatField(help_text="The same of the plain median.")
    made_at = serializers.DateTimeField()
    why = serializers.CharField(help_text="Why this formula is the one in use.")


class ForecastShape(serializers.Serializer[Forecast]):
    no = serializers.IntegerField(source="offering.no")
    name = serializers.CharField(source="offering.name")
    version = serializers.IntegerField(source="model.version")
    at = serializers.DateTimeField()
    offer_price = MoneyField()
    multiple = serializers.FloatField()
    price = MoneyField()
    low_price = MoneyField()
    high_price = MoneyField()


class FormulaView(ApiView):
    @extend_schema(
        operation_id="ipo_formula",
        tags=["ipo"],
        responses={200: FormulaShape, **errors(401, 404, 429)},
        description="The forecast formula in use; 404 (`no_formula`) while none was made.",
    )
    def get(self, request: Request) -> Response:
        model = formula_in_use()
        if model is None:
            raise LucyError("no_formula", "아직 만든 예측식이 없습니다.", status=404)
        model.words = forecast.in_words(model.fit())  # type: ignore[attr-defined]
        return Response(FormulaShape(model).data)


class ForecastsView(ApiView):
    @extend_schema_serializer(component_name="IpoForecastFilters")
    class Filters(PageInput):
        offering = serializers.IntegerField(required=False, min_value=1, help_text="Its number.")

    @extend_schema(
        operation_id="ipo_forecast_list",
        tags=["ipo"],
        parameters=[Filters],
        responses={200: page_of(ForecastShape), **errors(400, 401, 429)},
        description="Forecasts as they were written down, newest first; one for each change behind it.",
    )
    def get(self, request: Request) -> Response:
        form = self.Filters(data=request.query_params)
        form.is_valid(raise_exception=True)
        data = form.validated_data
        rows = Forecast.objects.all()
        if "offering" in data:
            rows = rows.filter(offering__in=list(Offering.objects.filter(no=data["offering"]).only("pk")))
        return newest_first(rows, "at", data, ForecastShape().to_representation, request)
