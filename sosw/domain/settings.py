"""Settings as frozen dataclasses, read from mappings (JSON, a table's row) with every mistake named at once."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sosw.domain.errors import InvalidInput, Problem, did_you_mean, invalid
from sosw.domain.health import COEFFICIENTS, HealthMetric
from sosw.domain.records import ResourceName
from sosw.domain.resources import Rate, Resource
from sosw.domain.retry import RetryPolicy
from sosw.domain.task import LabourerName

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MAX_LIMIT = 10_000
MAX_ATTEMPTS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Labourer:
    """The registered settings of one Worker Lambda."""

    name: LabourerName
    """Name of the Lambda; `lambda_name` of a job."""
    arn: str
    """What is invoked: the function's name or ARN. By default the name."""
    max_simultaneous_invocations: int
    """0 … 10,000 attempts at once; 0 starts nothing."""
    duration: timedelta = timedelta(seconds=900)
    """1 … 900 s, the longest an attempt may run: at least the function's time-out, or it refuses to start."""
    cooldown: timedelta = timedelta(seconds=300)
    """1 … 21,600 s besides, for an invocation to wait in Lambda's own queue."""
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    retention: timedelta = timedelta(days=30)
    """1 … 3,650 days that a closed task stays in the table."""
    health_metrics: tuple[HealthMetric, ...] = ()
    """Its health is the worst that one of them feels; it scales the limit by `EssentialSettings.coefficients`."""
    draws: Mapping[ResourceName, float] = field(default_factory=dict)
    """The resources that its attempts use, each with its weight > 0 among those that draw on it."""
    rate: Rate | None = None
    """How fast attempts may be started."""
    rate_per_key: Rate | None = None
    """How fast attempts of tasks of one concurrency key may be started."""
    max_per_key: int | None = None
    """1 … 10,000 attempts at once of tasks of one concurrency key."""
    shards: int = 1
    """1 … 16 parts of its line of queued tasks: each bears 1,000 writes a second."""

    @property
    def lease(self) -> timedelta:
        """How long an attempt may stay silent before it is taken for lost."""
        return self.duration + self.cooldown

    @classmethod
    def from_mapping(cls, name: str, given: Any) -> Labourer:
        """From sosw's form, `task_config.labourers.<name>`; raises `InvalidInput` with all problems."""
        path = f"task_config.labourers.{name}"
        values = _Reader(path, given, known=_LABOURER_KEYS)
        labourer = cls(
            name=LabourerName(name),
            arn=values.text("arn", name),
            max_simultaneous_invocations=values.whole("max_simultaneous_invocations", None, 0, MAX_LIMIT),
            duration=values.seconds("duration", 900, 1, 900),
            cooldown=values.seconds("cooldown", 300, 1, 21_600),
            retry=_retry(values),
            retention=timedelta(days=values.whole("retention_days", 30, 1, 3_650)),
        )
        values.done()
        return labourer


_SHARED_KEYS = ("task_config", "job_schema_variants", "custom_period_patterns", "linger")
_LABOURER_KEYS = (
    "arn",
    "max_simultaneous_invocations",
    "max_attempts",
    "duration",
    "cooldown",
    "retry",
    "retention_days",
)


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
    custom_period_patterns: Any = ()
    """Periods that a user's subclass of the Scheduler has methods for, in sosw 0.7's form: the Scheduler checks it."""
    mistaken: Mapping[str, tuple[Problem, ...]] = field(default_factory=dict)
    """Labourers whose settings are wrong, and how: their jobs are refused, the others work on."""
    problems: tuple[Problem, ...] = ()
    """What is wrong outside the labourers."""

    @classmethod
    def from_mapping(cls, given: Any) -> EssentialSettings:
        """From the merged configuration. Never raises: what is wrong is kept, in `mistaken` and `problems`."""
        values = _Reader("", given, known=_SHARED_KEYS)
        task_config = _Reader("task_config", values.get("task_config", {}), known=["labourers"])
        labourers, mistaken = _each(Labourer.from_mapping, task_config.mapping("labourers"))
        schemas, wrong = _each(_chunkable, values.mapping("job_schema_variants"))
        return cls(
            labourers={LabourerName(name): labourer for name, labourer in labourers.items()},
            job_schema_variants={"default": (), **schemas},
            linger=values.seconds("linger", 3, 0, 30),
            custom_period_patterns=values.get("custom_period_patterns", ()),
            mistaken=mistaken,
            problems=(*values.problems, *task_config.problems, *(p for problems in wrong.values() for p in problems)),
        )

    @classmethod
    def checked(cls, given: Any) -> EssentialSettings:
        """As `from_mapping`, for the door: raises `InvalidInput` with all problems of all labourers."""
        settings = cls.from_mapping(given)
        problems = [*settings.problems, *(p for problems in settings.mistaken.values() for p in problems)]
        if problems:
            raise InvalidInput(problems)
        return settings

    def labourer(self, name: Any, *, path: str = "lambda_name") -> Labourer:
        """The labourer of that name (or of that function ARN); raises `InvalidInput` naming `path`."""
        if not isinstance(name, str) or not name:
            raise invalid(path, name, "must be the name of a registered labourer", did_you_mean("", self.labourers))
        short = _function_name(name)
        if short in self.mistaken:
            raise InvalidInput(self.mistaken[short])
        found = self.labourers.get(LabourerName(short))
        if found is None:
            raise invalid(path, name, "is not a registered labourer", did_you_mean(short, self.labourers))
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


class _Reader:
    """Takes typed values out of a mapping and collects what is wrong with them."""

    def __init__(self, path: str, given: Any, known: Any) -> None:
        self.path, self.problems = path, list[Problem]()
        self._given: Mapping[str, Any] = given if isinstance(given, dict) else {}
        if not isinstance(given, dict):
            self.problems.append(Problem(path or "configuration", given, "must be an object of settings"))
        for key in self._given:
            if key not in known:
                self._wrong(str(key), self._given[key], "is not a setting", did_you_mean(str(key), known))

    def _wrong(self, key: str, value: Any, rule: str, hint: str = "") -> None:
        self.problems.append(Problem(f"{self.path}.{key}" if self.path else key, value, rule, hint))

    def get(self, key: str, default: Any) -> Any:
        return self._given.get(key, default)

    def _checked(self, key: str, default: Any, rule: str, *, fits: Callable[[Any], bool]) -> Any:
        value = self._given.get(key, default)
        if not fits(value):
            self._wrong(key, value, rule)
            return default
        return value

    def text(self, key: str, default: str) -> str:
        text: str = self._checked(key, default, "must be a text", fits=lambda v: isinstance(v, str) and bool(v))
        return text

    def whole(self, key: str, default: int | None, low: int, high: int) -> int:
        rule = f"must be a whole number from {low:,} to {high:,}" + (", and has no default" if default is None else "")
        value = self._checked(key, default, rule, fits=lambda v: type(v) is int and low <= v <= high)
        return low if value is None else int(value)

    def seconds(self, key: str, default: float, low: float, high: float) -> timedelta:
        rule = f"must be a number of seconds from {low:g} to {high:,g}"
        value = self._checked(key, default, rule, fits=lambda v: type(v) in {int, float} and low <= v <= high)
        return timedelta(seconds=value)

    def mapping(self, key: str) -> dict[str, Any]:
        found: dict[str, Any] = self._checked(key, {}, "must be an object", fits=lambda v: isinstance(v, dict))
        return found

    def done(self) -> None:
        if self.problems:
            raise InvalidInput(self.problems)


def _retry(values: _Reader) -> RetryPolicy:
    inner = _Reader(f"{values.path}.retry", values.get("retry", {}), known=["base", "cap"])
    policy = RetryPolicy(
        max_attempts=values.whole("max_attempts", 3, 1, MAX_ATTEMPTS),
        base=inner.seconds("base", 60, 0, 86_400),
        cap=inner.seconds("cap", 3_600, 0, 604_800),
    )
    values.problems += inner.problems
    return policy


def _each(
    read: Callable[[str, Any], Any], given: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, tuple[Problem, ...]]]:
    """Each entry of `given` through `read`: what was read, and the problems of what could not be."""
    found: dict[str, Any] = {}
    wrong: dict[str, tuple[Problem, ...]] = {}
    for name, entry in given.items():
        try:
            found[name] = read(name, entry)
        except InvalidInput as error:
            wrong[name] = error.problems
    return found, wrong


def _chunkable(name: str, given: Any) -> tuple[str, ...]:
    """sosw's form of a schema: `{"chunkable_attrs": [["section", {}], ["store", {}]]}`; bare names are taken too."""
    path = f"job_schema_variants.{name}"
    values = _Reader(path, given, known=["chunkable_attrs"])
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
