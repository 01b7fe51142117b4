from django.urls import path

from screener.api import kept, own, screens

urlpatterns = [
    path("screens/", screens.ScreensView.as_view()),
    path("screens/conditions/", own.ConditionsView.as_view()),
    path("screens/own/", own.OwnScreensView.as_view()),
    path("screens/own/<str:own_id>/", own.OneOwnScreenView.as_view()),
    path("screens/saved/", kept.SavedScreensView.as_view()),
    path("screens/saved/<str:saved_id>/", kept.OneSavedView.as_view()),
    path("screens/saved/<str:saved_id>/run/", kept.RunSavedView.as_view()),
    path("screens/saved/<str:saved_id>/changes/", kept.ChangesView.as_view()),
    path("screens/snapshots/", kept.SnapshotsView.as_view()),
    path("screens/snapshots/<str:snapshot_id>/compare/", kept.CompareView.as_view()),
    path("screens/<slug:key>/", screens.OneScreenView.as_view()),
    path("screens/<slug:key>/rows/", screens.RowsView.as_view()),
]
