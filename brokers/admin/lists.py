"""Lists of what grows for ever: read-only, bounded by a period, never counted to the end, never joined.

On MongoDB a join comes before the sort, so `select_related` would read a whole collection for one page.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, ClassVar

from bson import ObjectId
from bson.errors import InvalidId
from django.contrib import admin
from django.contrib.admin.options import ShowFacets
from django.contrib.admin.views.main import ChangeList
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.rights import user_of
from brokers.rights import accounts_of
from brokers.selectors import with_related
from lucy import clock

MOST_COUNTED = 2_000


class CappedPaginator(Paginator[Any]):
    """Counts no further than anyone turns pages."""

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        return len(rows.order_by().values_list("pk", flat=True)[:MOST_COUNTED])


class ReadOnlyAdmin(admin.ModelAdmin[Any]):
    """Looked at by whoever has the view permission; changed by nobody, superusers included."""

    list_per_page = 50
    show_full_result_count = False
    show_facets = ShowFacets.NEVER
    paginator = CappedPaginator

    def has_add_permission(self, request: HttpRequest, *_: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class RecordsChangeList(ChangeList):
    """Names accounts and users of the page's rows in one question each."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        rows = list(self.result_list)
        with_related(rows, *(field for field in ("account", "user", "order") if hasattr(self.model, field)))
        self.result_list = rows


class RecordsAdmin(ReadOnlyAdmin):
    """Rows of accounts that the staff member may see."""

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return RecordsChangeList

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        seen = list(accounts_of(user_of(request)).values_list("pk", flat=True))
        return super().get_queryset(request).filter(account_id__in=seen)

    @admin.display(description="계좌")
    def account_name(self, row: Any) -> str:
        return str(row.account)

    @admin.display(description="주문")
    def order_name(self, row: Any) -> str:
        return str(row.order or "")


class AccountFilter(admin.SimpleListFilter):
    title = "계좌"
    parameter_name = "account"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        accounts = accounts_of(user_of(request)).defer("app_key", "app_secret")
        return [(str(account.pk), str(account)) for account in accounts]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if not (chosen := self.value()):
            return queryset
        try:
            return queryset.filter(account_id=ObjectId(chosen))
        except InvalidId:
            return queryset.none()


class PeriodFilter(admin.SimpleListFilter):
    """Today unless asked otherwise, or unless another filter asks a question about all days."""

    title = "기간"
    parameter_name = "period"
    overrides: ClassVar = ("question", "order__pk__exact")
    days: ClassVar = {"today": 0, "week": 7, "month": 30, "year": 366}
    since: Callable[[datetime], dict[str, Any]]

    def __init__(self, request: HttpRequest, *args: Any) -> None:
        self.asked = any(name in request.GET for name in self.overrides)
        super().__init__(request, *args)

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("today", "오늘"), ("week", "7일"), ("month", "30일"), ("year", "1년"), ("all", "전체")]

    def value(self) -> str:
        return super().value() or ("all" if self.asked else "today")

    def choices(self, changelist: Any) -> Any:
        for key, label in self.lookup_choices:
            query = changelist.get_query_string({self.parameter_name: key})
            yield {"selected": self.value() == key, "query_string": query, "display": label}

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        days = self.days.get(self.value())
        if days is None:
            return queryset
        return queryset.filter(**type(self).since(clock.day_start() - timedelta(days=days)))


def period_by(field: str) -> type[PeriodFilter]:
    """The period by a time that leads an index, or by `pk`: a key holds the time it was made."""

    def since(moment: datetime) -> dict[str, Any]:
        return {f"{field}__gte": ObjectId.from_datetime(moment) if field == "pk" else moment}

    return type(f"PeriodBy{field.title()}", (PeriodFilter,), {"since": staticmethod(since)})


class ShownInline(admin.TabularInline[Any, Any]):
    """Rows under another, to read."""

    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
