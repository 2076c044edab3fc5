"""A job as the payloads of its tasks: by days, then by the attributes of its schema, outermost first.

The forms are sosw's (`docs/explanation/chunking.md`). An attribute stands under its singular or plural name; its values
are a flat list, or an object whose keys are the values and whose values are null or a level: what belongs to that value
(attributes further in, or more payload). `isolate_<attribute>s` asks for a task a value, `max_<attribute>s_per_batch`
for batches of flat values; both hold for the level that they stand in and for all below.

A job is first taken apart into *runs*: payloads that differ in one attribute alone. There are far fewer runs than
tasks, so that counting, checking and skipping tasks costs next to nothing, and to make one is one copy of its payload.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import islice
from typing import Any

from sosw.domain import days, levels
from sosw.domain.errors import InvalidInput, did_you_mean, invalid, missing
from sosw.domain.extensions import NONE, Extensions, told_of
from sosw.domain.jsontext import load
from sosw.domain.levels import Attribute, Payload, Run

__all__ = ["Payload", "chunk", "count", "runs"]


def chunk(
    job: Mapping[str, Any], schema: Sequence[str], today: date, extensions: Extensions = NONE, *, start: int = 0
) -> Iterator[Payload]:
    """The payloads from number `start` on, one by one, in a fixed order: memory does not grow with their number.

    `schema` holds the singular names of the attributes to chunk by. Payloads share their inner objects with the job:
    they are for reading. Raises `InvalidInput` for values of the wrong form when it comes to them: `survey` finds all
    of them beforehand.
    """
    if "chunker" in job:
        yield from islice(_by_chunker(job, schema, today, extensions), start, None)
        return
    for run in runs(job, schema, today, extensions):
        size = len(run)
        if start >= size:
            start -= size
            continue
        for payload in run.payloads(start):
            yield _opened(payload) if "payload" in payload else payload
        start = 0


def count(job: Mapping[str, Any], schema: Sequence[str], today: date, extensions: Extensions = NONE) -> int:
    """How many payloads `chunk` makes of the job; raises as it does."""
    if "chunker" in job:
        return sum(1 for _ in _by_chunker(job, schema, today, extensions))
    return sum(map(len, runs(job, schema, today, extensions)))


def runs(job: Mapping[str, Any], schema: Sequence[str], today: date, extensions: Extensions = NONE) -> Iterator[Run]:
    """The job as runs of payloads, in order."""
    outermost = Attribute.of(schema)
    is_whole = outermost is None or not levels.is_asked(job, outermost)
    for dated in days.by_days(job, today, extensions, is_whole=is_whole):
        if is_whole or outermost is None:
            yield Run(dated)
        else:
            yield from levels.by_attributes(dated, {}, outermost, "")


def _by_chunker(
    job: Mapping[str, Any], schema: Sequence[str], today: date, extensions: Extensions
) -> Iterator[Payload]:
    chunker = extensions.chunkers.get(job["chunker"]) if isinstance(job["chunker"], str) else None
    if chunker is None:
        raise unknown_chunker(job["chunker"], extensions)
    rest = {key: value for key, value in job.items() if key != "chunker"}
    with told_of("chunker", job["chunker"]):
        for payload in chunker(rest, schema, today):
            if not isinstance(payload, dict):
                raise invalid("chunker", job["chunker"], f"made {payload!r}, and must make objects: payloads of tasks")
            yield payload


def unknown_chunker(name: Any, extensions: Extensions) -> InvalidInput:
    """The answer to a `chunker` that nobody has installed."""
    return missing("chunker", name, "is no chunker that is installed", did_you_mean(str(name), extensions.chunkers))


def _opened(payload: Payload) -> Payload:
    """What stands in `payload`, an object or its JSON, beside the other keys, which win."""
    inner = payload["payload"]
    if isinstance(inner, str):
        try:
            inner = load(inner)
        except (ValueError, RecursionError):
            return payload
    if not isinstance(inner, dict):
        return payload
    return {**inner, **{key: value for key, value in payload.items() if key != "payload"}}
