"""What went wrong, in one shape for every doorway: a stable code, words for people, an HTTP status."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler


class LucyError(Exception):
    """A refusal that its reader can act on; `code` never changes, `message` is Korean, `details` names values."""

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


def api_exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """Every error of the API as `{"error": {"code", "message", "details"}}`."""
    if isinstance(error, LucyError):
        return Response(error.as_dict(), status=error.status)
    response = exception_handler(error, context)
    if response is not None:
        response.data = {"error": _described(error, response.data)}
    return response


def _described(error: Exception, data: Any) -> dict[str, Any]:
    if isinstance(error, exceptions.ValidationError):
        return {"code": "invalid", "message": "입력값을 확인하세요.", "details": data}
    if isinstance(error, Http404):
        return {"code": "not_found", "message": "찾을 수 없습니다.", "details": {}}
    if isinstance(error, PermissionDenied):
        return {"code": "permission_denied", "message": "권한이 없습니다.", "details": {}}
    detail = data.get("detail", "") if isinstance(data, dict) else str(data)
    code = getattr(error, "default_code", "error")
    return {"code": str(getattr(detail, "code", code)), "message": str(detail), "details": {}}
