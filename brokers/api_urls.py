from django.urls import path

from brokers.api import accounts, candles, fills, instruments, notices, orders, stops, watch

urlpatterns = [
    path("accounts/", accounts.AccountsView.as_view()),
    path("accounts/<str:account_id>/", accounts.AccountView.as_view()),
    path("accounts/<str:account_id>/holdings/", accounts.HoldingsView.as_view()),
    path("accounts/<str:account_id>/quote/", accounts.QuoteView.as_view()),
    path("accounts/<str:account_id>/order-book/", accounts.OrderBookView.as_view()),
    path("accounts/<str:account_id>/candles/", candles.CandlesView.as_view()),
    path("accounts/<str:account_id>/buying-power/", accounts.BuyingPowerView.as_view()),
    path("health/", accounts.HealthView.as_view()),
    path("orders/", orders.OrdersView.as_view()),
    path("orders/<str:order_id>/", orders.OrderView.as_view()),
    path("orders/<str:order_id>/modify/", orders.ModifyOrderView.as_view()),
    path("orders/<str:order_id>/cancel/", orders.CancelOrderView.as_view()),
    path("fills/", fills.FillsView.as_view()),
    path("notices/", notices.NoticesView.as_view()),
    path("notices/read/", notices.ReadNoticesView.as_view()),
    path("mystock/", watch.WatchedListView.as_view()),
    path("mystock/prices/", watch.WatchedPricesView.as_view()),
    path("mystock/<str:symbol>/", watch.WatchedView.as_view()),
    path("stops/", stops.StopsView.as_view()),
    path("stops/release/", stops.ReleaseView.as_view()),
    path("instruments/", instruments.InstrumentsView.as_view()),
]
