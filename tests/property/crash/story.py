"""What a story is, and how one is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.property.crash.town import NAMES, Town
from tests.property.crash.workers import How
from tests.property.world import roles, witness

Tell = Callable[[Town], None]


@dataclass(frozen=True)
class Story:
    """`tell(town)` makes it happen; `labourer` is what the labourer's settings have besides."""

    name: str
    tell: Tell
    how: How
    labourer: Mapping[str, Any] = field(default_factory=dict)
    more: Mapping[str, Any] = field(default_factory=dict)
    """Other settings."""
    small: Mapping[str, int] = field(default_factory=dict)
    """Numbers of sosw's own, by their full names, that are others here."""

    def config(self) -> dict[str, Any]:
        config = roles.config() | dict(self.more)
        labourers = config["task_config"]["labourers"]
        labourers[roles.LABOURER] = {
            **labourers[roles.LABOURER],
            "max_simultaneous_invocations": 2,
            "retention_days": 1,
            **self.labourer,
        }
        return config


TOLD: list[Story] = []


def story(how: How = lambda _n, _a: "return", **settings: Any) -> Callable[[Tell], Tell]:
    def register(tell: Tell) -> Tell:
        TOLD.append(Story(tell.__name__, tell, how, **settings))
        return tell

    return register


def a_job(key: str) -> dict[str, Any]:
    """Of as many tasks as the witness expects."""
    shops = list(range(witness.JOBS[key]))
    job = {"lambda_name": roles.LABOURER, "isolate_shops": True, "shops": shops, "period": "yesterday"}
    return {"job": job, "idempotency_key": key}


def submit(town: Town, key: str) -> None:
    town.send(NAMES.scheduler, a_job(key))
    town.run()
