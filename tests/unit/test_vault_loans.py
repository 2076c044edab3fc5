"""A Worker is lent URLs for the large values of its own attempt, and of no other."""

from __future__ import annotations

from typing import Any

import pytest

from sosw.domain.task import TaskState
from tests.factories import World, a_task, claimed
from tests.unit.test_vault import a_vault, report


@pytest.fixture
def running() -> World:
    world, task = World(), claimed(a_task())
    world.tasks.tasks[task.id] = task
    return world


def lent(world: World, action: str, task: str = "job#0", attempt: int = 1) -> Any:
    return world.assistant(vault=a_vault(world)).answer({"action": action, "task_id": task, "attempt": attempt})


def test_a_worker_is_lent_urls_for_its_own_two_objects(running: World) -> None:
    assert lent(running, "fetch") == {"url": "memory://bucket/payloads/job/0.json?get=900"}
    assert lent(running, "store") == {"url": "memory://bucket/results/job/0/1.json?put=900"}


def test_nobody_is_lent_what_belongs_to_another_attempt_or_to_a_closed_task(running: World) -> None:
    none = {"url": None, "why": "task job#1: cannot fetch: there is no such task"}
    assert lent(running, "fetch", "job#1") == none
    assert lent(running, "fetch", attempt=2)["why"] == "task job#0: cannot fetch: it is running, attempt 1"
    report(running, result_is_stored=True)
    assert lent(running, "store") == {"url": None, "why": "task job#0: cannot store: it is done, attempt 1"}


def test_an_attempt_whose_success_is_still_taken_while_its_task_waits_is_lent_its_place(running: World) -> None:
    report(running, action="fail", error="DeadlineExceeded")
    assert running.task().state is TaskState.QUEUED
    assert lent(running, "store")["url"]
