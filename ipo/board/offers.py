"""Offers as cards: what is still ahead of each, what the forecast says of it, who marked it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.db.models import Q, QuerySet

from accounts.models import User
from ipo import forecast
from ipo.board.formulas import deal_of_offering, formula_in_use
from ipo.forecast import Fit, NoPrediction, Prediction
from ipo.models import Offering, OfferingMark
from lucy import clock

WAITING_DAYS: Final = 60  # after the subscription an offer without a listing day still counts as to come
TONES: Final = {"청약": "subscribe", "납입": "pay", "환불": "refund", "납입·환불": "refund", "상장": "list"}


def to_come(today: date | None = None) -> QuerySet[Offering]:
    """Offers with a day still ahead (today included), and those waiting for a listing day."""
    day = today or clock.trade_date()
    ahead = Q(subscription_end__gte=day) | Q(refund_on__gte=day) | Q(listing_on__gte=day)
    waiting = Q(listing_on__isnull=True, subscription_end__gte=day - timedelta(days=WAITING_DAYS))
    return Offering.objects.filter(ahead | waiting)


def listed(today: date | None = None) -> QuerySet[Offering]:
    """The others: listed, withdrawn, or forgotten."""
    day = today or clock.trade_date()
    old = Q(listing_on__lt=day) | Q(
        listing_on__isnull=True, subscription_end__lt=day - timedelta(days=WAITING_DAYS)
    )
    return Offering.objects.filter(old)


def named(offers: QuerySet[Offering], words: str, agent: str = "") -> QuerySet[Offering]:
    """Those whose name, former name, code or trade holds every word, led by the underwriter."""
    for word in words.split()[:5]:
        offers = offers.filter(
            Q(name__icontains=word)
            | Q(former_name__icontains=word)
            | Q(code__istartswith=word)
            | Q(industry__icontains=word)
        )
    return offers.filter(underwriter_names__contains=agent) if agent else offers


def agents_of(offers: Iterable[Offering]) -> list[str]:
    """The underwriters' names, each once, in Korean order."""
    return sorted({name for one in offers for name in agents(one)})


def agents(offering: Offering) -> list[str]:
    return [name.strip() for name in offering.underwriter_names.split(",") if name.strip()]


@dataclass(frozen=True, slots=True)
class Ahead:
    """A day of an offer that is still to come."""

    kind: str
    first: date
    last: date
    days: int  # until it begins; 0 today or under way

    @property
    def tone(self) -> str:
        return TONES[self.kind]

    @property
    def words(self) -> str:
        if self.days:
            return f"D-{self.days}"
        return "오늘" if self.first == self.last else "진행 중"


def together(days: Iterable[tuple[str, date, date]]) -> Iterator[tuple[str, date, date]]:
    """The days of one offer; payment and refund, which nearly always fall on one day, as one."""
    told = list(days)
    on = {kind: first for kind, first, _last in told}
    same = "환불" in on and on.get("납입") == on["환불"]
    for kind, first, last in told:
        if not same or kind not in {"납입", "환불"}:
            yield kind, first, last
        elif kind == "환불":
            yield "납입·환불", first, last


@dataclass(slots=True)
class Card:
    offering: Offering
    today: date
    said: Prediction | NoPrediction | None  # None while there is no formula
    marked: bool = False

    @property
    def prediction(self) -> Prediction | None:
        return self.said if isinstance(self.said, Prediction) else None

    @property
    def why_none(self) -> str:
        if isinstance(self.said, NoPrediction):
            return self.said.why
        return "" if self.said else "아직 만든 예측식이 없습니다"

    @property
    def ahead(self) -> list[Ahead]:
        return [
            Ahead(kind, first, last, max((first - self.today).days, 0))
            for kind, first, last in together(self.offering.days())
            if last >= self.today
        ]

    @property
    def next_day(self) -> date:
        return self.ahead[0].first if self.ahead else date.max

    @property
    def agents(self) -> list[tuple[str, str]]:
        """Underwriters with how much each customer may subscribe, as far as that is told."""
        limits = {one.get("name", ""): _limit(one) for one in self.offering.underwriters or []}
        return [(name, limits.get(name, "")) for name in agents(self.offering)]

    @property
    def strip(self) -> dict[str, int]:
        """The interval's place between the lowest and highest possible price, in hundredths of the offer."""
        said = self.prediction
        if said is None:
            return {}
        low, width = round(said.low * 100), round((said.high - said.low) * 100)
        return {"low": low, "width": max(width, 2), "point": round(said.multiple * 100)}


def _limit(underwriter: dict[str, Any]) -> str:
    told = [one for one in (underwriter.get("limit_low"), underwriter.get("limit_high")) if one]
    words = "~".join(f"{one:,}" for one in dict.fromkeys(told))
    return f"{words}{underwriter.get('unit') or '주'}" if words else ""


def cards(offers: Iterable[Offering], user: User) -> list[Card]:
    today = clock.trade_date()
    model = formula_in_use()
    fit = model.fit() if model else None
    shown = list(offers)
    stars = marked_by(user, shown)
    return [Card(one, today, said_of(one, fit), one.pk in stars) for one in shown]


def said_of(offering: Offering, fit: Fit | None) -> Prediction | NoPrediction | None:
    return forecast.predict(fit, deal_of_offering(offering)) if fit else None


def marked_by(user: User, offers: list[Offering]) -> set[Any]:
    keys = [one.pk for one in offers]
    found = OfferingMark.objects.filter(user=user, offering_id__in=keys)
    return set(found.values_list("offering_id", flat=True))


def last_read() -> datetime | None:
    """When the source was last read with success, as far as the offers tell."""
    newest = Offering.objects.filter(listed_at__isnull=False).order_by("-listed_at").only("listed_at").first()
    return newest.listed_at if newest else None


# --- for programs -------------------------------------------------------------------------------------------


TOLD = (
    *("no", "name", "former_name", "code", "market", "progress", "industry", "homepage"),
    *("is_spac", "is_reit", "is_foreign"),
    *("subscription_start", "subscription_end", "payment_on", "refund_on", "listing_on"),
    *("offer_price", "band_low", "band_high", "par_value", "shares", "sales_eok", "net_income_eok"),
    *("institution_ratio", "lockup_percent", "competition", "status_text", "url"),
)


def offering_snapshot(offering: Offering, fit: Fit | None) -> dict[str, Any]:
    return {name: getattr(offering, name) for name in TOLD} | {
        "underwriters": agents(offering),
        "forecast": prediction_snapshot(said_of(offering, fit)),
    }


def prediction_snapshot(said: Prediction | NoPrediction | None) -> dict[str, Any]:
    if isinstance(said, Prediction):
        return {
            "price": said.price,
            "low_price": said.low_price,
            "high_price": said.high_price,
            "multiple": round(said.multiple, 4),
            "confidence": forecast.CONFIDENCE,
            "clipped": said.clipped,
            "beyond": list(said.beyond),
            "missing": [],
            "why_none": "",
        }
    return {
        "price": None,
        "low_price": None,
        "high_price": None,
        "multiple": None,
        "confidence": None,
        "clipped": False,
        "beyond": [],
        "missing": list(said.missing) if said else [],
        "why_none": said.why if said else "아직 만든 예측식이 없습니다",
    }
