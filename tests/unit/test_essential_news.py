"""What was declared a moment ago holds for a warm container, too, as soon as somebody speaks of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from sosw import essential
from sosw.aws.dynamodb import TableFailed
from sosw.domain.errors import InvalidInput
from sosw.domain.task import JobId, task_id
from sosw.essential import container
from sosw.settings import ESSENTIAL_CONFIG
from sosw.testing import (
    DictConfigSource,
    FakeClock,
    InMemoryJobStore,
    InMemoryRecordStore,
    InMemorySlotStore,
    InMemoryTaskStore,
    RecordingInvoker,
    RecordingReminder,
)
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


class Account:
    """Warm containers of Essentials over tables in memory."""

    def __init__(self) -> None:
        self.clock, self.config, self.invoker = FakeClock(), CountedConfig(), RecordingInvoker()
        self.tasks, self.records = InMemoryTaskStore(), InMemoryRecordStore()
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
        }
        self._scheduler = self._container(essential.scheduler_handler())
        self._orchestrator = self._container(essential.orchestrator_handler())

    def _container(self, handler: Any) -> Any:
        vars(handler._world).update(self._parts)
        return handler

    def declare(self, *labourers: str) -> None:
        settings: Mapping[str, Any] = {name: {"max_simultaneous_invocations": 5} for name in labourers}
        self.config.stored[ESSENTIAL_CONFIG] = {"task_config": {"labourers": settings}, "linger": 0}

    def submit(self, labourer: str) -> JobId:
        job = {"lambda_name": labourer, "idempotency_key": f"for-{labourer}", "payload": {}}
        return JobId(self._scheduler(job, Context())["job_id"])

    def wake(self, *labourers: str) -> dict[str, int]:
        answer: dict[str, int] = self._orchestrator({"wake": {name: {} for name in labourers}}, Context())["started"]
        return answer

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
