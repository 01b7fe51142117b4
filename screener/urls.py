"""종목찾기: all screens, each with the one table."""

from django.urls import path

from screener.views import own, screens

app_name = "screener"
urlpatterns = [
    path("", screens.index, name="index"),
    path("follow/", screens.follow, name="follow"),
    path("own/", own.listing, name="own"),
    path("own/new/", own.edit, name="own-new"),
    path("own/draft/", own.draft, name="own-draft"),
    path("own/save/", own.save, name="own-save"),
    path("own/<objectid:pk>/", own.edit, name="own-edit"),
    path("own/<objectid:pk>/save/", own.save, name="own-change"),
    path("own/<objectid:pk>/delete/", own.delete, name="own-delete"),
    path("own/<objectid:pk>/copy/", own.copy, name="own-copy"),
    path("<slug:key>/", screens.screen, name="screen"),
    path("<slug:key>/result/", screens.result, name="result"),
    path("<slug:key>/rows/", screens.rows, name="rows"),
    path("<slug:key>/export.csv", screens.export, name="export"),
]
