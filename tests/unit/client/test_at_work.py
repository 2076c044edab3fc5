"""What would be left of a function's work if it were taken away."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sosw.client.at_work import declared_for, unfinished_of
from sosw.domain.job import Job
from sosw.domain.task import JobId
from tests.factories import LABOURER, NOW
from tests.unit.client.doctoring import Examined

ARN = "arn:aws:lambda:eu-west-1:123456789012:function:shared"


@pytest.fixture
def world() -> Examined:
    world = Examined()
    world.config["task_config"]["labourers"]["mails"] = {"arn": ARN, "max_simultaneous_invocations": 1}
    return world


def test_tasks_count_of_every_labourer_whose_work_the_function_does(world: Examined) -> None:
    world.client.submit("mails", idempotency_key="waits", not_before=NOW + timedelta(days=1))

    assert declared_for(world.service, ["shared", "other"]) == ["mails"]
    assert unfinished_of(world.service, ["shared"]) == [
        "labourer mails has 0 running and 1 waiting tasks, such as waits#0",
    ]
    assert unfinished_of(world.service, [LABOURER]) == []


def test_tasks_count_of_a_labourer_that_is_not_declared_any_more(world: Examined) -> None:
    world.client.submit(LABOURER, idempotency_key="waits")
    del world.config["task_config"]["labourers"][LABOURER]

    assert unfinished_of(world.service, [LABOURER]) == [
        f"labourer {LABOURER} has 0 running and 1 waiting tasks, such as waits#0",
    ]


def test_a_job_whose_tasks_are_being_written_counts_for_its_labourer_alone(world: Examined) -> None:
    world.jobs.open(Job(id=JobId("written"), labourer=LABOURER, submitted_at=NOW, held_until=NOW, body="{}"))

    assert unfinished_of(world.service, [LABOURER]) == ["job written is being written or cancelled"]
    assert unfinished_of(world.service, ["shared"]) == []
