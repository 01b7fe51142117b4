"""Addresses that are told of allocations: a secret goes in and never comes out; every attempt in a list."""

from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables

from brokers.admin.accounts import SecretField
from brokers.admin.lists import period_by
from brokers.blocks.admin.records import NamedAdmin
from brokers.blocks.models import Webhook, WebhookDelivery
from brokers.blocks.services.webhooks import again, new_secret


class WebhookForm(forms.ModelForm[Webhook]):
    new_value = SecretField("서명 비밀")

    class Meta:
        model = Webhook
        fields = ("name", "url", "user", "is_active")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["new_value"]
        assert isinstance(field, SecretField)  # noqa: S101  # declared above
        field.show_whether_set(self.instance.pk is not None)

    def clean_url(self) -> str:
        url = str(self.cleaned_data["url"])
        if settings.BROKERS == "live" and urlsplit(url).scheme != "https":
            raise ValidationError("실전에서는 https 주소만 씁니다.")
        return url

    @sensitive_variables()
    def save(self, commit: bool = True) -> Webhook:
        """Without one given, a new address gets a secret of its own, which the admin tells once."""
        if value := self.cleaned_data["new_value"]:
            self.instance.secret = value
        elif self.instance.pk is None:
            self.instance.secret = new_secret()
        row: Webhook = super().save(commit)
        return row


@admin.register(Webhook)
@method_decorator(sensitive_post_parameters(), name="changeform_view")
class WebhookAdmin(admin.ModelAdmin[Webhook]):
    form = WebhookForm
    list_display = ("name", "url", "user", "is_active")
    fields = ("name", "url", "user", "is_active", "new_value")
    autocomplete_fields = ("user",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Webhook]:
        return super().get_queryset(request).defer("secret")

    def save_model(self, request: HttpRequest, obj: Webhook, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if not change and not form.cleaned_data["new_value"]:
            words = f"서명 비밀: {obj.secret} · 지금 한 번만 보입니다. 받는 쪽에 옮겨 적으세요."
            self.message_user(request, words, messages.WARNING)


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(NamedAdmin):
    list_display = (
        "created_at",
        "webhook_name",
        "event",
        "revision",
        "state",
        "attempts",
        "due_at",
        "answer",
    )
    list_filter = (period_by("created_at"), "state", "event")
    ordering = ("-created_at", "-pk")
    actions = ("send_again",)

    @admin.display(description="웹훅")
    def webhook_name(self, row: WebhookDelivery) -> str:
        return str(row.webhook)

    def has_again_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("blocks.change_webhook")  # type: ignore[union-attr]

    @admin.action(description="다시 보내기", permissions=["again"])
    def send_again(self, request: HttpRequest, chosen: QuerySet[WebhookDelivery]) -> None:
        count = again(chosen)
        self.message_user(request, f"{count}건을 다시 보냅니다.")
