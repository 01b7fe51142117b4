"""Make formulas from the history, and write down what they say before each listing."""

from collections.abc import Iterable
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from django.db import IntegrityError
from django.db.models import Max, Q

from accounts.models import User
from ipo import forecast
from ipo.board.formulas import deal_of_history, deal_of_offering, formula_in_use
from ipo.forecast import (
    FORMULAS,
    ORIGINAL,
    Deal,
    Fit,
    ForecastError,
    LeftOut,
    Prediction,
    Trial,
)
from ipo.models import Forecast, ForecastModel, Offering, OfferingHistory
from lucy import clock
from lucy.errors import LucyError
from lucy.mongo import transactional

# --- formulas -----------------------------------------------------------------------------------------------


def make_formula(author: User) -> ForecastModel:
    """수식만들기: fit the history as it stands; the formula that earned it is in use from now on.

    The original is always fitted. Another stands beside it only after winning out of time.
    """
    deals = [deal_of_history(row) for row in OfferingHistory.objects.all()]
    rows, left_out = forecast.usable(deals)
    tried = forecast.trials(rows)
    chosen = forecast.choose(tried)
    try:
        fits = [forecast.fit(rows, formula) for formula in dict.fromkeys((ORIGINAL, chosen))]
    except ForecastError as refusal:
        raise _refusal(refusal, left_out) from refusal
    try:
        made = _store(fits, rows, left_out, tried, author)
    except IntegrityError as twice:
        raise LucyError(
            "made_elsewhere", "다른 사람이 방금 식을 만들었습니다. 다시 누르세요.", status=409
        ) from twice
    write_down_forecasts()
    return made


def _refusal(refusal: ForecastError, left_out: list[LeftOut]) -> LucyError:
    return LucyError(refusal.code, str(refusal), status=409, left_out=reasons(left_out))


def reasons(left_out: Iterable[LeftOut]) -> dict[str, int]:
    """How many rows were left out for each reason, most first."""
    counted: dict[str, int] = {}
    for one in left_out:
        why = "상장일 가격제한폭 밖의 최고가" if "있을 수 없는" in one.why else one.why
        counted[why] = counted.get(why, 0) + 1
    return dict(sorted(counted.items(), key=lambda pair: -pair[1]))


@transactional
def _store(
    fits: list[Fit], rows: list[Deal], left_out: list[LeftOut], tried: list[Trial], author: User
) -> ForecastModel:
    """The versions of one click; the last of them, which won, is in use."""
    version = ForecastModel.objects.aggregate(last=Max("version"))["last"] or 0
    ForecastModel.objects.filter(in_use=True).update(in_use=False)
    made = [
        ForecastModel.objects.create(
            version=version + number,
            in_use=one is fits[-1],
            why=_why(one.formula, tried),
            rows=_rows_used(rows, one.formula),
            left_out=[{"name": out.deal.name, "why": out.why} for out in left_out],
            trials=[asdict(trial) for trial in tried],
            made_at=clock.now(),
            author=author,
            inputs=[each.words for each in FORMULAS[one.formula]],
            **_numbers(one),
        )
        for number, one in enumerate(fits, start=1)
    ]
    return made[-1]


def _numbers(fit: Fit) -> dict[str, Any]:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(fit).items()}


def _rows_used(rows: list[Deal], formula: str) -> list[dict[str, Any]]:
    _inputs, y = forecast.matrix(rows, formula)
    return [
        {
            "key": deal.key,
            "name": deal.name,
            "on": deal.listed_on.isoformat() if deal.listed_on else "",
            "values": [getattr(deal, each.name) for each in FORMULAS[formula]],
            "multiple": round(float(multiple), 6),
        }
        for deal, multiple in zip(rows, y, strict=True)
    ]


def _why(formula: str, tried: list[Trial]) -> str:
    """Why this formula is, or would be, the one in use."""
    found = next((one for one in tried if one.formula == formula), None)
    if found is None:
        return "상장일을 아는 기록이 적어 다른 식과 시간순으로 견주지 못했습니다. 기본식을 씁니다."
    beside = f"상장 순서대로 시험한 {found.n}건에서 평균 오차 {found.error:.2f}배"
    if formula == ORIGINAL:
        beside += f" (중앙값 {found.median_error:.2f}배)"
        return f"{beside}. 우연을 넘어 이긴 다른 식이 없으면 기본식을 씁니다."
    return f"{beside}로 기본식 {found.original_error:.2f}배와 중앙값 {found.median_error:.2f}배를 이겼습니다."


def use_formula(model: ForecastModel, user: User) -> None:
    """Put an older version to use again, by hand."""
    _switch(model, f"{user.get_full_name() or user.get_username()}이(가) 직접 골랐습니다.")
    write_down_forecasts()


@transactional
def _switch(model: ForecastModel, why: str) -> None:
    ForecastModel.objects.filter(in_use=True).update(in_use=False)
    ForecastModel.objects.filter(pk=model.pk).update(in_use=True, why=why)


# --- forecasts ----------------------------------------------------------------------------------------------


def write_down_forecasts() -> int:
    """A row for each offer still to list whose forecast is new or has changed; how many there were."""
    model = formula_in_use()
    if model is None:
        return 0
    told = 0
    to_come = Offering.objects.filter(is_spac=False, is_reit=False, is_foreign=False).filter(
        Q(listing_on__isnull=True) | Q(listing_on__gt=clock.trade_date())
    )
    for offering in to_come.filter(offer_price__isnull=False, institution_ratio__isnull=False):
        said = forecast.predict(model.fit(), deal_of_offering(offering))
        if isinstance(said, Prediction):
            told += _write_down(offering, model, said)
    return told


def _write_down(offering: Offering, model: ForecastModel, said: Prediction) -> bool:
    deal = deal_of_offering(offering)
    offer_price = Decimal(offering.offer_price or 0)
    inputs = {one.label: f"{getattr(deal, one.name):g}" for one in FORMULAS[model.formula]}
    last = Forecast.objects.filter(offering=offering).order_by("-at", "-pk").first()
    same = (model.pk, inputs, offer_price)
    if last is not None and (last.model_id, last.inputs, last.offer_price) == same:
        return False
    Forecast.objects.create(
        offering=offering,
        model=model,
        at=clock.now(),
        inputs=inputs,
        offer_price=offer_price,
        multiple=said.multiple,
        low=said.low,
        high=said.high,
        price=said.price,
        low_price=said.low_price,
        high_price=said.high_price,
        clipped=said.clipped,
        beyond=list(said.beyond),
    )
    return True
