"""Who is asking."""

from django.http import HttpRequest
from rest_framework.exceptions import NotAuthenticated
from rest_framework.request import Request

from accounts.models import User


def user_of(request: Request | HttpRequest) -> User:
    """The signed-in user; views behind a permission always have one."""
    if not isinstance(request.user, User):
        raise NotAuthenticated
    return request.user


def decides_on_roles(request: HttpRequest) -> bool:
    """Whether this person may make others staff or administrators (only administrators may)."""
    return isinstance(request.user, User) and request.user.has_perm("auth.change_group")
