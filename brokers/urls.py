"""The trader's pages, and the parts of them that change by themselves."""

from django.urls import path, register_converter

from brokers.views import desk, lists, mystock, orders, reports, stocks, stops, ticket


class ObjectIdConverter:
    regex = "[0-9a-f]{24}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: object) -> str:
        return str(value)


register_converter(ObjectIdConverter, "objectid")

app_name = "brokers"
urlpatterns = [
    path("", desk.desk, name="desk"),
    path("health/", desk.health, name="health"),
    path("stops/", stops.stops, name="stops"),
    path("orders/", orders.orders, name="orders"),
    path("orders/rows/", orders.rows, name="order-rows"),
    path("orders/cancel/", orders.cancel_chosen, name="cancel-chosen"),
    path("orders/<objectid:pk>/", orders.order, name="order"),
    path("orders/<objectid:pk>/modify/", orders.modify, name="modify"),
    path("orders/<objectid:pk>/cancel/", orders.cancel, name="cancel"),
    path("fills/", lists.fills, name="fills"),
    path("notices/", lists.notices, name="notices"),
    path("notices/latest/", lists.latest_notices, name="latest-notices"),
    path("notices/read/", lists.read_notices, name="read-notices"),
    path("holdings/", lists.holdings, name="holdings"),
    path("holdings/<objectid:pk>/", lists.holdings_of_account, name="holdings-of-account"),
    path("report/", reports.report, name="report"),
    path("report/<objectid:pk>/<str:day>.csv", reports.report_csv, name="report-csv"),
    path("differences/", reports.differences, name="differences"),
    path("differences/<objectid:pk>/", reports.choose_number, name="choose-number"),
    path("mystock/", mystock.mystock, name="mystock"),
    path("mystock/prices/", mystock.prices, name="mystock-prices"),
    path("mystock/find/", mystock.find, name="mystock-find"),
    path("mystock/add/", mystock.add, name="mystock-add"),
    path("mystock/rebuild/", mystock.rebuild, name="mystock-rebuild"),
    path("mystock/remove/", mystock.remove, name="mystock-remove"),
    path("mystock/<str:symbol>/tag/", mystock.tag, name="mystock-tag"),
    path("mystock/<str:symbol>/bases/", mystock.bases, name="mystock-bases"),
    path("stocks/", stocks.search, name="stocks"),
    path("stocks/<str:symbol>/", stocks.stock, name="stock"),
    path("stocks/<str:symbol>/book/", stocks.book, name="stock-book"),
    path("stocks/<str:symbol>/held/", stocks.held, name="stock-held"),
    path("stocks/<str:symbol>/candles/", stocks.candles, name="stock-candles"),
    path("stocks/<str:symbol>/costs/", stocks.cost, name="stock-costs"),
    path("ticket/", ticket.ticket, name="ticket"),
    path("ticket/instruments/", ticket.instruments, name="ticket-instruments"),
    path("ticket/book/", ticket.book, name="ticket-book"),
    path("ticket/power/", ticket.power, name="ticket-power"),
    path("ticket/cost/", ticket.cost, name="ticket-cost"),
    path("ticket/review/", ticket.review, name="ticket-review"),
    path("ticket/place/", ticket.place, name="ticket-place"),
    path("ticket/placed/<objectid:pk>/", ticket.placed, name="ticket-placed"),
]
