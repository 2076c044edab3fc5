"""Random jobs in all the forms that sosw 0.7.51 knows, and in a few that it only seems to know."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from hypothesis import strategies as st

Draw = Callable[[st.SearchStrategy[Any]], Any]
ATTRIBUTES = ("section", "shop", "product")
EDGES = tuple(
    map(date.fromisoformat, ["2024-02-29", "2024-03-01", "2025-01-01", "2025-12-31", "2026-01-04", "2026-01-05"])
)
PERIODS = (
    *("today", "yesterday", "last_week", "last_1_days", "last_3_days", "last_40_days", "previous_2_days"),
    *("0_days_back", "7_days_back", "previous_31_days"),
)
STRANGE_PERIODS = ("last_2_days_oops", "today_or_so", "last_0_days", "previous_0_days", "next_2_days", "", None)
SCALARS = st.sampled_from(["a", "b", "c", "00123", "", 0, 1, 2, -7, 1.5, True])
NAMES = st.sampled_from(["a", "b", "c", "d", "00123"])


@dataclass(frozen=True)
class Case:
    """A job as its Schedulers are asked for it."""

    job: dict[str, Any]
    schema: tuple[str, ...]
    today: date


@st.composite
def cases(draw: Draw) -> Case:
    schema = ATTRIBUTES[: draw(st.integers(1, len(ATTRIBUTES)))]
    attributes = {**draw(levels(schema, 0)), **draw(flags(schema, often=True))}
    job = {"lambda_name": "sales", **one_name_a_batch(attributes, schema), **draw(days())}
    if rarely(draw, 10):
        job["job_schema_name"] = "other"
    if rarely(draw, 10):
        job["payload"] = draw(st.sampled_from([{"x0": 7, "z": [1]}, '{"z": 1}', "no JSON", 5, {}]))
    if rarely(draw, 40):
        job[draw(st.sampled_from(["isolate_shoops", "isolate_day", "max_shops_per_bach", "islate_sections"]))] = True
    today = draw(st.one_of(st.sampled_from(EDGES), st.dates(date(1990, 1, 1), date(2100, 1, 1))))
    return Case(job, schema, today)


@st.composite
def levels(draw: Draw, schema: tuple[str, ...], depth: int) -> dict[str, Any]:
    """What belongs to one value: the next attribute, mostly, with flags and payload of its own, sometimes."""
    level: dict[str, Any] = {}
    if depth < len(schema) and not rarely(draw, 8):
        skipped = 1 if rarely(draw, 15) and depth + 1 < len(schema) else 0
        attribute = schema[depth + skipped]
        level[f"{attribute}s"] = draw(values(schema, depth + skipped))
        if rarely(draw, 8):
            level[attribute] = level.pop(f"{attribute}s")
        elif rarely(draw, 40):
            level[attribute] = ["both"]
    if depth and rarely(draw, 5):
        level.update(draw(flags(schema, often=False)))
    if rarely(draw, 3):
        level[f"x{depth}"] = draw(st.sampled_from([1, None, {"deep": [1, None]}, "text"]))
    return level


@st.composite
def values(draw: Draw, schema: tuple[str, ...], depth: int) -> Any:
    """Of one attribute: flat, or with levels below."""
    match draw(st.integers(0, 19)):
        case 0 | 1 | 2 | 3 | 4:
            return draw(st.lists(SCALARS, min_size=1, max_size=5))
        case 5:
            return draw(SCALARS)
        case 6 | 7 | 8:
            return dict.fromkeys(draw(st.lists(NAMES, min_size=1, max_size=4)))
        case 9:
            return draw(st.sampled_from([[], {}, None, [{}], [None], [["a"]], ["a", {"b": None}], {"a": 7}]))
        case 10 | 11:
            return draw(st.lists(below(schema, depth), min_size=1, max_size=2))
        case _:
            return draw(below(schema, depth))


def below(schema: tuple[str, ...], depth: int) -> st.SearchStrategy[dict[str, Any]]:
    """Values with something below them."""
    level = st.one_of(st.none(), levels(schema, depth + 1), levels(schema, depth + 1), levels(schema, depth + 1))
    return st.dictionaries(NAMES, level, min_size=1, max_size=3)


@st.composite
def flags(draw: Draw, schema: tuple[str, ...], *, often: bool) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for attribute in schema:
        name = attribute if rarely(draw, 5) else f"{attribute}s"
        if not rarely(draw, 2) if often else rarely(draw, 2):
            found[f"isolate_{name}"] = draw(st.sampled_from([True, True, True, True, False, 1, "true", "false", None]))
        if rarely(draw, 4):
            sizes = [1, 2, 2, 3, "2"] if not rarely(draw, 8) else [-1, True, 2.7, *([0, None] * (name != attribute))]
            found[f"max_{name}_per_batch"] = draw(st.sampled_from(sizes))
    return found


@st.composite
def days(draw: Draw) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if rarely(draw, 2):
        found["period"] = draw(st.sampled_from(STRANGE_PERIODS if rarely(draw, 12) else PERIODS))
    elif rarely(draw, 8):
        found["date_list"] = draw(st.sampled_from([["2026-01-01"], ["2026-01-01", "2026-01-02"], []]))
    if not rarely(draw, 3) if found else rarely(draw, 20):
        found["isolate_days"] = draw(st.sampled_from([True, True, True, False, 1, "false"]))
    return found


def one_name_a_batch(job: dict[str, Any], schema: tuple[str, ...]) -> dict[str, Any]:
    """With the batches of an attribute under one name: how two of them mix is a rule of ours alone."""
    used = json.dumps(job)
    names = {f"max_{name}_per_batch": f"max_{name}s_per_batch" for name in schema}
    renamed: dict[str, Any] = with_names(job, {name: plural for name, plural in names.items() if plural in used})
    return renamed


def with_names(value: Any, names: dict[str, str]) -> Any:
    """The value with other names for some keys, at every depth."""
    if isinstance(value, list):
        return [with_names(inner, names) for inner in value]
    if not isinstance(value, dict):
        return value
    return {names.get(key, key): with_names(inner, names) for key, inner in value.items()}


def rarely(draw: Draw, one_of: int) -> bool:
    """Once in so many cases."""
    return bool(draw(st.integers(0, one_of - 1)) == one_of - 1)
