"""설정 및 스케줄."""

from django.urls import path

from lucy.jobs import views

app_name = "jobs"
urlpatterns = [
    path("", views.settings_page, name="settings"),
    path("jobs/", views.jobs, name="jobs"),
    path("jobs/<objectid:pk>/runs/", views.runs, name="runs"),
    path("jobs/<objectid:pk>/start/", views.start, name="start"),
    path("jobs/<objectid:pk>/pause/", views.pause, name="pause"),
    path("jobs/<objectid:pk>/cron/", views.cron, name="cron"),
    path("runs/<objectid:pk>/", views.run, name="run"),
]
