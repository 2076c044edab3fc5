"""How the values of the domain are written in items: each kind once, as a typed attribute of PynamoDB."""

from __future__ import annotations

import string
from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from typing import Any, TypeVar

from pynamodb.attributes import Attribute
from pynamodb.constants import MAP, NUMBER, STRING

from sosw.domain import jsontext
from sosw.domain.moments import from_ms, to_ms
from sosw.domain.slots import Name
from sosw.domain.task import Failure, Slot, TaskId

E = TypeVar("E", bound=Enum)

_DIGITS = string.digits + string.ascii_lowercase


class MomentAttribute(Attribute[datetime]):
    """Whole milliseconds since the epoch."""

    attr_type = NUMBER

    def serialize(self, value: datetime) -> str:
        return str(to_ms(value))

    def deserialize(self, value: str) -> datetime:
        return from_ms(int(value))


class EnumAttribute(Attribute[E]):
    """The value of a member, as a string."""

    attr_type = STRING

    def __init__(self, members: type[E]) -> None:
        super().__init__()
        self._members = members

    def serialize(self, value: E) -> str:
        return str(value.value)

    def deserialize(self, value: str) -> E:
        return self._members(value)


class JsonAttribute(Attribute[Any]):
    """Any JSON value but null, as one string: types, key names and key order come out as they went in."""

    attr_type = STRING

    def serialize(self, value: Any) -> str:
        return jsontext.dump(value)

    def deserialize(self, value: str) -> Any:
        return jsontext.load(value)


class LenientJsonAttribute(JsonAttribute):
    """As `JsonAttribute`; a string that is no JSON, as somebody else wrote it, comes out as that string.

    So a damaged row is read like any other, and it holds up nothing that is read along with it.
    """

    def deserialize(self, value: str) -> Any:
        try:
            return super().deserialize(value)
        except (ValueError, RecursionError):
            return value


class FailuresAttribute(Attribute[tuple[Failure, ...]]):
    """JSON, oldest first: `[{"attempt": 1, "at": <ms>, "error": "ValueError", "message": "…"}]`.

    What a failure does not tell has no key, and keys of tomorrow are left alone.
    """

    attr_type = STRING

    def serialize(self, value: tuple[Failure, ...]) -> str:
        return jsontext.dump([_written(failure) for failure in value])

    def deserialize(self, value: str) -> tuple[Failure, ...]:
        return tuple(_read(entry) for entry in jsontext.load(value))


_OPTIONAL = ("trace", "request_id", "log_stream", "log_group")
_FAILURE = ("attempt", "error", "message", *_OPTIONAL)


def _written(failure: Failure) -> dict[str, Any]:
    told = {"attempt": failure.attempt, "at": to_ms(failure.at), "error": failure.error, "message": failure.message}
    if failure.started_at is not None:
        told["started_at"] = to_ms(failure.started_at)
    return told | {name: value for name in _OPTIONAL if (value := getattr(failure, name))}


def _read(entry: Mapping[str, Any]) -> Failure:
    moments: dict[str, Any] = {name: from_ms(entry[name]) for name in ("at", "started_at") if name in entry}
    return Failure(**moments, **{name: entry[name] for name in _FAILURE if name in entry})


class SlotAttribute(Attribute[Slot]):
    """`{row: N, version: N}`."""

    attr_type = MAP

    def serialize(self, value: Slot) -> dict[str, dict[str, str]]:
        return {"row": {NUMBER: str(value.row)}, "version": {NUMBER: str(value.version)}}

    def deserialize(self, value: Mapping[str, Mapping[str, str]]) -> Slot:
        return Slot(row=int(value["row"][NUMBER]), version=int(value["version"][NUMBER]))


class NamesAttribute(Attribute[Mapping[TaskId, Name]]):
    """A map of task id → `"<version>.<since>"`, since in milliseconds since the epoch, base 36.

    A row of 16 names must stay within 1,024 bytes, one write unit. A name costs its id and 11 bytes so; as a list of
    two numbers it would cost 16, and a row of a UUID's job under a labourer with a long name would be over.
    """

    attr_type = MAP

    def serialize(self, value: Mapping[TaskId, Name]) -> dict[str, dict[str, str]]:
        return {task: {STRING: f"{name.version}.{_base36(to_ms(name.since))}"} for task, name in value.items()}

    def deserialize(self, value: Mapping[str, Mapping[str, str]]) -> dict[TaskId, Name]:
        return {TaskId(task): _name(text[STRING]) for task, text in value.items()}


def _name(text: str) -> Name:
    version, since = text.split(".")
    return Name(int(version), from_ms(int(since, 36)))


def _base36(number: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = _DIGITS[digit] + digits
    return digits or "0"
