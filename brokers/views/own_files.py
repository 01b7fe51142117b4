"""Lucy's own record of a period as files, oldest first: orders and fills that the page's filters want."""

from django.http import Http404, HttpResponseBase
from django.views.decorators.http import require_GET

from brokers.exports import Cell
from brokers.forms import OrderFilters, PeriodForm
from brokers.models import Fill, Order
from brokers.selectors import fills_of, in_turn, orders_of
from brokers.views.access import SignedInRequest, signed_in
from brokers.views.files import download, no_file
from lucy.errors import LucyError

ORDER_TITLES = (
    *("주문시각", "계좌", "종목코드", "종목명", "구분", "유형", "주문가격", "주문수량", "체결수량"),
    *("평균단가", "체결금액", "상태", "출처", "주문자", "주문번호", "사유"),
)
FILL_TITLES = (
    *("체결시각", "계좌", "종목코드", "종목명", "구분", "수량", "가격", "금액"),
    *("주문번호", "체결번호", "근거"),
)


@require_GET
@signed_in
def orders_file(request: SignedInRequest, kind: str) -> HttpResponseBase:
    filters = _wanted(OrderFilters(request.GET, user=request.user))
    found = filters.within(orders_of(request.user), "created_at").reverse()
    rows = map(_order_cells, in_turn(found, "account", "user"))
    try:
        return download(kind, filters.file_name("orders"), ORDER_TITLES, rows)
    except LucyError as refusal:
        return no_file(request, "brokers:orders", refusal)


@require_GET
@signed_in
def fills_file(request: SignedInRequest, kind: str) -> HttpResponseBase:
    filters = _wanted(PeriodForm(request.GET, user=request.user))
    found = filters.within(fills_of(request.user), "executed_at").reverse()
    rows = map(_fill_cells, in_turn(found, "account", "order"))
    try:
        return download(kind, filters.file_name("fills"), FILL_TITLES, rows)
    except LucyError as refusal:
        return no_file(request, "brokers:fills", refusal)


def _wanted(filters: PeriodForm) -> PeriodForm:
    if not filters.is_valid():
        raise Http404
    return filters


def _order_cells(order: Order) -> list[Cell]:
    return [
        order.created_at,
        str(order.account),
        order.symbol,
        order.name,
        order.get_side_display(),
        order.get_order_type_display(),
        order.price,
        order.quantity,
        order.filled_quantity,
        order.average_price,
        order.filled_amount,
        order.get_status_display(),
        order.get_origin_display(),
        order.user.get_username() if order.user else "",
        order.broker_order_no,
        order.note,
    ]


def _fill_cells(fill: Fill) -> list[Cell]:
    return [
        fill.executed_at,
        str(fill.account),
        fill.symbol,
        fill.order.name if fill.order else "",
        fill.get_side_display(),
        fill.quantity,
        fill.price,
        fill.quantity * fill.price,
        fill.broker_order_no,
        fill.fill_no,
        fill.get_source_display(),
    ]
