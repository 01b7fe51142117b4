"""An own screen while it is being written: a rule out of the form's fields, and what buttons do to it. Pure.

The fields are named by place: `joint`, `g0.joint`, `g0.t1.condition`, `g0.t1.negated`, `g0.t1.days`, …
"""

from dataclasses import dataclass, replace

from django.http import QueryDict

from screener.conditions import CONDITIONS, Condition, Field, Heading
from screener.own import MOST_GROUPS, MOST_TERMS, Group, Joint, Rule, Term, first_term

FIRST = "side_of_average"


def new_rule() -> Rule:
    return Rule(Joint.ALL, (Group(Joint.ALL, (first_term(FIRST),)),))


def rule_in(data: QueryDict) -> Rule:
    """What the form holds; a field that is none of ours, or not there, has its first value."""
    groups = []
    for group in range(MOST_GROUPS):
        if f"g{group}.joint" in data:
            terms = (_term(data, f"g{group}.t{place}.") for place in range(MOST_TERMS))
            groups.append(Group(_joint(data, f"g{group}.joint"), tuple(term for term in terms if term)))
    return Rule(_joint(data, "joint"), tuple(groups)) if groups else new_rule()


def _joint(data: QueryDict, name: str) -> Joint:
    return Joint.ANY if data.get(name) == Joint.ANY else Joint.ALL


def _term(data: QueryDict, name: str) -> Term | None:
    condition = data.get(f"{name}condition", "")
    if condition not in CONDITIONS:
        return None
    values = first_term(condition).values
    if data.get(f"{name}was") == condition:  # else another was chosen, and the typed values are not its own
        values = {key: data.get(name + key, value) for key, value in values.items()}
    return Term(condition, values, data.get(f"{name}negated") == "on")


def act(rule: Rule, deed: str) -> Rule:
    """`add-group`, `add-term:0`, `drop-term:0:1`, `drop-group:1`; anything else changes nothing."""
    name, *places = deed.split(":")
    if not all(place.isdigit() for place in places):
        return rule
    numbers = [int(place) for place in places]
    if name == "add-group" and len(rule.groups) < MOST_GROUPS:
        return replace(rule, groups=(*rule.groups, Group(Joint.ALL, (first_term(FIRST),))))
    if not numbers or numbers[0] >= len(rule.groups):
        return rule
    if name == "add-term" and len(rule.terms) < MOST_TERMS:
        return _with(rule, numbers[0], (*rule.groups[numbers[0]].terms, first_term(FIRST)))
    if name == "drop-group":
        left = tuple(group for place, group in enumerate(rule.groups) if place != numbers[0])
        return replace(rule, groups=left) if left else new_rule()
    if name == "drop-term" and len(numbers) == 2:
        return _without(rule, numbers[0], numbers[1])
    return rule


def _without(rule: Rule, group: int, term: int) -> Rule:
    """An emptied group goes with its last term."""
    left = tuple(one for place, one in enumerate(rule.groups[group].terms) if place != term)
    return _with(rule, group, left) if left else act(rule, f"drop-group:{group}")


def _with(rule: Rule, group: int, terms: tuple[Term, ...]) -> Rule:
    groups = list(rule.groups)
    groups[group] = replace(groups[group], terms=terms)
    return replace(rule, groups=tuple(groups))


# --- as the page draws it -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Input:
    name: str
    field: Field
    value: str

    @property
    def id(self) -> str:
        return self.name.replace(".", "-")


@dataclass(frozen=True, slots=True)
class TermRow:
    name: str  # before each field's key
    place: str  # `0:1`
    term: Term
    inputs: list[Input]

    @property
    def id(self) -> str:
        return self.name.replace(".", "-")


@dataclass(frozen=True, slots=True)
class GroupBox:
    name: str
    place: int
    joint: Joint
    rows: list[TermRow]


def boxes(rule: Rule) -> list[GroupBox]:
    return [
        GroupBox(
            f"g{place}.", place, group.joint, [_row(place, at, term) for at, term in enumerate(group.terms)]
        )
        for place, group in enumerate(rule.groups)
    ]


def _row(group: int, at: int, term: Term) -> TermRow:
    name = f"g{group}.t{at}."
    inputs = [Input(name + one.key, one, term.values[one.key]) for one in term.kind.fields]
    return TermRow(name, f"{group}:{at}", term, inputs)


def catalogue() -> list[tuple[Heading, list[Condition]]]:
    """Every condition under its heading."""
    return [(head, [one for one in CONDITIONS.values() if one.heading == head]) for head in Heading]
