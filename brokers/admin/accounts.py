"""Accounts at brokers: their keys go in and never come out; who may use them; how they are."""

from collections.abc import Callable
from typing import Any

from cryptography.fernet import InvalidToken
from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.decorators import method_decorator
from django.utils.formats import date_format
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables

from accounts.models import User
from accounts.rights import decides_on_roles, user_of
from brokers.adapters.base import BrokerError
from brokers.admin.lists import ReadOnlyAdmin
from brokers.models import AccountGrant, AccountHealth, BrokerAccount, Order
from brokers.services import accounts as services
from brokers.services.closing import look_through
from brokers.terms import Broker

DIGITS = {Broker.KIS: 10, Broker.LS: 11}
NUMBER_SHAPES = {Broker.KIS: "8-2 (모두 10자리)", Broker.LS: "3-2-6 (모두 11자리)"}
DOTS = "•" * 12
one_word = RegexValidator(r"^[\x21-\x7e]+$", "빈칸이나 한글 없이 증권사가 준 그대로 붙여 넣으세요.")


class SecretField(forms.CharField):
    """Written, never read: dots stand for what is there, and nothing typed keeps it."""

    def __init__(self, label: str) -> None:
        widget = forms.PasswordInput(render_value=False, attrs={"autocomplete": "new-password", "size": 60})
        super().__init__(label=label, required=False, widget=widget, validators=[one_word], max_length=512)

    def show_whether_set(self, is_set: bool) -> None:
        self.widget.attrs["placeholder"] = DOTS if is_set else ""
        self.help_text = "저장되어 있습니다. 바꿀 때만 새로 적으세요." if is_set else "아직 없습니다."


class BrokerAccountForm(forms.ModelForm[BrokerAccount]):
    number = forms.CharField(
        label="계좌번호", max_length=20, help_text="'-'는 있어도 없어도 됩니다. KIS는 8-2입니다."
    )
    new_app_key = SecretField("앱 키")
    new_app_secret = SecretField("앱 시크릿")

    class Meta:
        model = BrokerAccount
        fields = (
            "broker",
            "server",
            "number",
            "name",
            "customer",
            "hts_id",
            "paused",
            "commission_percent",
            "sales_tax_percent",
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("app_key", "app_secret"):
            self._secret(name).show_whether_set(self._is_set(name))

    def _secret(self, name: str) -> SecretField:
        field = self.fields[f"new_{name}"]
        assert isinstance(field, SecretField)  # noqa: S101  # declared above
        return field

    def _is_set(self, name: str) -> bool:
        """Asked of the database: the value itself is not even decrypted."""
        return BrokerAccount.objects.filter(pk=self.instance.pk).exclude(**{name: ""}).exists()

    def clean_number(self) -> str:
        number = "".join(self.cleaned_data["number"].replace("-", "").split())
        broker = self.cleaned_data.get("broker") or self.instance.broker
        if broker and not (number.isascii() and number.isdigit() and len(number) == DIGITS[Broker(broker)]):
            raise ValidationError(f"{Broker(broker).label} 계좌번호는 {NUMBER_SHAPES[Broker(broker)]}입니다.")
        return number

    @sensitive_variables()
    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if (data.get("broker") or self.instance.broker) == Broker.KIS and not data.get("hts_id"):
            self.add_error("hts_id", "KIS 체결통보를 받으려면 HTS ID가 필요합니다.")
        for name in ("app_key", "app_secret"):
            if not (data.get(f"new_{name}") or self._is_set(name) or self.has_error(f"new_{name}")):
                self.add_error(f"new_{name}", "증권사에서 받은 값을 적으세요.")
        return data

    @sensitive_variables()
    def save(self, commit: bool = True) -> BrokerAccount:
        if key := self.cleaned_data["new_app_key"]:
            self.instance.app_key = key
        if secret := self.cleaned_data["new_app_secret"]:
            self.instance.app_secret = secret
        account: BrokerAccount = super().save(commit)
        return account


class GrantFormSet(forms.BaseInlineFormSet[AccountGrant, Any, Any]):
    """Nobody but an administrator opens an account to themselves."""

    granter: User
    may_grant_self = False

    def clean(self) -> None:
        super().clean()
        for form in self.forms:
            if form.has_changed() and not self.may_grant_self and self._names_self(form):
                raise ValidationError("자신의 계좌 권한은 바꿀 수 없습니다. 관리자에게 요청하세요.")

    def _names_self(self, form: Any) -> bool:
        named = form.cleaned_data.get("user") or form.instance.user_id
        return self.granter.pk in {getattr(named, "pk", named), form.instance.user_id}


class GrantInline(admin.TabularInline[AccountGrant, Any]):
    """Who may see this account, and who may also trade it."""

    model = AccountGrant
    formset = GrantFormSet
    extra = 0
    verbose_name_plural = "볼 수 있는 사람, 주문할 수 있는 사람"
    autocomplete_fields = ("user",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[AccountGrant]:
        rights = super().get_queryset(request).select_related("account", "user")
        return rights.defer("account__app_key", "account__app_secret")

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        formset = super().get_formset(request, obj, **kwargs)
        rights = {"granter": user_of(request), "may_grant_self": decides_on_roles(request)}
        return type("GrantFormSetOfStaff", (formset,), rights)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "account":
            kwargs["queryset"] = BrokerAccount.objects.defer("app_key", "app_secret").order_by(
                "broker", "name"
            )
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


@admin.register(BrokerAccount)
@method_decorator(sensitive_post_parameters(), name="changeform_view")
class BrokerAccountAdmin(admin.ModelAdmin[BrokerAccount]):
    form = BrokerAccountForm
    list_display = ("name", "broker", "server", "shown_number", "customer", "paused")
    list_filter = ("broker", "server", "paused")
    search_fields = ("name", "number__startswith")
    ordering = ("broker", "name")
    inlines = (GrantInline,)
    actions = ("test_connection", "renew_token", "reconcile", "pause", "resume")
    fieldsets = (
        (None, {"fields": ("broker", "server", "number", "name", "customer", "hts_id", "paused")}),
        ("매매 비용", {"fields": ("commission_percent", "sales_tax_percent")}),
        ("증권사 키", {"fields": ("new_app_key", "new_app_secret")}),
    )

    @admin.display(description="계좌번호", ordering="number")
    def shown_number(self, account: BrokerAccount) -> str:
        return account.shown_number

    def get_queryset(self, request: HttpRequest) -> QuerySet[BrokerAccount]:
        return super().get_queryset(request).defer("app_key", "app_secret")

    def get_readonly_fields(self, request: HttpRequest, obj: BrokerAccount | None = None) -> tuple[str, ...]:
        """An account with orders stays the account it is."""
        return ("broker", "server", "number") if obj and _has_orders(obj) else ()

    def has_delete_permission(self, request: HttpRequest, obj: BrokerAccount | None = None) -> bool:
        return super().has_delete_permission(request, obj) and not (obj and _has_orders(obj))

    def get_actions(self, request: HttpRequest) -> Any:
        return {
            name: action for name, action in super().get_actions(request).items() if name != "delete_selected"
        }

    def has_operate_permission(self, request: HttpRequest) -> bool:
        return self.has_change_permission(request)

    @admin.action(description="연결 시험", permissions=["operate"])
    def test_connection(self, request: HttpRequest, chosen: QuerySet[BrokerAccount]) -> None:
        self._each(request, chosen, services.test_connection, "연결됨")

    @admin.action(description="접근 토큰 새로 받기", permissions=["operate"])
    def renew_token(self, request: HttpRequest, chosen: QuerySet[BrokerAccount]) -> None:
        def renewed(account: BrokerAccount) -> str:
            return f"{date_format(services.renew_token(account), 'Y-m-d H:i')}까지"

        self._each(request, chosen, renewed, "새 토큰")

    @admin.action(description="지금 대사(증권사와 맞춰 보기)", permissions=["operate"])
    def reconcile(self, request: HttpRequest, chosen: QuerySet[BrokerAccount]) -> None:
        def compared(account: BrokerAccount) -> str:
            result = look_through(account)
            waiting = len(result.unclear)
            return f"주문 {result.lines}건, 반영 {result.changes}건" + (
                f", 확인 필요 {waiting}건" if waiting else ""
            )

        self._each(request, chosen, compared, "맞춰 봄")

    @admin.action(description="일시정지", permissions=["operate"])
    def pause(self, request: HttpRequest, chosen: QuerySet[BrokerAccount]) -> None:
        self._each(request, chosen, services.pause, "일시정지함")

    @admin.action(description="다시 열기", permissions=["operate"])
    def resume(self, request: HttpRequest, chosen: QuerySet[BrokerAccount]) -> None:
        self._each(request, chosen, services.resume, "다시 열었음")

    def _each(
        self,
        request: HttpRequest,
        chosen: QuerySet[BrokerAccount],
        work: Callable[[BrokerAccount], str | None],
        done: str,
    ) -> None:
        """Do it to each account, and say of each how it went."""
        for account in chosen.order_by("broker", "name"):
            try:
                told = work(account)
            except BrokerError as error:
                self.message_user(request, f"{account}: 증권사 오류: {error}", messages.ERROR)
            except InvalidToken:
                words = "저장된 키를 풀 수 없습니다. 키를 다시 적거나 LUCY_FIELD_KEYS를 확인하세요."
                self.message_user(request, f"{account}: {words}", messages.ERROR)
            else:
                self.log_change(request, account, done)
                self.message_user(
                    request, f"{account}: {done}{f', {told}' if told else ''}", messages.SUCCESS
                )


def _has_orders(account: BrokerAccount) -> bool:
    return Order.objects.filter(account=account).exists()


@admin.register(AccountHealth)
class AccountHealthAdmin(ReadOnlyAdmin):
    """Who is down."""

    list_display = (
        "account",
        "socket",
        "socket_since",
        "last_message_at",
        "last_reconciled_at",
        "last_error",
        "last_error_at",
    )
    list_filter = ("socket",)
    list_select_related = ("account",)
    ordering = ("socket", "socket_since")
