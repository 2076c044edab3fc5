"""A job looked over before anything of it is written: everything that is wrong with it, and how many tasks it makes.

It goes over the job's tree, never over its tasks: a million of them cost no more than the values that they are made of.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sosw.domain import chunking, days, levels
from sosw.domain.assignment import RESERVED_KEYS
from sosw.domain.errors import InvalidInput, Problem
from sosw.domain.extensions import NONE, Extensions
from sosw.domain.flags import Flags
from sosw.domain.jsontext import MAX_PAYLOAD_BYTES, checked, dump, load
from sosw.domain.levels import Attribute, Run

MAX_TASKS = 10_000_000
_ROOM = 16
"""Bytes that a payload may have above those of its job, for each attribute: brackets, a plural's s."""
TOLD = 20
"""So many problems are told of one job."""
_TOLD_OF = frozenset({*RESERVED_KEYS, "payload"})
"""Keys to look at below the last attribute; all others are payload."""
_RESERVED = "is a name that sosw gives to Workers: choose another"


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What is known of a job without making its tasks."""

    problems: tuple[Problem, ...]
    tasks: int
    """How many payloads `chunk` makes of it, all of them right, unless there are problems."""


def survey(
    job: Mapping[str, Any],
    schema: Sequence[str],
    today: date,
    extensions: Extensions = NONE,
    limit: int = MAX_PAYLOAD_BYTES,
) -> Survey:
    """Look over a job; never raises for what a job can hold. `limit` is that of a payload, in bytes."""
    found: list[Problem] = []
    size = _size(job, found)
    found += _level_problems(job, schema)
    if "chunker" in job:
        tasks = _by_chunker(job, schema, today, extensions, found, limit)
    else:
        number, first = _dated(job, schema, today, extensions, found)
        is_small = size + len(repr(first)) + _ROOM * (1 + len(schema)) <= limit
        tasks = number * _tasks_of_a_day(job, schema, None if is_small else first, found, limit)
    if tasks > MAX_TASKS:
        found.append(Problem("job", dict(job), f"makes {tasks:,} tasks, more than {MAX_TASKS:,}"))
    return Survey(problems=tuple(_told(found)), tasks=tasks)


def _told(found: list[Problem]) -> Iterator[Problem]:
    yield from {str(problem): problem for problem in found[:TOLD]}.values()
    if len(found) > TOLD:
        yield Problem("job", len(found), f"problems were found; these are the first {TOLD}")


def _size(job: Mapping[str, Any], found: list[Problem]) -> int:
    """Bytes of the job as JSON; what of it is none is told."""
    size = 0
    for key, value in job.items():
        try:
            size += len(dump({key: value}).encode())
        except (TypeError, ValueError, RecursionError) as error:
            found.append(Problem(str(key), value, f"is not JSON: {error}"))
    return size


def _level_problems(job: Mapping[str, Any], schema: Sequence[str]) -> Iterator[Problem]:
    flags = Flags(schema)

    def walk(level: Mapping[str, Any], attribute: Attribute | None, path: str = "") -> Iterator[Problem]:
        yield from (Problem(path + key, level[key], _RESERVED) for key in RESERVED_KEYS if key in level)
        if "payload" in level:
            yield from _in_payload(level["payload"], path)
        if attribute is not None or not path:
            yield from flags.problems(level, path)
        if attribute is not None:
            for name, value, below in levels.levels_below(level, attribute):
                if attribute.inner or not _TOLD_OF.isdisjoint(below):
                    yield from walk(below, attribute.inner, f"{path}{name}.{value}.")

    return walk(job, Attribute.of(schema))


def _in_payload(payload: Any, path: str) -> Iterator[Problem]:
    if isinstance(payload, str):
        try:
            payload = load(payload)
        except (ValueError, RecursionError):
            return
    if isinstance(payload, dict):
        yield from (Problem(f"{path}payload.{key}", payload[key], _RESERVED) for key in RESERVED_KEYS if key in payload)


def _dated(
    job: Mapping[str, Any], schema: Sequence[str], today: date, extensions: Extensions, found: list[Problem]
) -> tuple[int, dict[str, Any]]:
    """How many days, batches of days or steps the job has, and the first of them: no other one is longer."""
    number, first = 0, dict[str, Any]()
    kept = {key: job[key] for key in days.KEYS if key in job}
    try:
        for dated in days.by_days(kept, today, extensions, is_whole=not schema):
            number, first = number + 1, first or dated
    except InvalidInput as error:
        found += error.problems
    return max(number, 1), first


def _tasks_of_a_day(
    job: Mapping[str, Any], schema: Sequence[str], first: dict[str, Any] | None, found: list[Problem], limit: int
) -> int:
    """How many tasks there are for each day. Their sizes are looked at if there is a `first` day to add to each."""
    tasks = 0
    for run in _runs_of_a_day(job, schema, found):
        tasks += len(run)
        if first is not None and not found:
            found += _too_large(run, first, limit)
    return tasks


def _runs_of_a_day(job: Mapping[str, Any], schema: Sequence[str], found: list[Problem]) -> Iterator[Run]:
    outermost = Attribute.of(schema)
    plain = {key: value for key, value in job.items() if key not in days.KEYS}
    if outermost is None or not levels.is_asked(plain, outermost):
        return iter([Run(plain)])
    return levels.by_attributes(plain, {}, outermost, "", lambda error: found.extend(error.problems))


def _too_large(run: Run, first: dict[str, Any], limit: int) -> Iterator[Problem]:
    """The first payload of a run that is too large; they are looked at one by one only if all of them together are."""
    together = [{**run.base, **first}, run.values, run.below]
    if len(dump(together).encode()) > limit:
        yield from _wrong(({**payload, **first} for payload in run.payloads()), limit)


def _by_chunker(
    job: Mapping[str, Any],
    schema: Sequence[str],
    today: date,
    extensions: Extensions,
    found: list[Problem],
    limit: int,
) -> int:
    """A chunker of the user's is asked for every payload: nobody else knows how many there are, nor what is in them."""
    tasks = 0
    try:
        tasks = chunking.count(job, schema, today, extensions)
        found += [] if found else _wrong(chunking.chunk(job, schema, today, extensions), limit)
    except InvalidInput as error:
        found += error.problems
    return tasks


def _wrong(payloads: Iterable[Mapping[str, Any]], limit: int) -> Iterator[Problem]:
    """What is wrong with the first one that cannot be a task's."""
    try:
        for payload in payloads:
            check_payload(payload, limit)
    except InvalidInput as error:
        yield from error.problems


def check_payload(payload: Mapping[str, Any], limit: int = MAX_PAYLOAD_BYTES) -> None:
    """Raises `InvalidInput` for a payload that is not JSON, too large, or has names that are not its own."""
    for key in RESERVED_KEYS:
        if key in payload:
            raise InvalidInput([Problem(f"payload.{key}", payload[key], _RESERVED)])
    checked(payload, "payload", limit=limit)
