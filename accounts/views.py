"""Pages about a person: sign-in, password, 사용자 정보."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.contrib.auth.views import LoginView, PasswordChangeView
from django.contrib.messages.views import SuccessMessageMixin
from django.http import HttpResponse
from django.urls import reverse_lazy
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_post_parameters
from django.views.generic import UpdateView

from accounts.forms import NewPasswordForm, ProfileForm, SignInForm
from accounts.models import User
from accounts.services import revoke_every_token
from brokers.selectors import health_of


class SignInView(LoginView):
    template_name = "accounts/sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def form_invalid(self, form: Any) -> HttpResponse:
        response = super().form_invalid(form)
        response.status_code = 429 if form.must_wait else 400
        return response


class PasswordView(PasswordChangeView):
    """A new password ends the user's other sessions and every API token."""

    template_name = "accounts/password.html"
    form_class = NewPasswordForm
    success_url = reverse_lazy("accounts:profile")

    def form_valid(self, form: Any) -> HttpResponse:
        response = super().form_valid(form)
        revoke_every_token(form.user)
        messages.success(
            self.request, "비밀번호를 바꿨습니다. 다른 기기와 API 토큰은 다시 로그인해야 합니다."
        )
        return response


@method_decorator(sensitive_post_parameters(), name="dispatch")
class ProfileView(LoginRequiredMixin, SuccessMessageMixin[ProfileForm], UpdateView[User, ProfileForm]):
    template_name = "accounts/profile.html"
    form_class = ProfileForm
    success_url = reverse_lazy("accounts:profile")
    success_message = "저장했습니다."

    def get_object(self, queryset: object = None) -> User:
        """A fresh copy: a refused form must not change the name at the top of the page."""
        return User.objects.get(pk=self.request.user.pk)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | {"accounts": health_of(self.get_object())}
