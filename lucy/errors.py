"""What went wrong, in one shape for every doorway: a stable code, words for people, an HTTP status."""

import logging
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.signals import got_request_exception
from django.http import Http404
from drf_spectacular.utils import OpenApiResponse
from rest_framework import exceptions, serializers
from rest_framework.response import Response
from rest_framework.views import exception_handler

logger = logging.getLogger(__name__)


class LucyError(Exception):
    """A refusal that its reader can act on: a `code` that never changes, Korean words, values by name."""

    status = 400

    def __init__(self, code: str, message: str, *, status: int | None = None, **details: Any) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.details = details
        if status is not None:
            self.status = status

    def as_dict(self) -> dict[str, Any]:
        return {"error": {"code": self.code, "message": self.message, "details": self.details}}


class ErrorBody(serializers.Serializer[None]):
    code = serializers.CharField(help_text="Stable; made for programs.")
    message = serializers.CharField(help_text="For people, in Korean.")
    details = serializers.DictField(
        help_text="What the code is about; code `invalid`: each wrong field with its messages."
    )


class Error(serializers.Serializer[None]):
    error = ErrorBody()


MEANINGS = {
    400: "`invalid`: a field is missing or wrong; `details` names it.",
    401: "No token or session, or it is not good any more.",
    403: "Seen, but not allowed (`may_not_trade`, `may_not_stop`, `may_not_release`, `permission_denied`).",
    404: "There is no such thing, or it is not yours.",
    409: "Cannot be done as things stand (`client_order_id_reused`, `confirm_repeat`, `account_paused`, …).",
    423: "Orders are stopped (`stopped`): of the whole system, of this account or of you.",
    429: "Too many requests; `Retry-After` says when to come back.",
    502: "The broker refused, or answered something unreadable; its code and words are kept.",
    503: "The broker cannot be reached, or its pace is used up.",
    504: "The broker did not answer in time.",
}


def errors(*statuses: int) -> dict[int, OpenApiResponse]:
    """How an operation's errors read in the OpenAPI document."""
    return {status: OpenApiResponse(Error, description=MEANINGS[status]) for status in statuses}


def api_exception_handler(error: Exception, context: dict[str, Any]) -> Response:
    """Every error of the API as `{"error": {"code", "message", "details"}}`."""
    if isinstance(error, LucyError):
        return _refusal(error)
    response = exception_handler(error, context)
    if response is None:
        return _unforeseen(context)
    response.data = {"error": _described(error, response)}
    return response


def _refusal(error: LucyError) -> Response:
    body = error.as_dict()
    if error.code == "invalid" and "field" in error.details:  # as DRF names a field
        body["error"]["details"] = {error.details["field"]: [error.message]}
    response = Response(body, status=error.status)
    if seconds := error.details.get("retry_after_seconds"):
        response["Retry-After"] = str(seconds)
    return response


def _unforeseen(context: dict[str, Any]) -> Response:
    """Reported like any crash (and raised by the test client), yet answered in the same shape."""
    request = context["request"]
    got_request_exception.send(sender=None, request=request._request)
    logger.exception("%s %s failed", request.method, request.path)
    message = "처리하지 못했습니다. 관리자에게 알려 주세요."
    return Response({"error": {"code": "internal", "message": message, "details": {}}}, status=500)


def _described(error: Exception, response: Response) -> dict[str, Any]:
    if isinstance(error, exceptions.ValidationError):
        fields = response.data if isinstance(response.data, dict) else {"non_field_errors": response.data}
        return {"code": "invalid", "message": "입력값을 확인하세요.", "details": fields}
    if isinstance(error, Http404 | exceptions.NotFound):
        return {"code": "not_found", "message": "찾을 수 없습니다.", "details": {}}
    if isinstance(error, PermissionDenied | exceptions.PermissionDenied):
        reason = str(response.data.get("detail", ""))
        return {"code": "permission_denied", "message": "권한이 없습니다.", "details": {"reason": reason}}
    if isinstance(error, exceptions.Throttled):
        seconds = response.headers.get("Retry-After")
        return {
            "code": "throttled",
            "message": f"요청이 너무 많습니다. {seconds}초 뒤에 다시 보내세요.",
            "details": {"retry_after_seconds": int(seconds or 1)},
        }
    detail = response.data.get("detail", "")
    return {"code": str(getattr(detail, "code", "error")), "message": str(detail), "details": {}}
