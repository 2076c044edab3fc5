"""A labourer: the registered settings of one Worker Lambda."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sosw.domain.health import HealthMetric
from sosw.domain.measures import health_metrics
from sosw.domain.reader import Reader, is_number
from sosw.domain.records import ResourceName
from sosw.domain.resources import Rate
from sosw.domain.retry import RetryPolicy
from sosw.domain.retry_settings import read_retry
from sosw.domain.task import LabourerName

MAX_LIMIT = 10_000
MAX_WEIGHT = 1_000_000
MAX_SHARDS = 16
"""Parts of a line."""
MAX_RATE = 10_000

LABOURER_KEYS = (
    "arn",
    "max_simultaneous_invocations",
    "max_attempts",
    "duration",
    "cooldown",
    "retry",
    "retention_days",
    "health_metrics",
    "draws",
    "rate",
    "rate_per_key",
    "max_per_key",
    "shards",
    "on_dead",
)
_MEANT = {"resources": "draws", "limit": "max_simultaneous_invocations"}
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_ARN_RULE = "must be a function's name, or its ARN, such as arn:aws:lambda:eu-west-1:123456789012:function:sales"
_FUNCTION = re.compile(
    r"(?:arn:aws[a-z-]*:lambda:(?P<region>[a-z]{2,}(?:-[a-z]+)+-\d+):\d{12}:function:|\d{12}:function:)?"
    r"(?!arn:)(?P<name>[A-Za-z0-9_-]{1,64})(?::[A-Za-z0-9_$-]{1,128})?"
)


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
    on_dead: str | None = None
    """Name or ARN of a function that is handed its dead tasks."""

    @property
    def lease(self) -> timedelta:
        """How long an attempt may stay silent before it is taken for lost."""
        return self.duration + self.cooldown

    @property
    def region(self) -> str | None:
        """Of the function, where its ARN says it."""
        found = _FUNCTION.fullmatch(self.arn)
        return found["region"] if found else None

    @property
    def function(self) -> str:
        """The name of the function, without its account and version."""
        found = _FUNCTION.fullmatch(self.arn)
        return found["name"] if found else self.arn

    @classmethod
    def from_mapping(cls, name: str, given: Any) -> Labourer:
        """From sosw's form, `task_config.labourers.<name>`; raises `InvalidInput` with all problems."""
        values = Reader(labourer_path(name), given, LABOURER_KEYS, meant=_MEANT)
        if not _NAME.fullmatch(str(name)):
            values.wrong("name", name, "must be 1 to 64 letters, digits, '-', '_' or '.'")
        labourer = cls(
            name=LabourerName(name),
            arn=values.checked("arn", name, _ARN_RULE, fits=_is_function),
            max_simultaneous_invocations=values.whole("max_simultaneous_invocations", None, 0, MAX_LIMIT),
            duration=values.seconds("duration", 900, 1, 900),
            cooldown=values.seconds("cooldown", 300, 1, 21_600),
            retry=read_retry(values),
            retention=timedelta(days=values.whole("retention_days", 30, 1, 3_650)),
            health_metrics=health_metrics(values),
            draws=_draws(values),
            rate=_rate(values, "rate"),
            rate_per_key=_rate(values, "rate_per_key"),
            max_per_key=values.whole("max_per_key", 1, 1, MAX_LIMIT) if values.has("max_per_key") else None,
            shards=values.whole("shards", 1, 1, MAX_SHARDS),
            on_dead=values.checked("on_dead", None, _ARN_RULE, fits=_is_function) if values.has("on_dead") else None,
        )
        values.done()
        return labourer


def labourer_path(name: str) -> str:
    """Where its settings stand."""
    return f"task_config.labourers.{name}"


def drawn(given: Any) -> list[str]:
    """The names under `draws` of settings that may be mistaken otherwise."""
    draws = given.get("draws") if isinstance(given, dict) else None
    return [name for name in draws if isinstance(name, str)] if isinstance(draws, dict | list) else []


def _is_function(value: Any) -> bool:
    return isinstance(value, str) and _FUNCTION.fullmatch(value) is not None


def _draws(values: Reader) -> dict[ResourceName, float]:
    """`{resource: weight}`, or a list of names that weigh 1 each."""
    given = values.get("draws", None)
    if isinstance(given, list):
        if not all(isinstance(name, str) and name for name in given) or len(set(given)) < len(given):
            values.wrong("draws", given, "must be a list of names of resources, each once")
            return {}
        return {ResourceName(name): 1.0 for name in given}
    found = values.mapping("draws")
    for name, weight in found.items():
        if not is_number(weight) or not 0 < weight <= MAX_WEIGHT:
            rule = f"must be a number over 0, at most {MAX_WEIGHT:,}"
            values.wrong(f"draws.{name}", weight, rule, "to draw nothing, leave it out" if weight == 0 else "")
    return {ResourceName(name): weight for name, weight in found.items()}


def _rate(values: Reader, key: str) -> Rate | None:
    """A second's worth at once, where no burst is given."""
    if not values.has(key):
        return None
    inner = values.inner(key, ["per_second", "burst"])
    per_second = inner.above("per_second", None, 0, MAX_RATE)
    return Rate(per_second=per_second, burst=inner.whole("burst", max(1, math.ceil(per_second)), 1, MAX_RATE))
