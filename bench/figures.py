"""A measured figure beside its floor, and how both are printed."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Figure:
    """`value` and `floor` were measured in the same run; `compared` must not pass `target`."""

    name: str
    unit: str
    value: float
    floor: float | None = None
    floor_name: str = ""
    compared: float | None = (
        None  # what the target speaks of: a ratio or a difference to the floor, or the value
    )
    target: float | None = None
    rule: str = ""

    @property
    def reached(self) -> bool | None:
        if self.target is None or self.compared is None:
            return None
        return self.compared <= self.target

    def as_dict(self) -> dict[str, Any]:
        return asdict(self) | {"reached": self.reached}

    def line(self) -> str:
        beside = f"{self.floor:9.2f} {self.floor_name}" if self.floor is not None else ""
        verdict = {True: "reached", False: "NOT REACHED", None: ""}[self.reached]
        rule = (
            f"{self.rule}: {self.compared:.2f} (target {self.target:g})" if self.compared is not None else ""
        )
        return f"{self.name:<46}{self.value:9.2f} {self.unit:<10}{beside:<34}{rule:<36}{verdict}"


def percentile(values: Sequence[float], percent: float) -> float:
    """The value that `percent` of all are at or below (nearest rank)."""
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, max(0, round(len(ranked) * percent / 100) - 1))]


def peak_megabytes() -> float:
    """This program's own; `getrusage` would count the parent's as well, from which it was forked."""
    status = Path("/proc/self/status").read_text()
    kilobytes = next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(kilobytes) / 1024
