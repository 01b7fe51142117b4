"""What the pages about a person may send."""

from typing import Any

from django import forms
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.core.exceptions import ValidationError

from accounts.lockout import address_of, pause_left, pause_message
from accounts.models import User


class SignInForm(AuthenticationForm):
    """Says how long to wait when axes refuses to look at the password."""

    error_messages = {
        "invalid_login": "아이디 또는 비밀번호가 맞지 않습니다.",
        "inactive": "사용이 중지된 계정입니다. 관리자에게 문의하세요.",
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, label in (("username", "아이디"), ("password", "비밀번호")):
            self.fields[name].label = label
            self.fields[name].widget.attrs["class"] = "form-control"

    @property
    def must_wait(self) -> bool:
        return self.has_error("__all__", "paused")

    def get_invalid_login_error(self) -> ValidationError:
        address = address_of(self.request) if self.request else None
        if left := pause_left(self.cleaned_data["username"], address):
            return ValidationError(pause_message(left), code="paused")
        return super().get_invalid_login_error()


class AdminSignInForm(SignInForm, AdminAuthenticationForm):
    """The same pause at the admin's own door."""

    error_messages = SignInForm.error_messages | {
        "invalid_login": "관리자 화면을 쓸 수 있는 아이디와 비밀번호를 입력하세요.",
    }


class NewPasswordForm(PasswordChangeForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs["class"] = "form-control"


class ProfileForm(forms.ModelForm[User]):
    """A person's own data; nothing here changes what they may do."""

    class Meta:
        model = User
        fields = ("last_name", "first_name", "email")
        labels = {"last_name": "성", "first_name": "이름", "email": "이메일"}
        widgets = {
            "last_name": forms.TextInput(attrs={"class": "form-control", "autocomplete": "family-name"}),
            "first_name": forms.TextInput(attrs={"class": "form-control", "autocomplete": "given-name"}),
            "email": forms.EmailInput(attrs={"class": "form-control", "autocomplete": "email"}),
        }
