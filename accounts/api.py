"""Tokens for scripts: obtain, refresh, revoke."""

from django.contrib.auth import authenticate
from django.http import HttpRequest
from drf_spectacular.utils import extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework_simplejwt.tokens import RefreshToken

from accounts.callers import caller_of
from accounts.lockout import address_of, forgive, pause_left, pause_message
from accounts.models import User
from accounts.rights import user_of
from accounts.services import issue_tokens, renew_tokens, revoke_every_token, revoke_token
from accounts.throttles import SignInThrottle, UserThrottle
from lucy.errors import LucyError, errors

LONGEST_TOKEN = 4096


class Tokens(serializers.Serializer[RefreshToken]):
    """An access token for `Authorization: Bearer …`, and the refresh token that buys the next pair, once."""

    access = serializers.CharField(source="access_token")
    refresh = serializers.CharField(source="*")


class ObtainTokensView(APIView):
    permission_classes = [AllowAny]
    authentication_classes = []
    throttle_classes = [SignInThrottle]

    @extend_schema_serializer(component_name="ObtainTokens")
    class Input(serializers.Serializer[None]):
        username = serializers.CharField(max_length=150)
        password = serializers.CharField(max_length=4096, trim_whitespace=False)

    @extend_schema(
        operation_id="token_obtain",
        tags=["token"],
        auth=[],
        request=Input,
        responses={200: Tokens, **errors(400, 401, 429)},
        description="A pair of tokens for a user name and a password. Failures lead to a growing pause.",
    )
    def post(self, request: Request) -> Response:
        form = self.Input(data=request.data)
        form.is_valid(raise_exception=True)
        user = _signed_in(request._request, **form.validated_data)
        return Response(Tokens(issue_tokens(user, caller_of(request._request))).data)


def _signed_in(request: HttpRequest, username: str, password: str) -> User:
    user = authenticate(request, username=username, password=password)
    if isinstance(user, User):
        forgive(request, username)
        return user
    if left := pause_left(username, address_of(request)):
        raise LucyError(
            "sign_in_paused", pause_message(left), status=429, retry_after_seconds=left.seconds + 1
        )
    raise LucyError("sign_in_failed", "아이디 또는 비밀번호가 맞지 않습니다.", status=401)


class RefreshTokensView(APIView):
    permission_classes = [AllowAny]
    authentication_classes = []
    throttle_classes = [SignInThrottle]

    @extend_schema_serializer(component_name="RefreshTokens")
    class Input(serializers.Serializer[None]):
        refresh = serializers.CharField(max_length=LONGEST_TOKEN)

    @extend_schema(
        operation_id="token_refresh",
        tags=["token"],
        auth=[],
        request=Input,
        responses={200: Tokens, **errors(400, 401, 429)},
        description="Trade a refresh token for a new pair. Each refresh token works once.",
    )
    def post(self, request: Request) -> Response:
        form = self.Input(data=request.data)
        form.is_valid(raise_exception=True)
        return Response(Tokens(renew_tokens(form.validated_data["refresh"])).data)


class RevokeTokensView(APIView):
    throttle_classes = [UserThrottle]

    @extend_schema_serializer(component_name="RevokeTokens")
    class Input(serializers.Serializer[None]):
        refresh = serializers.CharField(max_length=LONGEST_TOKEN, required=False)
        everything = serializers.BooleanField(default=False)

        def validate(self, attrs: dict[str, object]) -> dict[str, object]:
            if not attrs["everything"] and "refresh" not in attrs:
                raise serializers.ValidationError({"refresh": "refresh 토큰이나 everything이 필요합니다."})
            return attrs

    @extend_schema(
        operation_id="token_revoke",
        tags=["token"],
        request=Input,
        responses={204: None, **errors(400, 401, 429)},
        description="Take back one refresh token, or with `everything` all tokens of the signed-in user at "
        "once, access tokens included.",
    )
    def post(self, request: Request) -> Response:
        form = self.Input(data=request.data)
        form.is_valid(raise_exception=True)
        if form.validated_data["everything"]:
            revoke_every_token(user_of(request))
        else:
            revoke_token(form.validated_data["refresh"])
        return Response(status=204)
