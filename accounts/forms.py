"""What the pages about a person may send."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.core.exceptions import ValidationError

from accounts.lockout import address_of, pause_left, pause_message
from accounts.models import NoticePreference, User
from brokers.models import NoticeKind
from brokers.selectors import kinds_for


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


@dataclass(frozen=True, slots=True)
class KindRow:
    """One kind of news in the form; None where there is nothing to choose."""

    kind: str
    name: str
    wanted: bool | None
    toast: bool | None
    sound: bool


# What is always told, and what always shows: an order that failed, a warning.
KEPT = frozenset(NoticeKind)
SHOWN = frozenset({NoticeKind.ORDER, NoticeKind.WARNING})


class NoticeForm(forms.Form):
    """How to be told: per kind of news, and when to be left alone."""

    quiet_from = forms.TimeField(label="조용한 시간 시작", required=False)
    quiet_until = forms.TimeField(label="조용한 시간 끝", required=False)

    def __init__(self, data: Any = None, *, user: User) -> None:
        super().__init__(data)
        self.kinds = kinds_for(user)
        self.wish = NoticePreference.of(user)
        self.choosable = {
            "wanted": self._but(KEPT),
            "toast": self._but(SHOWN),
            "sound": self._but(frozenset()),
        }
        for name, kinds in self.choosable.items():
            choices = [(kind, kind) for kind in kinds]
            self.fields[name] = forms.MultipleChoiceField(choices=choices, required=False)

    def _but(self, fixed: frozenset[NoticeKind]) -> list[str]:
        return [kind for kind, _ in self.kinds if kind not in fixed]

    def clean(self) -> dict[str, Any]:
        told = super().clean() or self.cleaned_data
        first, last = told.get("quiet_from"), told.get("quiet_until")
        if (first is None) != (last is None) and not self.errors:
            raise ValidationError("조용한 시간은 시작과 끝을 함께 적거나 둘 다 비우세요.")
        if first is not None and first == last:
            raise ValidationError("조용한 시간의 시작과 끝이 같습니다.")
        return told

    def values(self) -> dict[str, Any]:
        """The fields of `NoticePreference`."""
        told = self.cleaned_data
        return {
            "unwanted": self._left_out("wanted"),
            "without_toast": self._left_out("toast"),
            "with_sound": told["sound"],
            "quiet_from": told["quiet_from"],
            "quiet_until": told["quiet_until"],
        }

    def _left_out(self, name: str) -> list[str]:
        return [kind for kind in self.choosable[name] if kind not in self.cleaned_data[name]]

    @property
    def rows(self) -> list[KindRow]:
        """As stored, or as sent when it was refused."""
        sent: Any = self.data if self.is_bound else None

        def ticked(name: str, kind: str, stored: bool) -> bool:
            return kind in sent.getlist(name) if sent is not None else stored

        return [
            KindRow(
                kind,
                name,
                None if kind in KEPT else ticked("wanted", kind, kind not in self.wish.unwanted),
                None if kind in SHOWN else ticked("toast", kind, kind not in self.wish.without_toast),
                ticked("sound", kind, kind in self.wish.with_sound),
            )
            for kind, name in self.kinds
        ]

    @property
    def hours(self) -> tuple[str, str]:
        if self.is_bound:
            return self.data.get("quiet_from", ""), self.data.get("quiet_until", "")
        first, last = self.wish.quiet or ("", "")
        return first, last
