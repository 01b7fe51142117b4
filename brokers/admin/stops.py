"""The kill switch for operators: stop with a reason, release with a reason, see who did."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_protect

from accounts.rights import user_of
from brokers.admin.lists import ReadOnlyAdmin, period_by
from brokers.admin.rules import ScopedAdmin, ScopeForm
from brokers.models import Scope, StopEvent, TradingStop
from brokers.services import kill
from brokers.services.gate import MAY_OPERATE
from brokers.services.kill import Target
from lucy.errors import LucyError


class StopForm(ScopeForm):
    cancel_working = forms.BooleanField(
        label="증권사에 살아 있는 주문도 모두 취소", required=False, help_text="되돌릴 수 없습니다."
    )
    sure = forms.BooleanField(
        label="확인",
        help_text="저장하는 순간부터 이 범위의 새 주문과 정정이 나가지 않습니다. 취소는 나갑니다.",
    )

    class Meta:
        model = TradingStop
        fields = ("scope", "account", "user", "reason")

    def _is_taken(self, data: dict[str, Any]) -> bool:
        return False  # stopping what is stopped is allowed, and may add a bulk cancel


def _target(stop: TradingStop) -> Target:
    return stop.account if stop.scope == Scope.ACCOUNT else stop.user


@admin.register(TradingStop)
class TradingStopAdmin(ScopedAdmin):
    """What is stopped now. Adding a row stops; the action releases."""

    form = StopForm
    list_display = ("target", "reason", "by", "at")
    ordering = ("at",)
    fields = ("scope", "account", "user", "reason", "cancel_working", "sure")
    actions = ("release",)

    def has_operate_permission(self, request: HttpRequest) -> bool:
        return user_of(request).has_perm(MAY_OPERATE)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_operate_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.fields if obj is None else ("scope", "account", "user", "reason", "by", "at")

    @method_decorator(csrf_protect)
    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: Any = None,
    ) -> HttpResponse:
        """Without Django's `atomic` around it, which on MongoDB does nothing but forbid our transaction."""
        this: Any = self
        answer: HttpResponse = this._changeform_view(request, object_id, form_url, extra_context)
        return answer

    def save_model(self, request: HttpRequest, obj: TradingStop, form: Any, change: bool) -> None:
        data = form.cleaned_data
        done = kill.stop(
            Scope(obj.scope),
            _target(obj),
            by=user_of(request),
            reason=obj.reason,
            cancel_working=data["cancel_working"],
        )
        obj.pk, obj.by, obj.at = done.stop.pk, done.stop.by, done.stop.at
        self._tell(request, done)

    def _tell(self, request: HttpRequest, done: kill.Stopped) -> None:
        for outcome in done.cancels:
            level = messages.SUCCESS if outcome.done else messages.ERROR
            self.message_user(request, f"{outcome.order}: {outcome.text}", level)
        if done.in_flight:
            words = f"전송 중인 주문 {done.in_flight}건은 아직 취소하지 못했습니다. 주문 목록을 확인하세요."
            self.message_user(request, words, messages.WARNING)

    @admin.action(description="중단 해제…", permissions=["operate"])
    def release(self, request: HttpRequest, chosen: QuerySet[TradingStop]) -> HttpResponse | None:
        stops, reason = list(chosen), request.POST.get("reason", "").strip()
        if not reason:
            return self._asked_why(request, stops)
        for stop in stops:
            try:
                kill.release(Scope(stop.scope), _target(stop), by=user_of(request), reason=reason[:200])
            except LucyError as error:
                self.message_user(request, f"{stop}: {error.message}", messages.ERROR)
            else:
                self.message_user(request, f"{stop}: 해제했습니다.", messages.SUCCESS)
        return None

    def _asked_why(self, request: HttpRequest, stops: list[TradingStop]) -> HttpResponse:
        context = self.admin_site.each_context(request) | {
            "title": "주문 중단 해제",
            "opts": self.opts,
            "chosen": stops,
            "checkbox": ACTION_CHECKBOX_NAME,
            "missing": "asked" in request.POST,
        }
        return TemplateResponse(request, "admin/brokers/tradingstop/confirm_release.html", context)


@admin.register(StopEvent)
class StopEventAdmin(ReadOnlyAdmin):
    """Append-only: every stop, release and bulk cancel."""

    list_display = ("at", "deed", "target", "by", "reason", "text")
    list_filter = (period_by("at"), "deed")
    search_fields = ("by__exact", "target__startswith")
    ordering = ("-at", "-pk")
