"""Reads the declared settings of a resource."""

from __future__ import annotations

import re
from typing import Any

from sosw.domain.health import CLOUDWATCH, SIGNALS, OnMissing, Query
from sosw.domain.measures import query
from sosw.domain.reader import Reader, is_number
from sosw.domain.records import ResourceName
from sosw.domain.resources import Resource

MAX_BUDGET = 10_000
MAX_INCREASE = 1_000
MAX_LOAD = 1e15
RESOURCE_KEYS = (
    "source",
    "details",
    "label",
    "unit",
    "target",
    "band",
    "floor",
    "ceiling",
    "start",
    "increase",
    "decrease",
    "settle",
    "on_missing",
)
_MEANT = {"metric": "details", "min": "floor", "max": "ceiling", "limit": "ceiling"}
_NAME = re.compile(r"[A-Za-z0-9_.:/-]{1,128}")


def read_resource(name: str, given: Any) -> Resource:
    """From `resources.<name>`; raises `InvalidInput` with all problems."""
    values = Reader(f"resources.{name}", given, RESOURCE_KEYS, meant=_MEANT)
    if not _NAME.fullmatch(str(name)):
        values.wrong("name", name, "must be 1 to 128 letters, digits, '_', '.', ':', '/' or '-'")
    target, band = _target(values)
    floor, ceiling, start = _bounds(values)
    resource = Resource(
        name=ResourceName(name),
        query=_query(values),
        label=values.text("label", _metric_name(values) or "load"),
        unit=values.text("unit", ""),
        target=target,
        band=band,
        floor=floor,
        ceiling=ceiling,
        start=start,
        increase=values.whole("increase", 1, 1, MAX_INCREASE),
        decrease=_decrease(values),
        settle=values.seconds("settle", 60, 1, 3_600),
        on_missing=values.choice("on_missing", OnMissing.HOLD),
    )
    values.done()
    return resource


def _query(values: Reader) -> Query | None:
    """None where nothing is measured: then what Workers signal is all that steers it."""
    if _is_measured(values):
        return query(values)
    if values.has("details"):
        values.wrong("details", values.get("details", None), "must be left out: what Workers signal needs none")
    return None


def _is_measured(values: Reader) -> bool:
    source = values.get("source", CLOUDWATCH if values.has("details") else SIGNALS)
    return bool(source != SIGNALS)


def _metric_name(values: Reader) -> str:
    details = values.get("details", None)
    name = details.get("MetricName") if isinstance(details, dict) else None
    return name if isinstance(name, str) else ""


def _target(values: Reader) -> tuple[float, float]:
    """And the band around it, which must leave room below; they matter, and must be given, where a load is measured."""
    had = len(values.problems)
    is_measured = _is_measured(values)
    target = values.above("target", None if is_measured else 1, 0, MAX_LOAD)
    band = values.above("band", None if is_measured else target / 2, 0, MAX_LOAD)
    if len(values.problems) == had and band >= target:
        values.wrong("band", band, f"must be less than the target, {target:g}: no load is below {target - band:g}")
    return target, band


def _bounds(values: Reader) -> tuple[int, int, int | None]:
    """Floor, ceiling and start, in their order."""
    had = len(values.problems)
    floor = values.whole("floor", 1, 0, MAX_BUDGET)
    ceiling = values.whole("ceiling", None, 1, MAX_BUDGET)
    start = values.whole("start", floor, 0, MAX_BUDGET) if values.has("start") else None
    if len(values.problems) == had:
        if floor > ceiling:
            values.wrong("floor", floor, f"is above the ceiling, {ceiling:,}")
        elif start is not None and not floor <= start <= ceiling:
            values.wrong("start", start, f"must be from the floor to the ceiling, {floor:,} to {ceiling:,}")
    return floor, ceiling, start


def _decrease(values: Reader) -> float:
    rule = "must be a number between 0 and 1: what a cut leaves of the budget"
    return float(values.checked("decrease", 0.5, rule, fits=lambda v: is_number(v) and 0 < v < 1))
