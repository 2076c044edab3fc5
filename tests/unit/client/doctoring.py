"""A healthy environment for the doctor, whose parts a test breaks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from sosw.aws.inspector import expected_tables
from sosw.client import Client, Diagnosis
from sosw.domain.surroundings import (
    CouldNotLook,
    FeedFacts,
    FunctionFacts,
    QueueFacts,
    RuleFacts,
    TableFacts,
)
from sosw.settings import ESSENTIAL_CONFIG, Names
from tests.factories import LABOURER
from tests.unit.client.conftest import ClientWorld

NAMES = Names()
ACCOUNT = "eu-west-1:123456789012"
STREAM = f"arn:aws:dynamodb:{ACCOUNT}:table/sosw-tasks/stream/2026"
WAKES = f"arn:aws:sqs:{ACCOUNT}:sosw-wakes"


def arn(name: str) -> str:
    return f"arn:aws:lambda:{ACCOUNT}:function:{name}"


def role(name: str) -> str:
    return f"arn:aws:iam::123456789012:role/{name}"


class Healthy:
    """An `Inspector` of what stands as it should. `blind` are the methods that are not allowed to look."""

    def __init__(self) -> None:
        known = {
            name: FunctionFacts(arn=arn(name), role=role(name), timeout=timedelta(minutes=2))
            for name in NAMES.functions
        }
        worker = FunctionFacts(
            arn=arn(LABOURER),
            role=role(LABOURER),
            timeout=timedelta(minutes=15),
            retries=0,
            max_age=timedelta(minutes=5),
        )
        self.functions: dict[str, FunctionFacts] = {**known, LABOURER: worker}
        minute = {name: f"{name}-EveryMinute" for name in (NAMES.orchestrator, NAMES.scavenger)}
        self.rules_of = {
            arn(name): [RuleFacts(name=rule, schedule="rate(1 minute)", is_enabled=True)]
            for name, rule in minute.items()
        }
        self.feeds_of = {
            arn(NAMES.scavenger): [FeedFacts(uuid="f-1", source=STREAM, state="Enabled")],
            arn(NAMES.orchestrator): [FeedFacts(uuid="f-2", source=WAKES, state="Enabled")],
        }
        self.tables = expected_tables(NAMES.prefix)
        self.invokers = {role(NAMES.orchestrator), role(NAMES.scavenger)}
        self.waiting: dict[str, int] = {"https://sqs/1/sosw-nightly-undelivered": 0, "https://sqs/1/sosw-wakes": 3}
        self.denied: set[tuple[str, str, str]] = set()
        self.uninvokable: set[str] = set()
        self.blind: set[str] = set()
        self.others: list[str] = []
        """Names of tables besides those that can be looked at."""

    def function(self, name: str) -> FunctionFacts | None:
        self._see("function")
        return self.functions.get(name)

    def rules(self, function: str) -> list[RuleFacts]:
        self._see("rules")
        return self.rules_of.get(function, [])

    def feeds(self, function: str) -> list[FeedFacts]:
        self._see("feeds")
        return self.feeds_of.get(function, [])

    def queues(self, prefix: str) -> list[str]:
        self._see("queues")
        return [url for url in self.waiting if f"/{prefix}" in url]

    def queue(self, url_or_arn: str) -> QueueFacts | None:
        self._see("queue")
        waiting = self.waiting.get(url_or_arn)
        name = url_or_arn.rpartition("/")[2]
        return None if waiting is None else QueueFacts(name=name, url=url_or_arn, waiting=waiting)

    def table(self, name: str) -> TableFacts | None:
        self._see("table")
        return self.tables.get(name)

    def forbidden(self, role: str, actions: Sequence[str], resource: str) -> list[str]:
        self._see("forbidden")
        return [action for action in actions if (role, action, resource) in self.denied]

    def may_invoke(self, role: str, function: FunctionFacts) -> bool:
        self._see("may_invoke")
        assert role in self.invokers
        return function.arn not in self.uninvokable

    def here(self) -> tuple[str, str]:
        self._see("here")
        return "123456789012", "eu-west-1"

    def table_names(self) -> list[str]:
        self._see("table_names")
        return [*self.tables, *self.others]

    def change(self, name: str, **fields: object) -> None:
        """That function has other facts."""
        self.functions[name] = replace(self.functions[name], **fields)  # type: ignore[arg-type]

    def _see(self, method: str) -> None:
        if method in self.blind:
            raise CouldNotLook(f"aws:{method}", "the credentials in use do not allow it (AccessDenied)")


class Examined(ClientWorld):
    """A world with settings that are stored, and a doctor."""

    def __init__(self) -> None:
        super().__init__()
        self.stored.stored[ESSENTIAL_CONFIG] = self.config
        self.inspector = Healthy()
        tables = dict(self.inspector.tables)
        self.service = replace(
            self.service, inspector=self.inspector, tables=lambda: tables, region=lambda: "eu-west-1"
        )
        self.client = Client(service=self.service)

    def told(self, **how: object) -> list[str]:
        """The findings, as sentences."""
        return [str(finding) for finding in self.examine(**how).findings]

    def examine(self, **how: object) -> Diagnosis:
        return self.client.doctor(**how)  # type: ignore[arg-type]
