from django.urls import path

from accounts import api

urlpatterns = [
    path("token/", api.ObtainTokensView.as_view(), name="token-obtain"),
    path("token/refresh/", api.RefreshTokensView.as_view(), name="token-refresh"),
    path("token/revoke/", api.RevokeTokensView.as_view(), name="token-revoke"),
]
