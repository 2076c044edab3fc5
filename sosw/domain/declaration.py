"""What somebody wants stored: whole sections of the configuration that the Essentials share, in either of two forms.

`labourers.yaml` has `labourers` at its top, and may have `defaults` for them; sosw's JSON has them in `task_config`. A
section that is declared replaces what was stored of it; one that is not stays as it is. One that is added to what is
stored replaces the things that it names, and leaves the others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sosw.domain import jsontext
from sosw.domain.errors import Problem
from sosw.domain.labourer import labourer_path
from sosw.domain.reader import Reader
from sosw.domain.settings import SHARED_KEYS, EssentialSettings
from sosw.domain.stored import MAX_CONFIG_BYTES

TASK_CONFIG, LABOURERS = "task_config", "labourers"
FILE_KEYS = ("labourers", "defaults", *(key for key in SHARED_KEYS if key != TASK_CONFIG))
"""What `labourers.yaml` may have at its top."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What would be stored, and what is wrong with it."""

    config: Mapping[str, Any]
    problems: tuple[Problem, ...]
    """By the names of the declaration. Nothing may be stored unless there are none."""
    old_problems: tuple[Problem, ...]
    """Of what is stored already and stays as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """Sections to store, by the keys of the shared configuration."""

    sections: Mapping[str, Any]
    defaults: Mapping[str, Any] = field(default_factory=dict)
    """What labourers have that do not say it themselves; it is in `sections` already."""
    own: Mapping[str, Any] = field(default_factory=dict)
    """The labourers without the defaults, as the file has them; empty for sosw's own form."""
    problems: tuple[Problem, ...] = ()
    """What is wrong outside the sections."""

    @classmethod
    def of(cls, given: Any) -> Declaration:
        """From either form. Never raises for what is wrong with it, but for what is no JSON at all."""
        given = jsontext.load(jsontext.checked(given, "settings", limit=MAX_CONFIG_BYTES))
        if not isinstance(given, dict) or TASK_CONFIG not in given:
            return cls._of_file(given)
        values = Reader("", given, SHARED_KEYS, meant={"labourers": TASK_CONFIG})
        return cls(sections=_known(given), problems=tuple(values.problems))

    @classmethod
    def _of_file(cls, given: Any) -> Declaration:
        values = Reader("", given, FILE_KEYS)
        defaults, own = values.mapping("defaults"), values.mapping("labourers")
        sections = _known(given) if isinstance(given, dict) else {}
        if isinstance(given, dict) and "labourers" in given:
            filled = {name: _filled(defaults, entry) for name, entry in own.items()}
            sections = {TASK_CONFIG: {"labourers": filled}, **sections}
        if not sections and not values.problems:
            values.problems.append(Problem("settings", given, "declare nothing", f"known: {', '.join(FILE_KEYS)}"))
        return cls(sections=sections, defaults=defaults, own=own, problems=tuple(values.problems))

    def over(self, stored: Mapping[str, Any], *, region: str | None = None, adds: bool = False) -> Outcome:
        """What `stored` becomes; functions that it invokes must be in `region`, where that is known.

        `adds`: what is declared stands for itself, not for all of its section: nothing is removed.
        """
        config = self._added(stored) if adds else self._instead(stored)
        settings = EssentialSettings.from_mapping(config)
        found = settings.every_problem
        places = list(self._places() if adds else self.sections)
        old = _old(found, settings, EssentialSettings.from_mapping(stored), places)
        new = [each for each in found if each not in old]
        new += [each for each in _elsewhere(settings, region) if _is_in(each.field, places)]
        told = {str(each): each for each in (*self.problems, *map(self._renamed, new))}
        return Outcome(config=config, problems=tuple(told.values()), old_problems=old)

    def _instead(self, stored: Mapping[str, Any]) -> dict[str, Any]:
        """Whole sections; other keys of the stored `task_config` stay."""
        config = {**stored, **self.sections}
        if TASK_CONFIG in self.sections:
            config[TASK_CONFIG] = _with(stored.get(TASK_CONFIG), self.sections[TASK_CONFIG])
        return config

    def _added(self, stored: Mapping[str, Any]) -> dict[str, Any]:
        """By the names in each section, and in `task_config` by those of the labourers."""
        config = {**stored, **{name: _with(stored.get(name), ours) for name, ours in self.sections.items()}}
        ours, theirs = (each.get(TASK_CONFIG) for each in (self.sections, stored))
        if isinstance(ours, dict) and isinstance(theirs, dict) and LABOURERS in ours:
            config[TASK_CONFIG][LABOURERS] = _with(theirs.get(LABOURERS), ours[LABOURERS])
        return config

    def _places(self) -> Iterator[str]:
        """Of the things that it names: labourers, resources, schemas, and settings that are one thing."""
        for section, declared in self.sections.items():
            for name in declared if isinstance(declared, dict) else ():
                if (section, name) != (TASK_CONFIG, LABOURERS):
                    yield f"{section}.{name}"
            if not isinstance(declared, dict):
                yield section
        ours = self.sections.get(TASK_CONFIG)
        labourers = ours.get(LABOURERS) if isinstance(ours, dict) else None
        yield from map(labourer_path, labourers if isinstance(labourers, dict) else ())

    def _renamed(self, problem: Problem) -> Problem:
        """As the file has it: without `task_config`, and of the defaults what comes from there."""
        if not self.own:
            return problem
        return Problem(self._place(problem.field), problem.value, problem.rule, problem.hint)

    def _place(self, place: str) -> str:
        for name, entry in self.own.items():
            key = place.removeprefix(f"{labourer_path(name)}.")
            first = key.split(".")[0]
            if key != place and first in self.defaults and not (isinstance(entry, dict) and first in entry):
                return f"defaults.{key}"
        return place.removeprefix(f"{TASK_CONFIG}.")


def _known(given: Mapping[str, Any]) -> dict[str, Any]:
    return {key: {} if given[key] is None else given[key] for key in SHARED_KEYS if key in given}


def _filled(defaults: Mapping[str, Any], entry: Any) -> Any:
    """A labourer with the defaults for what it does not say; one that says nothing at all has them alone."""
    return {**defaults, **(entry or {})} if entry is None or isinstance(entry, dict) else entry


def _with(theirs: Any, ours: Any) -> Any:
    """What is stored with what is added to it."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        return {**theirs, **ours}
    if isinstance(theirs, list) and isinstance(ours, list):
        return [*theirs, *(each for each in ours if each not in theirs)]
    return ours


def _old(
    found: list[Problem], settings: EssentialSettings, before: EssentialSettings, places: list[str]
) -> tuple[Problem, ...]:
    """Those that were there before, and that stop nothing of what is declared now, at `places`."""
    known = set(map(str, before.every_problem))
    stopped = [those for name, those in settings.mistaken.items() if _is_in(labourer_path(name), places)]
    theirs = {each for those in stopped for each in those}
    return tuple(each for each in found if str(each) in known and each not in theirs and not _is_in(each.field, places))


def _is_in(place: str, places: list[str]) -> bool:
    return any(place == each or place.startswith(f"{each}.") for each in places)


def _elsewhere(settings: EssentialSettings, region: str | None) -> Iterator[Problem]:
    for labourer in settings.labourers.values():
        if region and labourer.region and labourer.region != region:
            rule = f"is a function of {labourer.region}, and this environment of sosw is in {region}"
            yield Problem(f"{labourer_path(labourer.name)}.arn", labourer.arn, rule)
