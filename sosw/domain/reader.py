"""Takes typed values out of a mapping, and collects what is wrong with them, to tell it all at once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import timedelta
from enum import Enum
from typing import Any, TypeVar

from sosw.domain.errors import InvalidInput, Problem, did_you_mean

Choice = TypeVar("Choice", bound=Enum)
Entry = TypeVar("Entry")
NO_DEFAULT = ", and has no default"


class Reader:
    """Of one object of settings. `path` is where it stands; a key that is not `known` is a problem, with a guess."""

    def __init__(
        self,
        path: str,
        given: Any,
        known: Collection[str],
        *,
        problems: list[Problem] | None = None,
        meant: Mapping[str, str] | None = None,
    ) -> None:
        """`problems` is the list to add to; `meant` has the key that is meant by another, where no guess would tell."""
        self.path = path
        self.problems = list[Problem]() if problems is None else problems
        self._given: Mapping[str, Any] = given if isinstance(given, dict) else {}
        if not isinstance(given, dict):
            self.problems.append(Problem(path or "configuration", given, "must be an object of settings"))
        for key in self._given:
            if key not in known:
                hint = (meant or {}).get(key)
                guess = f"did you mean {hint!r}?" if hint else did_you_mean(str(key), known)
                self.wrong(str(key), self._given[key], "is not a setting", guess)

    def inner(self, key: str, known: Collection[str], *, meant: Mapping[str, str] | None = None) -> Reader:
        """Of the object under `key`, empty where there is none; its problems are ours."""
        return Reader(self.at(key), self.get(key, {}), known, problems=self.problems, meant=meant)

    def at(self, key: str) -> str:
        """Where `key` stands."""
        return f"{self.path}.{key}" if self.path else key

    def wrong(self, key: str, value: Any, rule: str, hint: str = "") -> None:
        """One more problem."""
        self.problems.append(Problem(self.at(key), value, rule, hint))

    def get(self, key: str, default: Any) -> Any:
        """As it is."""
        return self._given.get(key, default)

    def has(self, key: str) -> bool:
        """Whether it is given, and not null."""
        return self._given.get(key) is not None

    def checked(self, key: str, default: Any, rule: str, *, fits: Callable[[Any], bool]) -> Any:
        """What is given if it fits, else the default."""
        value = self._given.get(key, default)
        if not fits(value):
            self.wrong(key, value, rule)
            return default
        return value

    def text(self, key: str, default: str) -> str:
        """One that is not empty, unless that is the default."""
        text: str = self.checked(
            key, default, "must be a text", fits=lambda v: isinstance(v, str) and (bool(v) or v == default)
        )
        return text

    def whole(self, key: str, default: int | None, low: int, high: int) -> int:
        """`low` … `high`; without a default it must be given."""
        rule = f"must be a whole number from {low:,} to {high:,}" + (NO_DEFAULT if default is None else "")
        value = self.checked(key, default, rule, fits=lambda v: type(v) is int and low <= v <= high)
        return low if value is None else int(value)

    def above(self, key: str, default: float | None, low: float, high: float) -> float:
        """More than `low`, and at most `high`; without a default it must be given."""
        rule = f"must be a number over {low:g}, at most {high:,g}" + (NO_DEFAULT if default is None else "")
        value = self.checked(key, default, rule, fits=lambda v: is_number(v) and low < v <= high)
        return high if value is None else float(value)

    def seconds(self, key: str, default: float, low: float, high: float) -> timedelta:
        """`low` … `high`, fractions too."""
        rule = f"must be a number of seconds from {low:g} to {high:,g}"
        value = self.checked(key, default, rule, fits=lambda v: is_number(v) and low <= v <= high)
        return timedelta(seconds=value)

    def choice(self, key: str, default: Choice) -> Choice:
        """One of the values of the default's kind."""
        kind = type(default)
        value = self.get(key, default.value)
        if value in [each.value for each in kind]:
            return kind(value)
        words = [str(each.value) for each in kind]
        self.wrong(key, value, f"must be one of {', '.join(words)}", guess(value, words))
        return default

    def mapping(self, key: str) -> dict[str, Any]:
        """An object; null is an empty one."""
        value = self.get(key, None)
        if value is None:
            return {}
        found: dict[str, Any] = self.checked(key, {}, "must be an object", fits=lambda v: isinstance(v, dict))
        return found

    def done(self) -> None:
        """Raises `InvalidInput` if anything was wrong."""
        if self.problems:
            raise InvalidInput(self.problems)


def is_number(value: Any) -> bool:
    """A finite one; true and false are none."""
    return type(value) in {int, float} and abs(value) < float("inf")


def guess(value: Any, known: Collection[str]) -> str:
    """What was meant, where something is near; known words are not told again."""
    hint = did_you_mean(str(value), known)
    return hint if hint.startswith("did") else ""


def each(
    read: Callable[[str, Any], Entry], given: Mapping[str, Any]
) -> tuple[dict[str, Entry], dict[str, tuple[Problem, ...]]]:
    """Each entry of `given` through `read`: what was read, and the problems of what could not be."""
    found: dict[str, Entry] = {}
    wrong: dict[str, tuple[Problem, ...]] = {}
    for name, entry in given.items():
        try:
            found[name] = read(name, entry)
        except InvalidInput as error:
            wrong[name] = error.problems
    return found, wrong
