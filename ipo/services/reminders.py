"""Stars, and the reminders they bring: subscription starts tomorrow, refund today, listing today."""

import secrets
from collections.abc import Iterator
from datetime import date, timedelta

from django.core.signing import BadSignature, Signer
from django.db import IntegrityError
from django.urls import reverse

from accounts.models import User
from brokers.models import UserNoticeKind
from brokers.services.notices import notify
from ipo.models import CalendarFeed, Offering, OfferingMark
from lucy import clock

SIGNER = Signer(salt="ipo.calendar", sep=".")


def mark(user: User, offering: Offering) -> None:
    try:
        OfferingMark.objects.create(user=user, offering=offering)
    except IntegrityError:
        return  # has a star already
    _remind(user, offering, clock.trade_date())  # today's reminders went out before


def unmark(user: User, offering: Offering) -> None:
    OfferingMark.objects.filter(user=user, offering=offering).delete()


def remind(today: date | None = None) -> int:
    """Tell everyone about the days of what they marked; a second run on the same day tells nothing twice."""
    day = today or clock.trade_date()
    near: dict[object, Offering] = {}
    for days in (
        {"subscription_start": day + timedelta(days=1)},
        {"refund_on": day},
        {"listing_on": day},
    ):
        near |= {offering.pk: offering for offering in Offering.objects.filter(**days)}
    marks = OfferingMark.objects.filter(offering_id__in=list(near)).select_related("user")
    return sum(_remind(one.user, near[one.offering_id], day) for one in marks if one.user.is_active)


def _remind(user: User, offering: Offering, today: date) -> int:
    """Once per offer, occasion and day: a day that moves is told again."""
    url = reverse("ipo:offer", args=[offering.no])
    return sum(
        notify(user, UserNoticeKind.IPO, text, url=url, key=f"ipo:{offering.no}:{occasion}:{day}")
        for occasion, day, text in _due(offering, today)
    )


def _due(offering: Offering, today: date) -> Iterator[tuple[str, date, str]]:
    tomorrow = today + timedelta(days=1)
    if offering.subscription_start == tomorrow:
        until = f"~{offering.subscription_end:%m/%d}" if offering.subscription_end else ""
        agents = f" ({offering.underwriter_names})" if offering.underwriter_names else ""
        text = f"{offering.name}: 내일 {tomorrow:%m/%d}{until} 청약{agents}"
        yield "subscription", tomorrow, text
    if offering.refund_on == today:
        yield "refund", today, f"{offering.name}: 오늘 환불일"
    if offering.listing_on == today:
        price = f" (공모가 {offering.offer_price:,}원)" if offering.offer_price else ""
        yield "listing", today, f"{offering.name}: 오늘 상장{price}"


# --- the calendar address -----------------------------------------------------------------------------------


def feed_token(user: User) -> str:
    """What the user's calendar address ends in; stored is only the part that renewing changes."""
    feed, _ = CalendarFeed.objects.get_or_create(
        user=user, defaults={"secret": secrets.token_hex(16), "renewed_at": clock.now()}
    )
    return SIGNER.sign(f"{user.pk}-{feed.secret}")


def renew_feed(user: User) -> str:
    """A new address; the old one is worth nothing from now on."""
    changes = {"secret": secrets.token_hex(16), "renewed_at": clock.now()}
    CalendarFeed.objects.update_or_create(user=user, defaults=changes)
    return feed_token(user)


def feed_owner(token: str) -> User | None:
    """Whose address this is; None for one that was renewed, made up, or of someone who left."""
    try:
        key, _, secret = SIGNER.unsign(token).partition("-")
    except BadSignature:
        return None
    feed = CalendarFeed.objects.filter(user_id=key, secret=secret).select_related("user").first()
    return feed.user if feed is not None and feed.user.is_active else None
