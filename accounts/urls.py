from django.contrib.auth.views import LogoutView
from django.urls import path

from accounts import views

app_name = "accounts"
urlpatterns = [
    path("sign-in/", views.SignInView.as_view(), name="sign-in"),
    path("sign-out/", LogoutView.as_view(), name="sign-out"),
    path("password/", views.PasswordView.as_view(), name="password"),
    path("notices/", views.keep_notices, name="notices"),
    path("browsers/end/", views.end_other_browsers, name="end-other-browsers"),
    path("browsers/<str:handle>/end/", views.end_browser, name="end-browser"),
    path("tokens/revoke/", views.revoke_scripts, name="revoke-scripts"),
    path("tokens/<objectid:pk>/revoke/", views.revoke_script, name="revoke-script"),
    path("", views.ProfileView.as_view(), name="profile"),
]
