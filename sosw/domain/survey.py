"""A job looked over before anything of it is written: everything that is wrong with it, and how many tasks it makes.

It goes over the job's tree, never over its tasks: a million of them cost no more than the values that they are made of.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sosw.domain import chunking, days, levels
from sosw.domain.errors import InvalidInput, Problem
from sosw.domain.extensions import NONE, Extensions
from sosw.domain.flags import Flags
from sosw.domain.jsontext import MAX_PAYLOAD_BYTES, checked, dump, load
from sosw.domain.levels import Attribute
from sosw.domain.messages import RESERVED_KEYS

MAX_TASKS = 10_000_000
_ROOM = 16
"""Bytes that a payload may have above those of its job, for each attribute: brackets, a plural's s."""
TOLD = 20
"""So many problems are told of one job."""
_RESERVED = "is a name that sosw gives to Workers: choose another"


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What is known of a job without making its tasks."""

    problems: tuple[Problem, ...]
    tasks: int
    """How many payloads `chunk` makes of it, all of them right, unless there are problems."""


def survey(job: Mapping[str, Any], schema: Sequence[str], today: date, extensions: Extensions = NONE) -> Survey:
    """Look over a job; never raises for what a job can hold."""
    found: list[Problem] = [*_json_problems(job), *_level_problems(job, schema)]
    if "chunker" in job:
        return _by_chunker(job, schema, today, extensions, found)
    dated, most = _dated(job, schema, today, extensions, found)
    tasks = dated * _tasks_of_a_day(job, schema, found)
    found += _too_many(job, tasks)
    if not found and len(dump(job).encode()) + most + _ROOM * (1 + len(schema)) > MAX_PAYLOAD_BYTES:
        found += _wrong_payloads(job, schema, today, extensions)
    return Survey(problems=tuple(_told(found)), tasks=tasks)


def _told(found: list[Problem]) -> Iterator[Problem]:
    yield from {str(problem): problem for problem in found[:TOLD]}.values()
    if len(found) > TOLD:
        yield Problem("job", len(found), f"problems were found; these are the first {TOLD}")


def _json_problems(job: Mapping[str, Any]) -> Iterator[Problem]:
    for key, value in job.items():
        try:
            dump({key: value}).encode()
        except (TypeError, ValueError, RecursionError) as error:
            yield Problem(str(key), value, f"is not JSON: {error}")


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
                yield from walk(below, attribute.inner, f"{path}{name}.{value}.")

    return walk(job, Attribute.of(schema))


def _in_payload(payload: Any, path: str) -> Iterator[Problem]:
    if isinstance(payload, str):
        try:
            payload = load(payload)
        except ValueError:
            return
    if isinstance(payload, dict):
        yield from (Problem(f"{path}payload.{key}", payload[key], _RESERVED) for key in RESERVED_KEYS if key in payload)


def _dated(
    job: Mapping[str, Any], schema: Sequence[str], today: date, extensions: Extensions, found: list[Problem]
) -> tuple[int, int]:
    """How many days, batches of days or steps the job has, and the most bytes that one of them adds to a payload."""
    number = most = 0
    kept = {key: job[key] for key in days.KEYS if key in job}
    try:
        for dated in days.by_days(kept, today, extensions, is_whole=not schema):
            number += 1
            most = most or len(dump(dated))  # the first is as long as any
    except InvalidInput as error:
        found += error.problems
    return max(number, 1), most


def _tasks_of_a_day(job: Mapping[str, Any], schema: Sequence[str], found: list[Problem]) -> int:
    outermost = Attribute.of(schema)
    plain = {key: value for key, value in job.items() if key not in days.KEYS}
    if outermost is None or not levels.is_asked(plain, outermost):
        return 1
    return sum(map(len, levels.by_attributes(plain, {}, outermost, "", lambda error: found.extend(error.problems))))


def _too_many(job: Mapping[str, Any], tasks: int) -> Iterator[Problem]:
    if tasks > MAX_TASKS:
        yield Problem("job", dict(job), f"makes {tasks:,} tasks, more than {MAX_TASKS:,}")


def _by_chunker(
    job: Mapping[str, Any], schema: Sequence[str], today: date, extensions: Extensions, found: list[Problem]
) -> Survey:
    """A chunker of the user's is asked for every payload: nobody else knows how many there are."""
    tasks = 0
    try:
        tasks = chunking.count(job, schema, today, extensions)
        found += _too_many(job, tasks) if found else _wrong_payloads(job, schema, today, extensions)
    except InvalidInput as error:
        found += error.problems
    return Survey(problems=tuple(_told(found)), tasks=tasks)


def _wrong_payloads(
    job: Mapping[str, Any], schema: Sequence[str], today: date, extensions: Extensions
) -> Iterator[Problem]:
    """The first payload that cannot be: looked for one by one where the job is too large to be sure of them all."""
    try:
        for payload in chunking.chunk(job, schema, today, extensions):
            check_payload(payload)
    except InvalidInput as error:
        yield from error.problems


def check_payload(payload: Mapping[str, Any]) -> None:
    """Raises `InvalidInput` for a payload that is not JSON, too large, or has names that are not its own."""
    for key in RESERVED_KEYS:
        if key in payload:
            raise InvalidInput([Problem(f"payload.{key}", payload[key], _RESERVED)])
    checked(payload, "payload", limit=MAX_PAYLOAD_BYTES)
