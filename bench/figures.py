"""What was measured, and the budgets that it is held to; as JSON in docs/benchmarks.json."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

THREE_DIGITS = 100
BUSY = "A ratio of two times of this run: others at work on the machine bend it, and it takes a run alone."


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """A figure and the bounds that it must keep within."""

    name: str
    value: float
    least: float | None = None
    most: float | None = None
    is_promise: bool = False
    """One of the figures that the project was designed for: they stand on top of the page."""
    peer: float | None = None
    """The same figure of sosw 0.7.51, where it was measured."""
    reason: str = ""
    """Why it may not be held, and what it would take; told when it is not."""

    @property
    def is_held(self) -> bool:
        """Within both bounds, and they count as within."""
        return (self.least is None or self.value >= self.least) and (self.most is None or self.value <= self.most)

    @property
    def bounds(self) -> str:
        """In words."""
        if self.least is not None and self.most is not None:
            return f"{number(self.least)} to {number(self.most)}"
        if self.least is not None:
            return f"at least {number(self.least)}"
        return f"at most {number(self.most)}" if self.most is not None else "any"


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One more, below the first."""

    title: str
    columns: list[str]
    rows: list[list[str | float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One thing that was measured."""

    key: str
    title: str
    about: str
    """What was done and how it was counted, for a reader: paragraphs."""
    columns: list[str]
    rows: list[list[str | float]]
    details: list[Table] = field(default_factory=list)
    budgets: list[Budget] = field(default_factory=list)
    setting: dict[str, str] = field(default_factory=dict)
    """Date, machine and versions."""
    summary: str = ""
    """A last line of its own, where a section has one."""

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Section:
        """What `asdict` made of one."""
        budgets = [Budget(**budget) for budget in content["budgets"]]
        return cls(
            **{**content, "budgets": budgets, "details": [Table(**table) for table in content.get("details", [])]}
        )

    @property
    def table(self) -> Table:
        """The first."""
        return Table(title=self.title, columns=self.columns, rows=self.rows)


def number(value: float) -> str:
    """As people read it: three digits that count, no more behind the point than needed."""
    if abs(value) >= THREE_DIGITS or float(value).is_integer():
        return f"{value:,.0f}"
    return f"{value:.3g}"


def read(path: Path) -> dict[str, Section]:
    """The sections of an earlier run, by their keys; none where there is no file."""
    if not path.exists():
        return {}
    return {content["key"]: Section.from_json(content) for content in json.loads(path.read_text())["sections"]}


def write(path: Path, sections: Mapping[str, Section]) -> None:
    """All of them, in the order of their keys in the mapping."""
    content = {"sections": [asdict(section) for section in sections.values()]}
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n")


def verdict(budgets: list[Budget]) -> str:
    """The last line."""
    return f"budgets: {sum(budget.is_held for budget in budgets)} of {len(budgets)} held"


def broken(budgets: list[Budget]) -> list[str]:
    """A line for each budget that is not held."""
    lines = (
        f"{budget.name}: {number(budget.value)}, and not {budget.bounds}. {budget.reason}"
        for budget in budgets
        if not budget.is_held
    )
    return [line.rstrip() for line in lines]
