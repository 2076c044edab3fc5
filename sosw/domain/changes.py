"""What one configuration changes of another: by labourer, by resource, field by field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from sosw.domain import jsontext
from sosw.domain.declaration import TASK_CONFIG
from sosw.domain.records import EVERYTHING, of_labourer, of_resource

NAMED = ("resources", "job_schema_variants")
"""Sections that hold one thing under each name, besides the labourers."""
_MOST_WORDS = 1000
_Key = tuple[str, str]
"""Kind and name."""


class How(str, Enum):
    """What becomes of it."""

    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One setting; `retry.base` is one within another."""

    name: str
    old: Any
    """None where it was not set."""
    new: Any
    """None where it is not set any more."""

    def __str__(self) -> str:
        if self.old is None:
            return f"{self.name} {_shown(self.new)}"
        return f"{self.name} {_shown(self.old)} → {'not set' if self.new is None else _shown(self.new)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One labourer, resource, job schema, or setting at the top."""

    kind: str
    """`labourer`, `resource`, `job schema`, `setting`"""
    name: str
    how: How
    fields: tuple[FieldChange, ...] = ()
    """What changes of it; everything that it has where it is added, and had where it is removed."""

    @property
    def owner(self) -> str:
        """Whose log has it."""
        owners = {"labourer": of_labourer(self.name).owner, "resource": of_resource(self.name).owner}
        return owners.get(self.kind, EVERYTHING)

    def __str__(self) -> str:
        """For a log: "labourer sales changed: cooldown 60 → 30"."""
        head = f"{self.kind} {self.name} {self.how.value}"
        if self.how is How.REMOVED or not self.fields:
            return head
        words = f"{head}: {', '.join(map(str, self.fields))}"
        return words if len(words) <= _MOST_WORDS else f"{words[: _MOST_WORDS - 1]}…"

    def to_json(self) -> dict[str, Any]:
        """Plain values, under keys that stay."""
        fields = [{"field": each.name, "old": each.old, "new": each.new} for each in self.fields]
        return {"kind": self.kind, "name": self.name, "how": self.how.value, "fields": fields}


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """Of all that either has, labourers first; what is alike is `UNCHANGED`. Both are JSON objects."""
    old, new = dict(_things(before)), dict(_things(after))
    return [_change(key, old, new) for key in sorted({**old, **new}, key=_order)]


_KINDS = {TASK_CONFIG: "labourer", "resources": "resource", "job_schema_variants": "job schema"}
_ORDER = [*_KINDS.values(), "setting"]


def _order(key: _Key) -> tuple[int, str]:
    return _ORDER.index(key[0]), key[1]


def _things(config: Mapping[str, Any]) -> Iterator[tuple[_Key, Any]]:
    """All that a configuration says, by kind and name."""
    for key, value in config.items():
        if key == TASK_CONFIG and isinstance(value, dict):
            yield from _each("labourer", value.get("labourers"))
            rest = {name: inner for name, inner in value.items() if name != "labourers"}
            if rest:
                yield ("setting", key), rest
        elif key in NAMED and isinstance(value, dict):
            yield from _each(_KINDS[key], value)
        else:
            yield ("setting", key), value


def _each(kind: str, entries: Any) -> Iterator[tuple[_Key, Any]]:
    for name, entry in entries.items() if isinstance(entries, dict) else ():
        yield (kind, name), entry


def _change(key: _Key, old: Mapping[_Key, Any], new: Mapping[_Key, Any]) -> Change:
    was, becomes = dict(_leaves("", old.get(key))), dict(_leaves("", new.get(key)))
    names = dict.fromkeys([*was, *becomes])
    fields = [FieldChange(name, was.get(name), becomes.get(name)) for name in names]
    differing = tuple(each for each in fields if _shown(each.old) != _shown(each.new))
    how = How.CHANGED if differing else How.UNCHANGED
    if key not in old or key not in new:
        how = How.ADDED if key not in old else How.REMOVED
    return Change(kind=key[0], name=key[1], how=how, fields=differing)


def _leaves(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Every setting in it, by its path; an empty object counts as one where it is all there is."""
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from _leaves(f"{path}.{key}" if path else key, inner)
    elif value is not None and not (path == "" and value == {}):
        yield path or "value", value


def _shown(value: Any) -> str:
    """As JSON: 5 and "5" are two things."""
    return jsontext.dump(value)
