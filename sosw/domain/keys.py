"""What a job says of the order of its tasks besides their priority: its fair key, its weight, its concurrency key."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sosw.domain.errors import did_you_mean, invalid
from sosw.domain.fairness import MAX_WEIGHT
from sosw.domain.jsontext import dump

MAX_FAIR_KEY = 64
MAX_KEY = 200
"""Characters of a concurrency key, before and after its attributes are filled in."""
_PLACEHOLDER = re.compile(r"\{([^{}]+)\}")
_ELSE = "; payload of that name goes into payload"


def fair_key(given: Any) -> str | None:
    """Whose turn it is when the job's tasks start; None: the job's own. Raises `InvalidInput`."""
    if given is not None and not (isinstance(given, str) and 1 <= len(given) <= MAX_FAIR_KEY):
        raise invalid("fair_key", given, f"must be a text of 1 to {MAX_FAIR_KEY} characters{_ELSE}")
    return given


def fair_weight(given: Any) -> int:
    """How many turns it has where another one has 1. Raises `InvalidInput`."""
    if type(given) is not int or not 1 <= given <= MAX_WEIGHT:
        raise invalid("fair_weight", given, f"must be a whole number from 1 to {MAX_WEIGHT}{_ELSE}")
    return given


@dataclass(frozen=True, slots=True)
class KeyTemplate:
    """A job's `concurrency_key`: a text, in which `{attribute}` stands for what a task's payload has there.

    `{lines.customer}` looks into what the attribute holds; of a list, into each of its members.
    """

    text: str

    @classmethod
    def of(cls, given: Any) -> KeyTemplate | None:
        """None where the job has none; raises `InvalidInput` for what is none."""
        if given is None:
            return None
        if not isinstance(given, str) or not 1 <= len(given) <= MAX_KEY:
            raise invalid("concurrency_key", given, f"must be a text of 1 to {MAX_KEY} characters{_ELSE}")
        if {"{", "}"} & set(_PLACEHOLDER.sub("", given)):
            raise invalid("concurrency_key", given, "has a brace that belongs to no {attribute}")
        return cls(given)

    def fill(self, payload: Mapping[str, Any]) -> str:
        """The key of a task; raises `InvalidInput` for a payload that gives none, or one that is too long."""
        key = _PLACEHOLDER.sub(lambda found: self._value(payload, found[1]), self.text)
        if not 1 <= len(key) <= MAX_KEY:
            raise invalid("concurrency_key", self.text, f"makes a key of {len(key)} characters, must be 1 to {MAX_KEY}")
        return key

    def _value(self, payload: Mapping[str, Any], path: str) -> str:
        held: list[Any] = [payload]
        for name in path.split("."):
            levels = list(_members(held))
            for level in levels:
                if not isinstance(level, dict) or name not in level:
                    hint = did_you_mean(name, level if isinstance(level, dict) else ())
                    raise invalid(
                        "concurrency_key", self.text, f"asks for {{{path}}}, which a task does not have", hint
                    )
            held = [level[name] for level in levels]
        values = list(_members(held))
        for value in values:
            if value is None or isinstance(value, dict):
                raise invalid("concurrency_key", self.text, f"asks for {{{path}}}, where a task has {value!r}")
        return ",".join(value if isinstance(value, str) else dump(value) for value in values)


def _members(values: list[Any]) -> Iterator[Any]:
    """The values, and of lists, their members."""
    for value in values:
        if isinstance(value, list):
            yield from _members(value)
        else:
            yield value
