"""docs/reference/events.md lists what the Lambdas are sent, and what they answer."""

from __future__ import annotations

import json
from typing import Any

from sosw.domain.assignment import RESERVED_KEYS, worker_event
from sosw.domain.jsontext import MAX_RESULT_BYTES
from sosw.domain.report import COMPLETE, FAIL, HEARTBEAT, MESSAGE_CHARS, Report
from sosw.domain.reported import MAX_CLASSES, MAX_NAME_BYTES, MAX_RESOURCES
from sosw.domain.signals import Signals
from sosw.domain.task import JobId, LabourerName, Task, TaskId, task_id
from sosw.testing import (
    FakeClock,
    InMemoryTaskStore,
)
from sosw.worker_assistant import WorkerAssistant
from tests.factories import World
from tests.unit.docs import markdown as md
from tests.unit.docs.markdown import Row

PAGE = md.page("docs/reference/events.md")
TEXT = PAGE.read_text("utf-8")
CONFIG = {"task_config": {"labourers": {"worker": {"max_simultaneous_invocations": 1}}}}


def _keys(table: list[Row]) -> set[str]:
    return {row["key"].strip("`") for row in table}


def test_the_scheduler_answers_with_exactly_the_keys_of_the_page() -> None:
    answer = World(labourers=CONFIG["task_config"]["labourers"]).submit({"lambda_name": "worker"})
    assert _keys(md.tables(PAGE, under="Scheduler")[0]) == set(answer)


def test_a_worker_is_sent_exactly_the_keys_of_the_page() -> None:
    event, ours = (_keys(table) for table in md.tables(PAGE, under="Worker"))
    sent = worker_event(_task())
    assert (event, ours) == (set(sent), set(sent["sosw"]))
    assert set(RESERVED_KEYS) <= event


def test_a_report_has_exactly_the_keys_and_defaults_of_the_page() -> None:
    table, of_signals = md.tables(PAGE, under="WorkerAssistant")
    assert _keys(of_signals) == set(Signals.__dataclass_fields__)
    assert _keys(table) == set(Report.__dataclass_fields__)
    bare = Report(action=FAIL, task_id=TaskId("job#0"))
    left_out = {row["key"].strip("`"): row["if left out"].strip("`") for row in table}
    assert (str(bare.attempt), bare.error, str(bare.is_retryable).lower()) == tuple(
        left_out[key] for key in ("attempt", "error", "is_retryable")
    )
    assert all(f"`{action}`" in table[0]["meaning"] for action in (COMPLETE, FAIL, HEARTBEAT))


def test_the_worker_assistant_answers_with_the_keys_of_the_page() -> None:
    assistant = WorkerAssistant(CONFIG, tasks=InMemoryTaskStore(), clock=FakeClock(), jitter=lambda: 0.5)
    answer: dict[str, Any] = assistant({"action": "complete", "task_id": "nowhere#0"})
    assert answer["accepted"] is False
    assert answer["state"] is None
    assert all(f'"{key}"' in TEXT for key in answer)


def test_the_orchestrator_and_the_scavenger_answer_with_the_keys_of_the_page() -> None:
    world = World()
    assert set(world.orchestrator()({})) in _shown("Orchestrator")
    assert set(world.scavenger().pass_on([], token="1")) in _shown("Scavenger")
    assert set(world.scavenger().sweep()) in _shown("Scavenger")


def test_the_page_tells_how_much_is_kept() -> None:
    assert f"{MAX_RESULT_BYTES:,} bytes" in TEXT
    assert f"{MESSAGE_CHARS} characters" in TEXT
    assert f"{MAX_RESOURCES} resources at most, by names of up to {MAX_NAME_BYTES} bytes" in TEXT
    assert f"{MAX_CLASSES} classes of errors" in TEXT


def _shown(heading: str) -> list[set[str]]:
    """The keys of the objects that stand in the prose of that section."""
    objects = [code for code in md.codes(md.section(PAGE, heading)) if code.startswith("{") and "…" not in code]
    return [set(json.loads(code)) for code in objects]


def _task() -> Task:
    now = FakeClock().now()
    job = JobId("job")
    return Task(
        id=task_id(job, 0), job_id=job, labourer=LabourerName("worker"), payload={}, created_at=now, greenfield=now
    )
