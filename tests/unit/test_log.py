"""What an Essential says of an invocation: one summary line, its job on the line of every task, and its metrics."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from sosw import essential
from sosw.domain.metrics import DISPATCH_DELAY, QUEUED, Level, Owner
from sosw.domain.settings import EssentialSettings
from sosw.domain.task import LabourerName
from sosw.log import EmfMetrics, EssentialLog
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
from tests.factories import LABOURER, a_task
from tests.metering import published


class Role:
    """Counts what it was told to."""

    def __init__(self, level: Level = Level.ENVIRONMENT, **stats: Any) -> None:
        self.settings, self._stats = EssentialSettings(metrics=level), stats

    def get_stats(self) -> dict[str, Any]:
        return self._stats

    def reset_stats(self) -> None:
        self._stats.clear()


class Context:
    aws_request_id = "r1"

    def get_remaining_time_in_millis(self) -> int:
        return 900_000


@pytest.fixture(autouse=True)
def _fresh_logger() -> Iterator[None]:
    """Powertools keeps a handler for each service: one that writes to this test's output, and to no other's."""
    logger = logging.getLogger("sosw")
    kept = {**vars(logger), "handlers": list(logger.handlers)}
    for name in ("init", "powertools_handler"):
        vars(logger).pop(name, None)
    logger.handlers.clear()
    yield
    vars(logger).clear()
    vars(logger).update(kept)
    logger.setLevel(logger.level)  # loggers below have cached what that of the test let through


def _said(capsys: pytest.CaptureFixture[str]) -> tuple[list[dict[str, Any]], str]:
    """The lines of the log that are no metrics, and all of it."""
    out = capsys.readouterr().out
    lines = [json.loads(line) for line in out.splitlines()]
    return [line for line in lines if "_aws" not in line], out


def test_an_invocation_ends_with_one_line_that_sums_it_up_also_when_it_fails(
    capsys: pytest.CaptureFixture[str],
) -> None:
    log, role = EssentialLog("scavenger", EmfMetrics("test")), Role(expired=2)
    with log.invocation(lambda: role, Context()):
        pass
    with pytest.raises(ValueError, match="no"), log.invocation(lambda: role, Context()):
        raise ValueError("no")
    lines, _ = _said(capsys)
    told = [{name: line[name] for name in ("message", "level", "ok", "expired", "request_id")} for line in lines]
    summary = {"message": "invocation.ended", "expired": 2, "request_id": "r1"}
    assert told == [{**summary, "level": "INFO", "ok": True}, {**summary, "level": "ERROR", "ok": False}]


def test_a_line_about_a_task_names_its_job_too(capsys: pytest.CaptureFixture[str]) -> None:
    EssentialLog("orchestrator", EmfMetrics("test"))
    log = logging.getLogger("sosw.starting")
    log.warning("of a task", extra={"task_id": "shop#4#17"})
    log.warning("of both", extra={"task_id": "shop#4#17", "job_id": "own"})
    log.warning("of neither")
    log.warning("of no job", extra={"task_id": "odd"})
    log.warning("of a task that is not known", extra={"task_id": None})
    lines, _ = _said(capsys)
    assert [line.get("job_id") for line in lines] == ["shop#4", "own", None, None, None]


def test_what_an_essential_counts_of_trouble_is_a_metric_and_what_it_counts_when_all_is_well_is_none(
    capsys: pytest.CaptureFixture[str],
) -> None:
    log, role = EssentialLog("scavenger", EmfMetrics("test")), Role(expired=2, slots_freed=7, archive_late=0)
    with log.invocation(lambda: role, Context()):
        pass
    (found,) = published(_said(capsys)[1])
    assert (found.name, found.values) == ("expired", [2.0])
    assert found.dimensions == {"environment": "test", "service": "scavenger"}


def test_a_service_that_is_named_for_powertools_is_no_dimension_of_ours(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "of-the-whole-company")
    metrics = EmfMetrics("test")
    metrics.note({QUEUED: 1})
    metrics.publish(Level.ENVIRONMENT, {"expired": 2}, "scavenger")
    dimensions = {found.name: found.dimensions for found in published(_said(capsys)[1])}
    assert dimensions == {
        "queued": {"environment": "test"},
        "expired": {"environment": "test", "service": "scavenger"},
    }


def test_nothing_is_published_where_no_metrics_are_wanted(capsys: pytest.CaptureFixture[str]) -> None:
    metrics, role = EmfMetrics("test"), Role(Level.NONE, expired=2)
    with EssentialLog("scavenger", metrics).invocation(lambda: role, Context()):
        metrics.note({QUEUED: 1})
    assert published(_said(capsys)[1]) == []


def test_metrics_are_published_once_also_of_an_invocation_that_fails(capsys: pytest.CaptureFixture[str]) -> None:
    metrics, role = EmfMetrics("test"), Role()
    log = EssentialLog("orchestrator", metrics)
    metrics.note({QUEUED: 3}, Owner.labourer(LabourerName("sales")))
    with pytest.raises(ValueError, match="no"), log.invocation(lambda: role, Context()):
        raise ValueError("no")
    assert [found.values for found in published(_said(capsys)[1])] == [[3.0]]
    with log.invocation(lambda: role, Context()):
        pass
    assert published(_said(capsys)[1]) == []


@pytest.mark.parametrize("count", [99, 100, 101, 250])
def test_every_delay_of_a_large_wave_is_published_in_lines_that_cloudwatch_takes(
    capsys: pytest.CaptureFixture[str], count: int
) -> None:
    metrics = EmfMetrics("test")
    for number in range(count):
        metrics.note({DISPATCH_DELAY: number}, Owner.labourer(LabourerName("sales")))
    metrics.publish(Level.ENVIRONMENT, {}, "orchestrator")
    found = published(_said(capsys)[1])
    assert max(len(line.values) for line in found) <= 100
    assert [value for line in found for value in line.values] == list(range(count))
    assert {line.unit for line in found} == {"Milliseconds"}


@pytest.mark.parametrize(("level", "owners"), [("all", [None, "sales"]), ("environment", [None]), ("none", [])])
def test_the_orchestrators_lambda_publishes_what_its_stored_configuration_says(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, level: str, owners: list[str | None]
) -> None:
    monkeypatch.setenv("SOSW_PREFIX", "test")
    handler: Any = essential.orchestrator_handler()
    tasks = InMemoryTaskStore()
    tasks.create([a_task(n) for n in range(3)])
    labourers = {LABOURER: {"max_simultaneous_invocations": 2}}
    config = DictConfigSource(
        {ESSENTIAL_CONFIG: {"task_config": {"labourers": labourers}, "linger": 0, "metrics": level}}
    )
    vars(handler._world).update(
        tasks=tasks, slots=InMemorySlotStore(), jobs=InMemoryJobStore(), records=InMemoryRecordStore(),
        invoker=RecordingInvoker(), reminder=RecordingReminder(), config=config, clock=FakeClock(),
    )  # fmt: skip
    handler({}, Context())
    found = published(_said(capsys)[1])
    queued = [line for line in found if line.name == "queued"]
    assert [line.dimensions.get("labourer") for line in queued] == owners
    assert all(line.values == [3.0] and line.dimensions["environment"] == "test" for line in queued)
    assert [line.values for line in found if line.name == "started" and "service" not in line.dimensions] == [
        [2.0] for _ in owners
    ]
