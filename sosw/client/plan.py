"""Changes of the settings of labourers and resources: planned first, applied as one write or not at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sosw.client.at_work import tasks_of
from sosw.client.errors import LabourersAtWork, SettingsRefused
from sosw.client.job import user
from sosw.client.service import Service
from sosw.client.settings_file import SettingsFile
from sosw.domain import jsontext
from sosw.domain.changes import Change, How, changes
from sosw.domain.declaration import Declaration, Outcome
from sosw.domain.errors import InvalidInput, Problem, SoswError, StaleConfig
from sosw.domain.labourer import labourer_path
from sosw.domain.records import Entry
from sosw.domain.stored import MAX_CONFIG_BYTES, StoredConfig
from sosw.domain.task import LabourerName
from sosw.settings import ESSENTIAL_CONFIG

Settings = SettingsFile | Mapping[str, Any] | str | Path
"""A file, its path, or what it would say."""


ROUNDS = 8
"""Tries to add to what others are adding to at the same time."""


class Plan:
    """What applying settings would change, made from what is stored now."""

    def __init__(self, service: Service, declared: _Declared, seen: StoredConfig) -> None:
        self._service, self._declared, self._seen = service, declared, seen
        self._outcome = outcome = declared.over(seen)
        self.changes: tuple[Change, ...] = _changing(seen, outcome)
        """Labourers first, then resources."""
        found = changes(seen.value or {}, outcome.config)
        self.unchanged: tuple[Change, ...] = tuple(each for each in found if each.how is How.UNCHANGED)
        self.warnings: tuple[str, ...] = tuple(map(str, outcome.old_problems))
        """What is wrong with what is stored already and stays."""
        self.at_work: tuple[str, ...] = tuple(_at_work(service, self.changes))
        """Why it is applied by force alone: labourers that would be removed while tasks of theirs wait or run."""

    def __str__(self) -> str:
        return "\n".join(map(str, self.changes)) or "nothing changes"

    def apply(self, *, force: bool = False, by: str | None = None) -> tuple[str, ...]:
        """Store it, and tell the log of each labourer and resource who did it; returns the lines of logs that failed.

        `by` is the user of this process by default. Nothing is stored, and an error is raised, when labourers are at
        work that would be removed (`LabourersAtWork`, unless `force`), or when what is stored is not what the plan was
        made from any more (`StaleConfig`); one that adds is stored all the same where it changes what it said it would.
        The Essentials work by it within a minute.
        """
        if not self.changes:
            return ()
        if self.at_work and not force:
            raise LabourersAtWork(self.at_work)
        self._store()
        return tuple(self._noted(user() if by is None else by))

    def _store(self) -> None:
        """One write; after a race that it has lost it is made anew, where it would still change the same."""
        for _ in range(ROUNDS):
            try:
                return self._write()
            except StaleConfig:
                if not self._declared.adds:
                    raise
                self._look_again()
        raise StaleConfig(self._seen.name)

    def _look_again(self) -> None:
        """Raises `StaleConfig` where what is stored now would be changed in another way: people have to see that."""
        seen = self._service.config.look(self._seen.name)
        try:
            outcome = self._declared.over(seen)
        except InvalidInput as refused:
            raise StaleConfig(self._seen.name) from refused
        if _changing(seen, outcome) != self.changes:
            raise StaleConfig(self._seen.name)
        self._seen, self._outcome = seen, outcome

    def _write(self) -> None:
        """An error that may hide its success is looked behind."""
        config = self._service.config
        try:
            config.replace(self._seen, self._outcome.config)
        except (StaleConfig, InvalidInput):
            raise
        except SoswError:
            if config.look(self._seen.name).value != self._outcome.config:
                raise

    def to_json(self) -> dict[str, Any]:
        """Plain values, under keys that stay."""
        return {
            "changes": [each.to_json() for each in self.changes],
            "unchanged": [{"kind": each.kind, "name": each.name} for each in self.unchanged],
            "warnings": list(self.warnings),
            "at_work": list(self.at_work),
        }

    def _noted(self, by: str) -> list[str]:
        """The settings hold by now: a log that cannot be written to is told, and is no reason to say they do not."""
        failed: list[str] = []
        now = self._service.clock.now()
        for change in self.changes:
            try:
                entry = Entry(owner=change.owner, at=now, what={"why": str(change), "by": by})
                self._service.records.note(entry)
            except SoswError as error:
                failed.append(f"the log of {change.owner} misses a line: {error}")
        return failed


@dataclass(frozen=True, slots=True, kw_only=True)
class _Declared:
    """What is to be stored, and how."""

    file: SettingsFile
    what: Declaration
    adds: bool
    region: str | None

    def over(self, seen: StoredConfig) -> Outcome:
        """Raises `SettingsRefused`, and `InvalidInput` where it is too large to be stored."""
        before = seen.value or {}
        outcome = self.what.over(before, region=self.region, adds=self.adds)
        problems = [*outcome.problems, *_fewer_shards(before, outcome.config)]
        if problems:
            raise SettingsRefused(self.file.placed(problems))
        jsontext.checked(dict(outcome.config), ESSENTIAL_CONFIG, limit=MAX_CONFIG_BYTES)
        return outcome


def plan(service: Service, settings: Settings, *, adds: bool = False) -> Plan:
    """Raises `SettingsRefused` with all that is wrong with the settings, `InvalidInput` for what cannot be read."""
    if isinstance(settings, str | Path):
        settings = SettingsFile.read(settings)
    file = settings if isinstance(settings, SettingsFile) else SettingsFile(name="settings", values=settings)
    declared = _Declared(file=file, what=Declaration.of(file.values), adds=adds, region=service.region())
    return Plan(service, declared, service.config.look(ESSENTIAL_CONFIG))


def _changing(seen: StoredConfig, outcome: Outcome) -> tuple[Change, ...]:
    return tuple(each for each in changes(seen.value or {}, outcome.config) if each.how is not How.UNCHANGED)


def _fewer_shards(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Problem]:
    """The Orchestrator's minute looks through as many as the settings say: what waits in others would not be seen."""
    known = _labourers(before)
    for name, settings in _labourers(after).items():
        had, has = (_shards(each) for each in (known.get(name), settings))
        if has < had:
            rule = f"must not be lowered: it is {had}, and tasks may wait in each of them"
            yield Problem(f"{labourer_path(name)}.shards", has, rule)


def _labourers(config: Mapping[str, Any]) -> Mapping[str, Any]:
    task_config = config.get("task_config")
    found = task_config.get("labourers") if isinstance(task_config, dict) else None
    return found if isinstance(found, dict) else {}


def _shards(settings: Any) -> int:
    shards = settings.get("shards", 1) if isinstance(settings, dict) else 1
    return shards if isinstance(shards, int) else 1


def _at_work(service: Service, found: tuple[Change, ...]) -> list[str]:
    gone = [each.name for each in found if each.kind == "labourer" and each.how is How.REMOVED]
    return [said for name in gone if (said := tasks_of(service, LabourerName(name)))]
