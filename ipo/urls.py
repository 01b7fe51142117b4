"""공모주: cards, the month, the history, the formula, the source's health."""

from django.urls import path

from ipo.views import formulas, history, months, offers, source

app_name = "ipo"
urlpatterns = [
    path("", offers.offers, name="offers"),
    path("<int:no>/", offers.offer, name="offer"),
    path("<int:no>/mark/", offers.mark, name="mark"),
    path("calendar/", months.calendar, name="calendar"),
    path("calendar/renew/", months.renew_feed, name="renew-feed"),
    path("calendar/<str:token>.ics", months.feed, name="feed"),
    path("history/", history.history, name="history"),
    path("history/add/", history.edit, name="history-add"),
    path("history/import/", history.import_file, name="history-import"),
    path("history/import/store/", history.store_file, name="history-store"),
    path("history/fill/", history.fill, name="history-fill"),
    path("history/export.csv", history.export, name="history-export"),
    path("history/<objectid:pk>/", history.edit, name="history-edit"),
    path("history/<objectid:pk>/delete/", history.delete, name="history-delete"),
    path("forecast/", formulas.formulas, name="forecast"),
    path("forecast/<objectid:pk>/rows/", formulas.used, name="forecast-rows"),
    path("forecast/make/", formulas.make, name="forecast-make"),
    path("forecast/<objectid:pk>/use/", formulas.use, name="forecast-use"),
    path("source/", source.source, name="source"),
]
