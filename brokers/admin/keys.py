"""Keys of services that are no brokers: they go in and never come out."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables

from brokers.admin.accounts import SecretField
from brokers.models import ServiceKey


class ServiceKeyForm(forms.ModelForm[ServiceKey]):
    new_value = SecretField("키")

    class Meta:
        model = ServiceKey
        fields = ("service",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["new_value"]
        assert isinstance(field, SecretField)  # noqa: S101  # declared above
        field.show_whether_set(self._is_set())

    def _is_set(self) -> bool:
        return ServiceKey.objects.filter(pk=self.instance.pk).exclude(value="").exists()

    @sensitive_variables()
    def clean_new_value(self) -> str:
        value = str(self.cleaned_data["new_value"])
        if not value and not self._is_set():
            raise ValidationError("서비스에서 받은 키를 적으세요.")
        return value

    @sensitive_variables()
    def save(self, commit: bool = True) -> ServiceKey:
        if value := self.cleaned_data["new_value"]:
            self.instance.value = value
        row: ServiceKey = super().save(commit)
        return row


@admin.register(ServiceKey)
@method_decorator(sensitive_post_parameters(), name="changeform_view")
class ServiceKeyAdmin(admin.ModelAdmin[ServiceKey]):
    form = ServiceKeyForm
    list_display = ("service", "changed_at")
    fields = ("service", "new_value")

    def get_queryset(self, request: HttpRequest) -> QuerySet[ServiceKey]:
        return super().get_queryset(request).defer("value")

    def get_readonly_fields(self, request: HttpRequest, obj: ServiceKey | None = None) -> tuple[str, ...]:
        return ("service",) if obj else ()
