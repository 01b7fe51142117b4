"""종목찾기: all screens, each with the one table."""

from django.urls import path

from screener.views import screens

app_name = "screener"
urlpatterns = [
    path("", screens.index, name="index"),
    path("follow/", screens.follow, name="follow"),
    path("<slug:key>/", screens.screen, name="screen"),
    path("<slug:key>/result/", screens.result, name="result"),
    path("<slug:key>/rows/", screens.rows, name="rows"),
    path("<slug:key>/export.csv", screens.export, name="export"),
]
