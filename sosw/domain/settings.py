"""Settings as frozen dataclasses, read from mappings (JSON, a table's row) with every mistake named at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sosw.domain.declared import read_resource
from sosw.domain.errors import InvalidInput, Missing, Problem, did_you_mean, invalid, missing
from sosw.domain.health import COEFFICIENTS
from sosw.domain.jsontext import MAX_PAYLOAD_BYTES
from sosw.domain.labourer import Labourer, drawn, labourer_path
from sosw.domain.measures import by_health
from sosw.domain.metrics import Level
from sosw.domain.reader import Reader, each, is_number
from sosw.domain.records import ResourceName
from sosw.domain.resources import Resource
from sosw.domain.retry import RetryPolicy
from sosw.domain.retry_settings import MAX_ATTEMPTS
from sosw.domain.task import LabourerName

__all__ = ["SHARED_KEYS", "EssentialSettings", "Labourer"]

SHARED_KEYS = (
    "task_config",
    "resources",
    "job_schema_variants",
    "invocation_number_coefficient",
    "linger",
    "custom_period_patterns",
    "archive",
    "metrics",
)
_Problems = Mapping[str, tuple[Problem, ...]]
"""By the name of what they are about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EssentialSettings:
    """What the four Essentials share. One mistaken labourer never stops the others."""

    labourers: Mapping[LabourerName, Labourer] = field(default_factory=dict)
    """Those whose settings are right."""
    resources: Mapping[ResourceName, Resource] = field(default_factory=dict)
    """Those whose settings are right."""
    coefficients: Mapping[int, float] = field(default_factory=lambda: COEFFICIENTS)
    """The share of its limit that a labourer has at each health, 0 … 1."""
    job_schema_variants: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: {"default": ()})
    """Names of the attributes to chunk by, outermost first, for each job schema."""
    linger: timedelta = timedelta(seconds=3)
    """0 … 30 s that an Orchestrator which has filled a labourer's slots waits for the next end, to refill them."""
    payload_limit: int = MAX_PAYLOAD_BYTES
    """Bytes of a payload. No setting: more where there is a bucket for it."""
    custom_period_patterns: Any = ()
    """Periods that a user's subclass of the Scheduler has methods for, in sosw 0.7's form: the Scheduler checks it."""
    archive: bool = True
    """Whether closed tasks are archived before they leave the table, where there is a bucket for them."""
    metrics: Level = Level.ENVIRONMENT
    """Which metrics are published: of the environment, of each labourer and resource besides, or none."""
    mistaken: _Problems = field(default_factory=dict)
    """Labourers whose settings are wrong, or whose resources are: their jobs are refused, the others work on."""
    mistaken_resources: _Problems = field(default_factory=dict)
    """Resources whose settings are wrong."""
    problems: tuple[Problem, ...] = ()
    """What is wrong outside the labourers and resources."""

    @classmethod
    def from_mapping(cls, given: Any) -> EssentialSettings:
        """From the merged configuration. Never raises: what is wrong is kept, by whom it stops."""
        values = Reader("", given, SHARED_KEYS)
        declared = values.inner("task_config", ["labourers"]).mapping("labourers")
        resources, bad_resources = each(read_resource, values.mapping("resources"))
        labourers, mistaken = each(Labourer.from_mapping, declared)
        mistaken = _with_undrawable(mistaken, declared, resources, bad_resources)
        schemas, bad_schemas = each(_chunkable, values.mapping("job_schema_variants"))
        coefficients = by_health(
            values, "invocation_number_coefficient", "must be a number from 0 to 1", fits=_is_share
        )
        return cls(
            labourers={LabourerName(name): found for name, found in labourers.items() if name not in mistaken},
            resources={ResourceName(name): found for name, found in resources.items()},
            coefficients={**COEFFICIENTS, **coefficients},
            job_schema_variants={"default": (), **schemas},
            linger=values.seconds("linger", 3, 0, 30),
            archive=values.checked("archive", default=True, rule="must be true or false", fits=_is_bool),
            metrics=values.choice("metrics", Level.ENVIRONMENT),
            custom_period_patterns=values.get("custom_period_patterns", ()),
            mistaken=mistaken,
            mistaken_resources=bad_resources,
            problems=(*values.problems, *_all(bad_schemas)),
        )

    @classmethod
    def checked(cls, given: Any) -> EssentialSettings:
        """As `from_mapping`, for the door: raises `InvalidInput` with all problems of all labourers and resources."""
        settings = cls.from_mapping(given)
        if settings.every_problem:
            raise InvalidInput(settings.every_problem)
        return settings

    @property
    def every_problem(self) -> list[Problem]:
        """Of everything, each once."""
        return list(dict.fromkeys([*self.problems, *_all(self.mistaken_resources), *_all(self.mistaken)]))

    def labourer(self, name: Any, *, path: str = "lambda_name") -> Labourer:
        """The labourer of that name (or of that function ARN); raises `InvalidInput` naming `path`."""
        if not isinstance(name, str) or not name:
            raise invalid(path, name, "must be the name of a registered labourer", did_you_mean("", self.labourers))
        short = _function_name(name)
        if short in self.mistaken:
            raise InvalidInput([Missing(p.field, p.value, p.rule, p.hint) for p in self.mistaken[short]])
        found = self.labourers.get(LabourerName(short))
        if found is None:
            raise missing(path, name, "is not a registered labourer", did_you_mean(short, self.labourers))
        return found

    def labourer_or_default(self, name: LabourerName | None) -> Labourer:
        """Its settings, or the defaults for one that is not registered, or wrongly: what it began must still end.

        Those bury nothing that a retry could mend: what fails meanwhile waits until the labourer is registered again.
        """
        known = self.labourers.get(name) if name else None
        return known or Labourer(
            name=name or LabourerName(""),
            arn=name or "",
            max_simultaneous_invocations=0,
            retry=RetryPolicy(max_attempts=MAX_ATTEMPTS),
        )


def _with_undrawable(
    mistaken: _Problems, declared: Mapping[str, Any], resources: Mapping[str, Resource], bad_resources: _Problems
) -> dict[str, tuple[Problem, ...]]:
    """With those that draw on a resource that is not there, or that is mistaken itself: then for its problems too."""
    problems = dict(mistaken)
    for name, given in declared.items():
        for drawn_on in drawn(given):
            if drawn_on in bad_resources:
                problems[name] = (*problems.get(name, ()), *bad_resources[drawn_on])
            elif drawn_on not in resources:
                hint = did_you_mean(drawn_on, resources)
                problem = Problem(f"{labourer_path(name)}.draws", drawn_on, "is not a declared resource", hint)
                problems[name] = (*problems.get(name, ()), problem)
    return problems


def _all(problems: _Problems) -> list[Problem]:
    return [each for those in problems.values() for each in those]


def _is_bool(value: Any) -> bool:
    return isinstance(value, bool)


def _is_share(value: Any) -> bool:
    return is_number(value) and 0 <= value <= 1


def _chunkable(name: str, given: Any) -> tuple[str, ...]:
    """sosw's form of a schema: `{"chunkable_attrs": [["section", {}], ["store", {}]]}`; bare names are taken too."""
    path = f"job_schema_variants.{name}"
    values = Reader(path, given, ["chunkable_attrs"])
    attrs = values.get("chunkable_attrs", [])
    names: list[Any] = [a[0] if isinstance(a, list) and a else a for a in attrs] if isinstance(attrs, list) else [None]
    if not all(isinstance(a, str) and a for a in names):
        values.problems.append(Problem(f"{path}.chunkable_attrs", attrs, 'must be a list of ["attribute", {}] pairs'))
    values.done()
    return tuple(names)


def _function_name(name: str) -> str:
    """`arn:aws:lambda:region:account:function:NAME[:qualifier]` → NAME; anything else as it is."""
    parts = name.split(":")
    return parts[6] if len(parts) > 6 and parts[:3] == ["arn", "aws", "lambda"] else name  # noqa: PLR2004
