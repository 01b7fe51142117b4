"""나의 조건: conditions joined by 그리고 or 또는; read, said in Korean, judged all at once. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from django.db.models import TextChoices

from lucy.errors import LucyError
from screener.conditions import CONDITIONS, Condition, Facts, Field, Heading, Shape, Values
from screener.indicators import Bools, Floats
from screener.screens import Kind

MOST_GROUPS = 6
MOST_TERMS = 30


class Joint(TextChoices):
    ALL = "all", "모두 만족 (그리고)"
    ANY = "any", "하나라도 만족 (또는)"


_WORD = {Joint.ALL: " 그리고 ", Joint.ANY: " 또는 "}


@dataclass(frozen=True, slots=True)
class Term:
    """A condition with its values as they were typed."""

    condition: str
    values: dict[str, str]
    negated: bool = False

    @property
    def kind(self) -> Condition:
        return CONDITIONS[self.condition]


@dataclass(frozen=True, slots=True)
class Group:
    joint: Joint
    terms: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    joint: Joint
    groups: tuple[Group, ...]

    @property
    def terms(self) -> list[Term]:
        return [term for group in self.groups for term in group.terms]

    @property
    def needs_prices(self) -> bool:
        return any(term.kind.heading not in {Heading.STOCK, Heading.OTHER} for term in self.terms)


@dataclass(frozen=True, slots=True)
class Names:
    """How other screens and their figures are called: by `screen`, by `screen.column`."""

    screens: Mapping[str, str] = field(default_factory=dict)
    columns: Mapping[str, tuple[str, Kind]] = field(default_factory=dict)


def first_term(condition: str) -> Term:
    return Term(condition, {one.key: one.initial for one in CONDITIONS[condition].fields})


# --- read and written ---------------------------------------------------------------------------------------


def read(raw: Any, names: Names) -> Rule:
    """A rule out of JSON, with every value checked. Raises `LucyError` that says which one is wrong."""
    rule = draft(raw)
    if not rule.terms:
        raise LucyError("invalid_rule", "조건을 하나 이상 넣으세요.")
    if len(rule.groups) > MOST_GROUPS or len(rule.terms) > MOST_TERMS:
        raise LucyError(
            "invalid_rule", f"묶음은 {MOST_GROUPS}개, 조건은 {MOST_TERMS}개까지 넣을 수 있습니다."
        )
    for term in rule.terms:
        values_of(term, names)
    return Rule(rule.joint, tuple(group for group in rule.groups if group.terms))


def draft(raw: Any) -> Rule:
    """The shape alone: what is being written may still have wrong values. Raises `LucyError`."""
    try:
        return Rule(Joint(raw["joint"]), tuple(_group(group) for group in raw["groups"]))
    except (KeyError, TypeError, ValueError, AttributeError) as odd:
        raise LucyError("invalid_rule", "조건의 형식이 맞지 않습니다.") from odd


def _group(raw: Mapping[str, Any]) -> Group:
    return Group(Joint(raw["joint"]), tuple(_term(term) for term in raw["terms"]))


def _term(raw: Mapping[str, Any]) -> Term:
    condition = CONDITIONS[raw["condition"]]
    given = raw.get("values", {})
    values = {one.key: str(given.get(one.key, one.initial)) for one in condition.fields}
    return Term(condition.key, values, raw.get("negated") is True)


def as_json(rule: Rule) -> dict[str, Any]:
    return {
        "joint": rule.joint.value,
        "groups": [
            {
                "joint": group.joint.value,
                "terms": [
                    {"condition": term.condition, "values": term.values, "negated": term.negated}
                    for term in group.terms
                ],
            }
            for group in rule.groups
        ],
    }


def values_of(term: Term, names: Names) -> Values:
    """The typed values, with the labels of other screens beside their keys. Raises `LucyError`."""
    values: dict[str, Any] = {}
    for one in term.kind.fields:
        values |= _value(term.kind, one, term.values[one.key].strip(), names)
    if {"short", "long"} <= values.keys() and values["short"] >= values["long"]:
        raise _wrong(term.kind, "단기는 장기보다 짧아야 합니다.")
    if "middle" in values and not values["short"] < values["middle"] < values["long"]:
        raise _wrong(term.kind, "단기, 중기, 장기의 순서로 길어져야 합니다.")
    return values


def _value(kind: Condition, one: Field, text: str, names: Names) -> dict[str, Any]:
    if one.shape in {Shape.DAYS, Shape.NUMBER}:
        return {one.key: _number(kind, one, text)}
    if one.shape == Shape.SCREEN:
        if text not in names.screens:
            raise _wrong(kind, "화면을 고르세요.")
        return {one.key: text, "screen_label": names.screens[text]}
    if one.shape == Shape.COLUMN:
        if text not in names.columns:
            raise _wrong(kind, "화면의 값을 고르세요.")
        label, shown = names.columns[text]
        return {one.key: text, "column_label": label, "column_kind": shown}
    if text not in dict(one.choices):
        raise _wrong(kind, f"{one.label}: 고를 수 없는 값입니다.")
    return {one.key: text}


def _number(kind: Condition, one: Field, text: str) -> float | int:
    try:
        value = float(text.replace(",", ""))
    except ValueError as odd:
        raise _wrong(kind, f"{one.label}에 숫자를 넣으세요.") from odd
    if not one.least <= value <= one.most:
        raise _wrong(kind, f"{one.label}: {one.least:,.10g}부터 {one.most:,.10g}까지 넣을 수 있습니다.")
    if one.shape == Shape.NUMBER:
        return value
    if not value.is_integer():
        raise _wrong(kind, f"{one.label}에 정수를 넣으세요.")
    return int(value)


def _wrong(kind: Condition, words: str) -> LucyError:
    return LucyError("invalid_rule", f"{kind.label}: {words}", condition=kind.key)


def sentence(rule: Rule, names: Names) -> str:
    """`(종가가 20일 이동평균 위 그리고 …) 또는 …`; raises `LucyError` for a rule that is not whole."""
    groups = [_WORD[group.joint].join(_said(term, names) for term in group.terms) for group in rule.groups]
    several = len(groups) > 1
    parts = [
        f"({said})" if several and len(group.terms) > 1 else said
        for group, said in zip(rule.groups, groups, strict=True)
    ]
    return _WORD[rule.joint].join(parts)


def _said(term: Term, names: Names) -> str:
    words = term.kind.say(values_of(term, names))
    return f"[{words}] 아님" if term.negated else words


# --- judged -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Figures:
    """What the table shows for a term."""

    label: str
    kind: Kind
    values: Floats


@dataclass(frozen=True, slots=True)
class Found:
    holds: Bools  # for each symbol of the facts
    figures: list[Figures]


def evaluate(rule: Rule, facts: Facts, names: Names) -> Found:
    """Every term for all stocks at once; what is not known fulfils neither a term nor its opposite."""
    figures: list[Figures] = []
    groups = []
    for group in rule.groups:
        verdicts = []
        for term in group.terms:
            values = values_of(term, names)
            verdict = term.kind.judge(facts, values)
            verdicts.append(verdict.known & ~verdict.holds if term.negated else verdict.holds)
            if verdict.figures is not None and term.kind.shows:
                figures.append(_shown(term.kind.shows, values, verdict.figures))
        groups.append(_joined(group.joint, verdicts))
    return Found(_joined(rule.joint, groups), figures)


def _joined(joint: Joint, verdicts: list[Bools]) -> Bools:
    join = np.logical_and if joint == Joint.ALL else np.logical_or
    joined: Bools = join.reduce(verdicts)
    return joined


def _shown(shows: tuple[str, Kind], values: Values, figures: Floats) -> Figures:
    label, kind = shows
    return Figures(label.format(**values), values.get("column_kind", kind), figures)


def columns_of(rule: Rule, names: Names) -> list[tuple[str, Kind]]:
    """The headings of `evaluate`'s figures, without judging anything."""
    found = []
    for term in rule.terms:
        if term.kind.shows:
            values = values_of(term, names)
            label, kind = term.kind.shows
            found.append((label.format(**values), values.get("column_kind", kind)))
    return found
