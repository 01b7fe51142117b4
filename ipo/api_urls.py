from django.urls import path

from ipo import api

urlpatterns = [
    path("ipo/offerings/", api.OfferingsView.as_view()),
    path("ipo/offerings/<int:no>/", api.OfferingView.as_view()),
    path("ipo/calendar/", api.CalendarView.as_view()),
    path("ipo/history/", api.HistoryView.as_view()),
    path("ipo/forecast/", api.ForecastsView.as_view()),
    path("ipo/forecast/formula/", api.FormulaView.as_view()),
]
