"""Pages about a person: sign-in, password, 사용자 정보."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.contrib.auth.views import LoginView, PasswordChangeView
from django.contrib.messages.views import SuccessMessageMixin
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse_lazy
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST
from django.views.generic import UpdateView

from accounts import board
from accounts.forms import NewPasswordForm, NoticeForm, ProfileForm, SignInForm
from accounts.models import BrowserSession, TokenChain, User
from accounts.services import end_session, end_sessions, keep_preference, revoke_chain, revoke_every_token
from brokers.views.access import SignedInRequest, signed_in


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
        end_sessions(form.user, but=self.request.session.session_key)
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
        user = self.get_object()
        shown = {
            "accounts": board.my_accounts(user),
            "browsers": board.my_browsers(user, self.request.session.session_key),
            "scripts": board.my_scripts(user),
            "notices": NoticeForm(user=user),
        }
        return super().get_context_data(**kwargs) | shown


@require_POST
@signed_in
def keep_notices(request: SignedInRequest) -> HttpResponse:
    form = NoticeForm(request.POST, user=request.user)
    if form.is_valid():
        keep_preference(request.user, form.values())
        messages.success(request, "알림 설정을 저장했습니다.")
        return redirect("accounts:profile")
    view = ProfileView()
    view.setup(request)
    view.object = view.get_object()
    context = view.get_context_data() | {"notices": form}
    return render(request, "accounts/profile.html", context, status=422)


@require_POST
@signed_in
def end_browser(request: SignedInRequest, handle: str) -> HttpResponse:
    """Signs out one of the user's own browsers."""
    rows = BrowserSession.objects.filter(user=request.user)
    session = next((row for row in rows if row.handle == handle), None)
    if session is None:
        raise Http404
    end_session(session)
    messages.success(request, "그 기기를 로그아웃했습니다.")
    return redirect("accounts:profile")


@require_POST
@signed_in
def end_other_browsers(request: SignedInRequest) -> HttpResponse:
    count = end_sessions(request.user, but=request.session.session_key)
    messages.success(request, f"다른 기기 {count}곳을 로그아웃했습니다.")
    return redirect("accounts:profile")


@require_POST
@signed_in
def revoke_script(request: SignedInRequest, pk: str) -> HttpResponse:
    revoke_chain(get_object_or_404(TokenChain, pk=pk, user=request.user))
    messages.success(request, "토큰을 회수했습니다.")
    return redirect("accounts:profile")


@require_POST
@signed_in
def revoke_scripts(request: SignedInRequest) -> HttpResponse:
    """Access tokens included, at once."""
    revoke_every_token(request.user)
    messages.success(request, "API 토큰을 모두 회수했습니다.")
    return redirect("accounts:profile")
