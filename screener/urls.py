"""종목찾기: all screens, each with the one table."""

from django.urls import path

from screener.views import danta, own, saved, screens, snapshots

app_name = "screener"
urlpatterns = [
    path("", screens.index, name="index"),
    path("follow/", screens.follow, name="follow"),
    path("danta/", danta.danta, name="danta"),
    path("own/", own.listing, name="own"),
    path("own/new/", own.edit, name="own-new"),
    path("own/draft/", own.draft, name="own-draft"),
    path("own/save/", own.save, name="own-save"),
    path("own/<objectid:pk>/", own.edit, name="own-edit"),
    path("own/<objectid:pk>/save/", own.save, name="own-change"),
    path("own/<objectid:pk>/delete/", own.delete, name="own-delete"),
    path("own/<objectid:pk>/copy/", own.copy, name="own-copy"),
    path("saved/", saved.listing, name="saved"),
    path("saved/<objectid:pk>/", saved.one, name="saved-one"),
    path("saved/<objectid:pk>/run/", saved.run, name="saved-run"),
    path("saved/<objectid:pk>/delete/", saved.delete, name="saved-delete"),
    path("snapshots/", snapshots.listing, name="snapshots"),
    path("snapshots/<objectid:pk>/", snapshots.one, name="snapshot"),
    path("snapshots/<objectid:pk>/rows/", snapshots.rows, name="snapshot-rows"),
    path("snapshots/<objectid:pk>/delete/", snapshots.delete, name="snapshot-delete"),
    path("<slug:key>/save/", saved.save, name="save"),
    path("<slug:key>/keep/", snapshots.keep, name="keep"),
    path("<slug:key>/", screens.screen, name="screen"),
    path("<slug:key>/result/", screens.result, name="result"),
    path("<slug:key>/rows/", screens.rows, name="rows"),
    path("<slug:key>/export.csv", screens.export, name="export"),
]
