"""Invariant 8 for what is too large for the table: through bucket and archive, values come out as they went in."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from sosw import large, vault
from sosw.aws.objects import S3Objects
from sosw.domain import archive, lifecycle
from sosw.domain.assignment import worker_event
from sosw.domain.stored_values import place
from sosw.domain.task import Task
from sosw.testing import FakeClock, InMemoryObjects
from sosw.vault import Vault
from sosw.worker_assistant import WorkerAssistant
from tests.contract.backends import DynamoWorld, World
from tests.contract.moves import NOW, brought
from tests.contract.test_json import ODD, TEXTS, VALUES, _same
from tests.contract.test_objects import on_s3

RESERVED = ("task_id", "sosw")
PAYLOADS = st.dictionaries(TEXTS.filter(lambda key: key not in RESERVED), VALUES, max_size=5)


@pytest.fixture(scope="module")
def tiny() -> Any:
    """All but nothing is too large, so that each value goes the long way."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(vault, "MAX_PAYLOAD_BYTES", 2)
        patch.setattr(vault, "MAX_RESULT_BYTES", 0)
        patch.setattr(large, "MAX_EVENT_BYTES", 0)
        yield patch


@pytest.fixture(scope="session")
def bucket(shared_world: World, request: pytest.FixtureRequest) -> S3Objects | InMemoryObjects:
    """Of S3 where the tables are real."""
    return on_s3(request.getfixturevalue("servers")) if isinstance(shared_world, DynamoWorld) else InMemoryObjects()


def served(bucket: S3Objects | InMemoryObjects, monkeypatch: pytest.MonkeyPatch) -> None:
    """A URL of the bucket in memory leads there; one of S3 is really called."""
    if not isinstance(bucket, InMemoryObjects):
        return

    def http(method: str, url: str, body: bytes | None = None) -> bytes:
        key = url.partition(f"{bucket.bucket}/")[2].partition("?")[0]
        if method == "PUT":
            bucket.put(key, body or b"", kind="")
        return bucket.get(key) or b""

    monkeypatch.setattr(large, "_http", http)


def read(bucket: S3Objects | InMemoryObjects, at: str | None) -> Any:
    body = bucket.get(place(at or "")[1])
    assert body is not None
    return json.loads(body)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(payload=PAYLOADS, result=VALUES, stats=st.none() | st.dictionaries(TEXTS, VALUES, max_size=3))
@example(payload={"all": ODD}, result=ODD, stats={"odd": ODD})
@pytest.mark.usefixtures("tiny")
def test_large_payload_and_result_come_out_as_they_went_in(
    world: World, bucket: S3Objects | InMemoryObjects, payload: Any, result: Any, stats: Any
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        served(bucket, patch)
        kept = Vault(bucket, bucket)
        running, ask = started(world, kept, payload)
        event = large.whole(json.loads(json.dumps(worker_event(running))), ask)
        assert _same({key: event[key] for key in payload}, payload)
        report = {"action": "complete", "task_id": running.id, "attempt": 1, "result": result, "stats": stats}
        ask(json.loads(json.dumps(large.light(report, ask))))
    done = world.tasks.get(running.id)
    assert done is not None
    assert done.result is None
    assert _same([read(bucket, done.result_at), done.stats], [result, stats])
    assert archive.task_of(archive.line(done)) == replace(done, slot=None)


def started(world: World, kept: Vault, payload: Any) -> tuple[Task, Callable[[Mapping[str, Any]], Any]]:
    """A task that runs, and the WorkerAssistant to ask."""
    task, _ = kept.stowed(world.new_task(payload=payload))
    running = brought(world.tasks, task, "running")
    assistant = WorkerAssistant(tasks=world.tasks, clock=FakeClock(NOW), jitter=lambda: 0.5, vault=kept)
    return running, assistant.answer


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(payload=PAYLOADS, result=VALUES, stats=st.none() | VALUES)
@example(payload={"all": ODD}, result=ODD, stats={"odd": ODD})
def test_the_archive_gives_back_what_was_in_the_table(world: World, payload: Any, result: Any, stats: Any) -> None:
    task = brought(world.tasks, world.new_task(payload=payload), "running")
    done = world.tasks.apply(
        lifecycle.complete(task.id, attempt=1, now=NOW, retention=NOW - NOW, result=result, stats=stats)
    )
    (line,) = archive.unpack(archive.pack([archive.line(done)]), "k")
    found = archive.task_of(line)
    assert _same([found.payload, found.result, found.stats], [payload, result, stats])
    assert found == replace(done, slot=None)
