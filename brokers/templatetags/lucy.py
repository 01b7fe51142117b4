"""How figures, sides and moments are written on every page."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from django import template
from django.template.context import RequestContext
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.models import NoticePreference
from brokers.models import NoticeKind, Order, OrderStatus, UserNoticeKind
from brokers.rights import accounts_of
from brokers.selectors import OWN, notice_heads, own_head, unread_count
from brokers.terms import Side

register = template.Library()

TONES = {
    OrderStatus.PENDING: "wait",
    OrderStatus.SENT: "wait",
    OrderStatus.UNKNOWN: "doubt",
    OrderStatus.ACCEPTED: "live",
    OrderStatus.PARTIALLY_FILLED: "part",
    OrderStatus.FILLED: "done",
    OrderStatus.REJECTED: "bad",
    OrderStatus.CANCELLED: "off",
    OrderStatus.EXPIRED: "off",
}


ICONS = {
    NoticeKind.FILL: "bi-check2-circle",
    NoticeKind.ORDER: "bi-send",
    NoticeKind.WARNING: "bi-exclamation-triangle",
    UserNoticeKind.IPO: "bi-calendar-event",
    UserNoticeKind.PRICE: "bi-graph-up-arrow",
    UserNoticeKind.SCREEN: "bi-funnel",
    UserNoticeKind.APPROVAL: "bi-clipboard-check",
    UserNoticeKind.BLOCK: "bi-boxes",
    UserNoticeKind.JOB: "bi-tools",
    UserNoticeKind.SCRAPE: "bi-cloud-slash",
}


@register.filter
def notice_icon(notice: Any) -> str:
    refused = notice.kind == NoticeKind.ORDER and notice.data["order"]["status"] == OrderStatus.REJECTED
    return "bi-x-octagon" if refused else ICONS[notice.kind]


@register.filter
def figure(value: Any) -> str:
    """12345.5000 as 12,345.5; a dash for nothing."""
    if value is None or value == "":
        return "–"
    number = Decimal(str(value))
    text = f"{number:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


@register.filter
def won(value: Any) -> str:
    """Whole won, with thousands separators."""
    return "–" if value is None or value == "" else f"{Decimal(str(value)):,.0f}"


@register.filter
def eok(value: Any) -> str:
    """Won in 억 (a hundred million), as statements are read."""
    return "" if value is None or value == "" else f"{Decimal(str(value)) / 100_000_000:,.0f}"


@register.filter
def whole(value: Any) -> Decimal | None:
    """Rounded to the won, for `signed`."""
    return None if value is None or value == "" else Decimal(str(value)).quantize(Decimal(1))


@register.filter
def signed(value: Any) -> str:
    """+1,200 or −1,200: a sign of its own, so that colour is not the only one."""
    if value is None or value == "":
        return "–"
    number = Decimal(str(value))
    sign = "+" if number > 0 else "−" if number < 0 else ""
    return f"{sign}{figure(abs(number))}"


@register.filter
def rate(value: Any) -> str:
    """A signed percentage with two decimals."""
    if value is None or value == "":
        return "–"
    number = round(Decimal(str(value)), 2)
    sign = "+" if number > 0 else "−" if number < 0 else ""
    return f"{sign}{abs(number):.2f}%"


@register.filter
def trend(value: Any) -> str:
    """The class that colours a signed figure."""
    number = Decimal(str(value or 0))
    return "up" if number > 0 else "down" if number < 0 else "flat"


@register.filter
def arrow(value: Any) -> str:
    return {"up": "▲", "down": "▼", "flat": ""}[trend(value)]


@register.filter
def times(quantity: int, price: Decimal) -> Decimal:
    return quantity * price


@register.filter
def share_of(part: int, whole: int) -> int:
    """Percent, for bars."""
    return round(100 * part / whole) if whole else 0


@register.simple_tag
def side(value: str) -> SafeString:
    """매수 and 매도 with a sign and their colour."""
    sign = "＋" if value == Side.BUY else "－"
    return format_html(
        '<span class="side side-{}"><span aria-hidden="true">{}</span>{}</span>',
        value,
        sign,
        Side(value).label,
    )


@register.simple_tag
def status(order: Order) -> SafeString:
    return format_html(
        '<span class="state state-{}">{}</span>', TONES[OrderStatus(order.status)], order.get_status_display()
    )


@register.simple_tag
def moment(at: datetime | None, *, fine: bool = False) -> SafeString | str:
    """Today's as 09:01:02 (or .345), another day's with its date; hover shows all of it."""
    if at is None:
        return "–"
    local = timezone.localtime(at)
    shown = local.strftime("%H:%M:%S" if local.date() == timezone.localdate() else "%m-%d %H:%M:%S")
    thousandths = f".{local.microsecond // 1000:03d}"
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        at.isoformat(),
        local.strftime("%Y-%m-%d %H:%M:%S") + thousandths,
        shown + thousandths if fine else shown,
    )


@register.simple_tag
def age(at: datetime | None, missing: str = "없음") -> SafeString | str:
    """A time told as how long ago (or until) it is; `clock.js` keeps counting."""
    if at is None:
        return missing
    local = timezone.localtime(at).strftime("%Y-%m-%d %H:%M:%S")
    return format_html(
        '<time datetime="{}" title="{}" data-age>{}</time>', at.isoformat(), local, local[11:19]
    )


@register.simple_tag(takes_context=True)
def query(context: RequestContext, **changes: Any) -> str:
    """The page's own query with some values changed."""
    given = context["request"].GET.copy()
    for name, value in changes.items():
        given[name] = value
    return str(given.urlencode())


@register.simple_tag(takes_context=True)
def feed(context: RequestContext) -> dict[str, Any]:
    """What the page's socket needs: whose it is, the accounts' names, and where this page's news begins."""
    user = context["request"].user
    names = {str(account.pk): str(account) for account in accounts_of(user)}
    heads = notice_heads(user) | {OWN: own_head(user)}
    wish = NoticePreference.of(user)
    return {
        "user": str(user.pk),
        "accounts": names,
        "heads": heads,
        "kinds": dict(UserNoticeKind.choices),
        "silent": wish.without_toast,
        "sounds": wish.with_sound,
        "quiet": wish.quiet,
    }


@register.simple_tag(takes_context=True)
def unread(context: RequestContext) -> int:
    return unread_count(context["request"].user)
