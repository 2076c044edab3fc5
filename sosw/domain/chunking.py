"""A job as the payloads of its tasks: by days, then by the attributes of its schema, outermost first.

The forms are sosw's. An attribute may stand under its singular or plural name; its values are a flat list, or an object
whose keys are the values and whose values are null or what belongs to that value (attributes further in, or more
payload).
`isolate_<attribute>s` asks for a task a value, `max_<attribute>s_per_batch` for batches of flat values; both hold
for the level that they stand in and for all below. A level that nothing asks to chunk goes into the payload as it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sosw.domain.errors import invalid
from sosw.domain.periods import dates

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date

Payload = dict[str, Any]


def chunk(job: Mapping[str, Any], schema: Sequence[str], today: date) -> Iterator[Payload]:
    """The payloads, one by one, in a fixed order: memory does not grow with their number.

    `schema` holds the singular names of the attributes to chunk by. Raises `InvalidInput` for values of the wrong form;
    those of the period before the first payload, those of a sub-level when it is reached.
    """
    for dated in _by_days(dict(job), today):
        yield from _by_attributes(dated, {}, schema)


def _by_days(job: Payload, today: date) -> Iterator[Payload]:
    isolate = job.pop("isolate_days", False)
    if "period" in job:
        job["date_list"] = [str(day) for day in dates(job.pop("period"), today)]
    if not isolate:
        yield job
        return
    days = job.get("date_list")
    if not isinstance(days, list) or not days:
        raise invalid("isolate_days", isolate, "needs a period, or a date_list of days to isolate")
    for day in days:
        yield {**job, "date_list": [day]}


def _by_attributes(level: Payload, above: Payload, schema: Sequence[str]) -> Iterator[Payload]:
    """`level` chunked by the first attribute of `schema` and what lies below; `above` is what outer levels gave."""
    scope = {**above, **level}
    if not schema or not _is_chunked(scope, level, schema):
        yield scope
        return
    attribute, *inner = schema
    plural = f"{attribute}s"
    name = plural if plural in level else attribute
    values = level.get(name)
    rest = {**above, **{key: value for key, value in level.items() if key != name}}
    if isinstance(values, dict) and any(below is not None for below in values.values()):
        for value, below in values.items():
            yield from _below({**rest, plural: [value]}, below, inner, f"{name}.{value}")
        return
    for batch in _batches(_flat(values, name), _batch_size(scope, attribute)):
        yield {**rest, plural: batch}


def _below(task: Payload, below: Any, schema: Sequence[str], path: str) -> Iterator[Payload]:
    if below is None:
        yield task
    elif not isinstance(below, dict):
        raise invalid(path, below, "must be an object of what belongs to that value, or null")
    elif schema:
        yield from _by_attributes(below, task, schema)
    else:
        yield {**task, **below}


def _is_chunked(scope: Payload, level: Payload, schema: Sequence[str]) -> bool:
    """Whether this attribute, or one further in, is asked to be isolated or batched."""
    attribute, *inner = schema
    if any(scope.get(flag) for flag in _flags(attribute)):
        return True
    values = level.get(f"{attribute}s", level.get(attribute))
    if not inner or not isinstance(values, dict):
        return False
    inherited = {key: value for key, value in scope.items() if key.startswith(("isolate_", "max_"))}
    return any(isinstance(v, dict) and _is_chunked({**inherited, **v}, v, inner) for v in values.values())


def _flags(attribute: str) -> tuple[str, ...]:
    return tuple(f.format(name) for f in ("isolate_{}", "max_{}_per_batch") for name in (attribute, f"{attribute}s"))


def _flat(values: Any, name: str) -> list[Any]:
    found = list(values) if isinstance(values, dict | list) else [values]
    if values is None or not found:
        raise invalid(name, values, "has no values, but they are asked to be isolated")
    for value in found:
        if not isinstance(value, str | int | float):
            raise invalid(name, value, "must hold texts or numbers to be isolated")
    return found


def _batch_size(scope: Payload, attribute: str) -> int:
    for name in (f"max_{attribute}s_per_batch", f"max_{attribute}_per_batch"):
        size = scope.get(name)
        if size:
            if type(size) is not int or size < 1:
                raise invalid(name, size, "must be a whole number from 1")
            return size
    return 1


def _batches(values: list[Any], size: int) -> Iterator[list[Any]]:
    return (values[start : start + size] for start in range(0, len(values), size))
