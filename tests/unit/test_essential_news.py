"""What was declared a moment ago holds for a warm container, too, as soon as somebody speaks of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from sosw import essential
from sosw.aws.dynamodb import TableFailed
from sosw.domain.errors import InvalidInput
from sosw.domain.records import ResourceName, of_resource
from sosw.domain.report import Report
from sosw.domain.sources import Source
from sosw.domain.standing import Budget
from sosw.domain.task import JobId, LabourerName, Task, TaskState, task_id
from sosw.essential import container
from sosw.settings import ESSENTIAL_CONFIG
from sosw.signal_desk import SignalDesk
from sosw.testing import (
    DictConfigSource,
    FakeClock,
    InMemoryJobStore,
    InMemoryRecordStore,
    InMemorySlotStore,
    InMemorySources,
    InMemoryTaskStore,
    RecordingInvoker,
    RecordingReminder,
)
from sosw.vault import NO_VAULT
from tests.factories import seconds
from tests.property.crash.staging import SilentLog


class Context:
    aws_request_id = "r1"

    def get_remaining_time_in_millis(self) -> int:
        return 900_000


class CountedConfig(DictConfigSource):
    """Knows how often it was read."""

    reads = 0

    def get(self, name: str) -> dict[str, Any] | None:
        self.reads += 1
        return super().get(name)


class CountedSources(InMemorySources):
    """Knows how often one was read."""

    readings = 0

    def lines(self, source: Source, pin: str) -> Iterator[bytes]:
        self.readings += 1
        return super().lines(source, pin)


class Account:
    """Warm containers of Essentials over tables in memory."""

    def __init__(self) -> None:
        self.clock, self.config, self.invoker = FakeClock(), CountedConfig(), RecordingInvoker()
        self.tasks, self.records, self.sources = InMemoryTaskStore(), InMemoryRecordStore(), CountedSources()
        self._parts: dict[str, Any] = {
            "clock": self.clock,
            "config": self.config,
            "tasks": self.tasks,
            "slots": InMemorySlotStore(),
            "jobs": InMemoryJobStore(),
            "records": self.records,
            "invoker": self.invoker,
            "reminder": RecordingReminder(),
            "bucket": None,
            "vault": NO_VAULT,
            "desk": SignalDesk(records=self.records, clock=self.clock),
            "sources": self.sources,
        }
        self._scheduler = self._container(essential.scheduler_handler())
        self._orchestrator = self._container(essential.orchestrator_handler())
        self._assistant = self._container(essential.worker_assistant_handler())

    def _container(self, handler: Any) -> Any:
        vars(handler._world).update(self._parts)
        return handler

    def declare(self, *labourers: str, resource: str | None = None, **more: Any) -> None:
        settings: Mapping[str, Any] = {name: {"max_simultaneous_invocations": 5, **more} for name in labourers}
        resources = {resource: {"ceiling": 8, "start": 8}} if resource else {}
        self.config.stored[ESSENTIAL_CONFIG] = {
            "task_config": {"labourers": settings}, "resources": resources, "linger": 0,
        }  # fmt: skip

    def submit(self, labourer: str, **more: Any) -> JobId:
        job = {"lambda_name": labourer, "idempotency_key": f"for-{labourer}{len(more)}", **more}
        return JobId(self._scheduler(job, Context())["job_id"])

    def wake(self, *labourers: str) -> dict[str, int]:
        answer: dict[str, int] = self._orchestrator({"wake": {name: {} for name in labourers}}, Context())["started"]
        return answer

    def fail(self, labourer: str, resource: str | None = None) -> Task:
        """The first attempt of the labourer's job fails by a 429 of that resource; the task afterwards."""
        task = self.tasks.get(task_id(JobId(f"for-{labourer}0"), 0))
        assert task is not None
        report = Report(
            action="fail", task_id=task.id, labourer=LabourerName(labourer), attempt=task.attempt, error="HTTPError",
            signals={resource: {"count": 1, "errors": {"429": 1}}} if resource else None,
        )  # fmt: skip
        self._assistant(report.to_event(), Context())
        ended = self.tasks.get(task.id)
        assert ended is not None
        return ended

    def budget(self, resource: str) -> float | None:
        key = of_resource(ResourceName(resource))
        return Budget.from_json(self.records.read([key])[key].value).limit

    def order(self, *labourers: str) -> dict[str, int]:
        answer: dict[str, int] = self._orchestrator({"sosw": {"round": list(labourers)}}, Context())["started"]
        return answer


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Account:
    monkeypatch.setattr(container, "EssentialLog", SilentLog)
    account = Account()
    account.declare("old")
    account.submit("old")
    assert account.wake("old") == {"old": 1}
    return account


def test_a_job_of_a_labourer_that_is_declared_just_now_is_taken(account: Account) -> None:
    account.declare("old", "new")
    job = account.submit("new")
    assert account.tasks.get(task_id(job, 0)) is not None


def test_a_job_of_a_labourer_that_nobody_declared_is_refused_by_what_is_declared_now(account: Account) -> None:
    account.declare("old", "new")
    with pytest.raises(InvalidInput, match="did you mean 'new'"):
        account.submit("newt")


def test_a_job_that_what_is_declared_now_refuses_alike_is_read_once(account: Account) -> None:
    account.sources.stored["s3://bucket/lines.jsonl"] = b'{"n": 1}\nno json\n'
    account.submit("old")
    with pytest.raises(InvalidInput, match="line 2"):
        account.submit("old", source="s3://bucket/lines.jsonl")
    assert account.sources.readings == 1


def test_who_is_woken_for_a_labourer_that_was_taken_away_keeps_what_it_remembers(account: Account) -> None:
    role = account._orchestrator._role
    account.wake("gone")
    assert account._orchestrator._role is role


@pytest.mark.parametrize("call", ["wake", "order"])
def test_a_labourer_that_is_declared_just_now_is_dispatched_at_once(account: Account, call: str) -> None:
    account.declare("old", "new")
    account.submit("new")
    assert getattr(account, call)("new") == {"new": 1}


def test_what_is_known_costs_no_reading_of_the_configuration(account: Account) -> None:
    before = account.config.reads
    account.submit("old")
    account.wake("old")
    assert account.config.reads == before


def test_a_labourer_that_was_taken_away_is_left_alone(account: Account) -> None:
    account.declare("other")
    assert account.wake("old", "gone") == {}


def test_where_the_configuration_cannot_be_read_anew_what_was_read_serves(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_name: str) -> None:
        raise TableFailed.of("config", "GetItem", "InternalServerError", "down", is_passing=True)

    account.submit("old")
    monkeypatch.setattr(account.config, "get", fail)
    with pytest.raises(InvalidInput, match="is not a registered labourer"):
        account.submit("new")
    assert account.wake("old", "new") == {}


def test_a_failure_of_a_labourer_that_is_declared_just_now_is_judged_by_its_own_policy(account: Account) -> None:
    account.fail("old")
    account.declare("old", "new", retry={"errors": {"HTTPError": "never"}})
    account.submit("new")
    account.wake("new")
    assert account.fail("new").state is TaskState.DEAD


def test_the_budget_of_a_resource_that_is_declared_just_now_reacts_to_signals_at_once(account: Account) -> None:
    account.fail("old")
    account.declare("old", "new", resource="api:shop")
    account.submit("new")
    account.wake("new")
    account.fail("new", "api:shop")
    assert account.budget("api:shop") == 6


def test_for_what_nobody_declares_the_configuration_is_read_every_ten_seconds_at_most(account: Account) -> None:
    account.fail("old")
    before = account.config.reads
    for _ in range(3):
        account.fail("old", "api:none")
    assert account.config.reads == before + 2, "what all share, and what is its own, once"
    account.clock.advance(seconds(10))
    account.fail("old", "api:none")
    assert account.config.reads == before + 4


def test_a_report_of_what_is_known_costs_no_reading_of_the_configuration(account: Account) -> None:
    account.declare("old", resource="api:shop")
    account.fail("old", "api:shop")
    before = account.config.reads
    account.fail("old", "api:shop")
    assert account.config.reads == before


def test_what_is_no_report_names_nothing_that_could_be_news(account: Account) -> None:
    account.fail("old")
    before = account.config.reads
    with pytest.raises(InvalidInput):
        account._assistant(["no report"], Context())
    assert account.config.reads == before
