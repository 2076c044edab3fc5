"""The jobs of the benchmark: the same for both sides. The standard library alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

MILLION, FEW = 1_000_000, 10_000
LABOURER = "sales"
SCHEMA = ("section", "shop", "product", "size")
"""The attributes that jobs are chunked by, outermost first."""
A_DAY, SECTIONS = 100, 10
"""Tasks of a job for each day, and in how many sections their shops are."""

_NAMES = [str(number) for number in range(100)]


def nested(names: Sequence[str], counts: Sequence[int], innermost: Any) -> Any:
    """Levels of so many values each; the last of them hold `innermost`."""
    if not counts:
        return innermost
    below = {value: nested(names[1:], counts[1:], innermost) for value in _NAMES[: counts[0]]}
    return {f"{names[0]}s": below}


def chunking(shape: str) -> tuple[dict[str, Any], tuple[str, ...]]:
    """A job of a million tasks of that shape, and its schema; `few` is of `FEW` tasks, and else as `lists`."""
    if shape in {"lists", "few"}:
        sections = 10 if shape == "lists" else 1
        innermost = {"sizes": list(range(1_000))}
        return {"isolate_sizes": True, **nested(SCHEMA, [sections, 10 if sections > 1 else 1, 10], innermost)}, SCHEMA
    return {"isolate_products": True, **nested(SCHEMA, [100, 100, 100], None)}, SCHEMA[:3]


def creating(tasks: int, labourer: str = LABOURER) -> dict[str, Any]:
    """A job of so many tasks: a day, a section and a shop for each. It is small itself.

    Their number must be a multiple of `A_DAY`, or below it and a multiple of `SECTIONS`.
    """
    a_day = min(tasks, A_DAY)
    return {
        "lambda_name": labourer,
        "period": f"last_{tasks // a_day}_days",
        "isolate_days": True,
        "isolate_shops": True,
        "report": "daily",
        **nested(SCHEMA, [SECTIONS], {"shops": list(range(a_day // SECTIONS))}),
    }


def named(tasks: int) -> dict[str, Any]:
    """A job that names the shop of each of its tasks, and is so large itself: some 20 bytes a task."""
    shops = [f"shop-{number:07}-branch" for number in range(tasks)]
    return {"lambda_name": LABOURER, "isolate_shops": True, "sections": {"0": {"shops": shops}}}


def labourers(count: int) -> list[str]:
    """Their names."""
    return [f"{LABOURER}-{number}" for number in range(count)]


def payload(number: int) -> dict[str, Any]:
    """Of a small task, as `creating` makes them."""
    return {"report": "daily", "date_list": ["2026-01-01"], "sections": ["1"], "shops": [number]}
