"""Reads `labourers.yaml`: YAML 1.2 as JSON has its types, or JSON; a name that is there twice is refused."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sosw.domain.errors import InvalidInput, Problem, SoswError, invalid

if TYPE_CHECKING:
    import yaml

_SCALARS = {
    "null": (re.compile(r"~|null|Null|NULL|"), ["~", "n", "N", ""]),
    "bool": (re.compile(r"true|True|TRUE|false|False|FALSE"), list("tTfF")),
    "int": (re.compile(r"-?(?:0|[1-9][0-9]*)"), list("-0123456789")),
    "float": (re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?"), list("-0123456789")),
    "merge": (re.compile(r"<<"), ["<"]),
}
"""What is no text, by the characters that it may begin with: `no`, `00123` and `2026-01-31` are texts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsFile:
    """What a file says, and where."""

    name: str
    values: Any
    lines: Mapping[str, int] = field(default_factory=dict)
    """The line of each setting, counted from 1, by its path; of JSON it is not known."""

    @classmethod
    def read(cls, path: str | Path) -> SettingsFile:
        """Raises `InvalidInput` for what cannot be read, or is neither YAML nor JSON."""
        try:
            text = Path(path).read_text("utf-8")
        except OSError as error:
            raise invalid("file", str(path), f"cannot be read: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise invalid("file", str(path), f"is not UTF-8: {error.reason} at byte {error.start:,}") from error
        return cls.parse(text, str(path))

    @classmethod
    def parse(cls, text: str, name: str) -> SettingsFile:
        """Of a text that has that name for people."""
        try:
            return cls(name=name, values=json.loads(text, object_pairs_hook=_Once(name).object))
        except (ValueError, RecursionError) as error:
            if name.endswith(".json"):
                raise invalid("file", name, f"is not JSON: {error}") from error
        reader = _Yaml(name)
        return cls(name=name, values=reader.read(text), lines=reader.lines)

    def placed(self, problems: Iterable[Problem]) -> list[Problem]:
        """In the order of the lines, each with its line before its field: that of the nearest thing that is there."""
        lines = [(self._line(problem.field), problem) for problem in problems]
        return [
            Problem(f"{self.name}:{line}: {each.field}" if line else each.field, each.value, each.rule, each.hint)
            for line, each in sorted(lines, key=lambda pair: pair[0])
        ]

    def _line(self, place: str) -> int:
        while place and place not in self.lines:
            place = place.rpartition(".")[0]
        return self.lines[place] if place else 0


class _Once:
    """Refuses names that are twice in one object of JSON."""

    def __init__(self, name: str) -> None:
        self._name = name

    def object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in pairs:
            if key in found:
                raise invalid(self._name, key, "is there twice in one object: a name is of one thing")
            found[key] = value
        return found


class _Yaml:
    """Builds JSON values of a document's nodes, and notes their lines."""

    def __init__(self, name: str) -> None:
        self.lines: dict[str, int] = {}
        self._name = name
        self._problems: list[Problem] = []
        self._around: list[int] = []

    def read(self, text: str) -> Any:
        yaml = _library(self._name)
        try:
            node = yaml.compose(text, _loader())
            value = None if node is None else self._value("", node)
        except (yaml.YAMLError, RecursionError) as error:
            raise invalid("file", self._name, f"is not YAML: {' '.join(str(error).split())}") from error
        if self._problems:
            raise InvalidInput(self._problems)
        return value

    def _value(self, path: str, node: yaml.Node) -> Any:
        self.lines.setdefault(path, _line(node))
        if id(node) in self._around:
            return self._wrong(path, node, "contains itself")
        self._around.append(id(node))
        try:
            return self._of_kind(path, node)
        finally:
            self._around.pop()

    def _of_kind(self, path: str, node: yaml.Node) -> Any:
        kind = node.tag.removeprefix("tag:yaml.org,2002:")
        if kind == "map":
            return self._object(path, node)
        if kind == "seq":
            return [self._value(f"{path}[{number}]", inner) for number, inner in enumerate(node.value)]
        if kind in {"str", "merge"}:
            return str(node.value)
        if kind in {"int", "float"} and _SCALARS[kind][0].fullmatch(node.value):
            return json.loads(node.value)
        if kind == "bool":
            return node.value.lower() == "true"
        return (
            None
            if kind == "null"
            else self._wrong(path, node, f"has the tag {node.tag}: there is no such value in JSON")
        )

    def _object(self, path: str, node: yaml.Node) -> dict[str, Any]:
        """Keys are texts, as they are written; what `<<` merges stands behind what the object has itself."""
        own: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        lines: dict[str, int] = {}
        for key, value in node.value:
            place = f"{path}.{key.value}" if path else str(key.value)
            if key.tag.endswith(":merge"):
                merged = {**self._merged(place, value), **merged}
            elif not isinstance(key.value, str):
                self._wrong(path, key, "has a key that is no text")
            elif key.value in lines:
                self._problems.append(_twice(self._name, place, key.value, lines[key.value], _line(key)))
            else:
                lines[key.value] = self.lines[place] = _line(key)
                own[key.value] = self._value(place, value)
        return {**merged, **own}

    def _merged(self, place: str, node: yaml.Node) -> dict[str, Any]:
        found = self._value(place, node)
        parts = found if isinstance(found, list) else [found]
        if not all(isinstance(part, dict) for part in parts):
            return self._wrong(place, node, "must be an object, or a list of them") or {}
        return {key: value for part in reversed(parts) for key, value in part.items()}

    def _wrong(self, path: str, node: yaml.Node, rule: str) -> Any:
        shown = node.value if isinstance(node.value, str) else "…"
        self._problems.append(Problem(f"{self._name}:{_line(node)}: {path or 'file'}", shown, rule))


def _twice(name: str, place: str, key: str, first: int, second: int) -> Problem:
    return Problem(f"{name}:{second}: {place}", key, f"is there twice, in line {first} and in line {second}")


def _line(node: yaml.Node) -> int:
    line: int = node.start_mark.line + 1
    return line


def _library(name: str) -> Any:
    try:
        import yaml  # noqa: PLC0415  (only who reads YAML pays for it)
    except ModuleNotFoundError as error:
        raise SoswError(f"{name} is YAML, and PyYAML is not installed to read it: install sosw[cli]") from error
    return yaml


@cache
def _loader() -> Any:
    import yaml  # noqa: PLC0415  (as above)

    class Loader(yaml.SafeLoader):
        """Makes nothing: the nodes alone are read."""

        yaml_implicit_resolvers: dict[Any, Any] = {}  # noqa: RUF012  (add_implicit_resolver fills it)

    for kind, (pattern, first) in _SCALARS.items():
        Loader.add_implicit_resolver(f"tag:yaml.org,2002:{kind}", re.compile(f"(?:{pattern.pattern})$"), first)
    return Loader
