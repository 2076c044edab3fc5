"""The flags of a job: `isolate_…` and `max_…_per_batch`, what they may say, and which of them are misspelt."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sosw.domain.errors import InvalidInput, Problem, did_you_mean, invalid

ISOLATE_DAYS, DAYS_PER_BATCH = "isolate_days", "max_days_per_batch"
_FLAG = re.compile(r"isolate_\w+|max_\w+_per_batch")
_NO = ("false", "no", "off", "0", "")
_NO_FLAG = "is no flag of this job's schema; payload of such a name goes into payload"
_DIGITS = 18
_NEAR = 0.88
"""How alike a key must be to a flag to be taken for one that is misspelt; `max_shops_per_day` is not."""


def is_set(value: Any) -> bool:
    """Whether a flag of that value asks for something: any that is not empty does, but for a text that says no."""
    return value.strip().lower() not in _NO if isinstance(value, str) else bool(value)


def batch_size(level: Mapping[str, Any], above: Mapping[str, Any], flags: Sequence[str]) -> int:
    """The size that one of `flags` asks for, the level's own before those above; 1 where none does."""
    for name in flags:
        for scope in (level, above):
            if is_set(scope.get(name)):
                return whole_batch(name, scope[name])
    return 1


def whole_batch(name: str, given: Any) -> int:
    """A size of batches, a whole number or its text; raises `InvalidInput` for any other."""
    is_text = isinstance(given, str) and len(given) <= _DIGITS and given.strip().isdecimal()
    size = int(given) if is_text else given
    if type(size) is not int or size < 1:
        raise invalid(name, given, "must be a whole number from 1")
    return size


def known_flags(schema: Sequence[str]) -> list[str]:
    """Every flag that a job of that schema may have."""
    names = [form for name in schema for form in (name, f"{name}s")]
    flags = [flag for name in names for flag in (f"isolate_{name}", f"max_{name}_per_batch")]
    return [ISOLATE_DAYS, DAYS_PER_BATCH, *flags]


class Flags:
    """Looks for flags that are misspelt, or that hold what no flag can; each name is judged once."""

    def __init__(self, schema: Sequence[str]) -> None:
        self._known = known_flags(schema)
        self._hints: dict[str, str] = dict.fromkeys(self._known, "")

    def problems(self, level: Mapping[str, Any], path: str) -> Iterator[Problem]:
        """What is wrong with the flags of one level of a job."""
        for key, value in level.items():
            if key not in self._hints:
                self._hints[key] = self._hint(key)
            hint = self._hints[key]
            if hint:
                yield Problem(path + key, value, _NO_FLAG, hint)
            elif key.startswith("max_") and key in self._known and is_set(value):
                yield from _wrong_batch(path + key, value)

    def _hint(self, key: str) -> str:
        import difflib  # noqa: PLC0415  (a Worker, which imports the domain, has no flags)

        if _FLAG.fullmatch(key):
            alike = {_stem(flag): flag for flag in self._known if flag.startswith(key[:3])}
            near = difflib.get_close_matches(_stem(key), alike, n=1)
            return f"did you mean {alike[near[0]]!r}?" if near else did_you_mean("", self._known)
        near = difflib.get_close_matches(key, self._known, n=1, cutoff=_NEAR)
        return f"did you mean {near[0]!r}?" if near else ""


def _stem(flag: str) -> str:
    return flag.removeprefix("isolate_").removeprefix("max_").removesuffix("_per_batch")


def _wrong_batch(path: str, value: Any) -> Iterator[Problem]:
    try:
        whole_batch(path, value)
    except InvalidInput as error:
        yield from error.problems
