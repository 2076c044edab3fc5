"""Real Workers' code in a whole environment in memory."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from importlib.metadata import entry_points
from typing import Any

import pytest

from sosw import NonRetryable, RetryAfter, Worker
from sosw.domain.errors import InvalidInput
from sosw.domain.task import TaskState
from sosw.testing import InMemorySources, NotFinished, Rehearsal
from sosw.testing.simulation import Workers

JOB = {"lambda_name": "counter", "job_schema_name": "words", "isolate_words": True}
Make = Callable[..., Rehearsal]


class Counter(Worker):
    """Has trouble with some words."""

    def __call__(self, event: dict[str, Any]) -> dict[str, Any]:
        assert self.task
        (word,) = event["words"]
        if word == "never":
            raise NonRetryable("never is no word to count")
        if word == "later" and self.task.attempt == 1:
            raise RetryAfter(3600, "the dictionary is closed")
        return {"letters": len(word), "left": self.task.remaining.total_seconds()}


def settings(limit: int = 2, **more: Any) -> dict[str, Any]:
    labourer = {"max_simultaneous_invocations": limit, "duration": 60, **more}
    return {"labourers": {"counter": labourer}, "job_schema_variants": {"words": {"chunkable_attrs": [["word", {}]]}}}


@pytest.fixture
def made(sosw_rehearsal: Make) -> Make:
    """The fixture that users have."""

    def rehearsal(limit: int = 2, code: Any = Counter, **more: Any) -> Rehearsal:
        return sosw_rehearsal(settings(limit, **more), {"counter": code})

    return rehearsal


def test_a_job_goes_through_chunks_retries_and_burial_to_its_results(made: Make) -> None:
    rehearsal = made()
    tasks = rehearsal.run(JOB | {"words": ["so", "later", "never"]})
    assert [task.state for task in tasks] == [TaskState.DONE, TaskState.DONE, TaskState.DEAD]
    assert [result["letters"] for result in rehearsal.results] == [2, 5]
    (dead,) = rehearsal.dead
    assert [failure.error for failure in dead.failures] == ["NonRetryable"]
    totals = rehearsal.job("job-1").totals
    assert (totals.done, totals.dead, totals.failed) == (2, 1, 2)


def test_the_clock_jumps_over_what_would_be_waited_for(made: Make) -> None:
    rehearsal = made()
    begun = rehearsal.clock.now()
    (task,) = rehearsal.run(JOB | {"words": ["later"]})
    assert task.attempt == 2
    assert timedelta(hours=1) < rehearsal.clock.now() - begun < timedelta(hours=1, minutes=2)


def test_no_more_run_at_once_than_the_limit_allows(made: Make) -> None:
    rehearsal = made(limit=3)
    rehearsal.run(JOB | {"words": list("abcdefghi")})
    assert rehearsal.most_at_once == {"counter": 3}


def test_what_the_code_got_returned_and_raised_is_kept_for_each_attempt(made: Make) -> None:
    rehearsal = made()
    rehearsal.run(JOB | {"words": ["so", "later"]})
    told = {(ran.event["words"][0], ran.number): (type(ran.raised), ran.returned) for ran in rehearsal.attempts}
    assert told == {
        ("so", 1): (type(None), {"letters": 2, "left": 59.0}),
        ("later", 1): (RetryAfter, None),
        ("later", 2): (type(None), {"letters": 5, "left": 59.0}),
    }


def test_the_clock_may_be_moved_by_hand_and_looked_at_in_between(made: Make) -> None:
    rehearsal = made()
    job_id = rehearsal.submit(JOB | {"words": ["later"]})
    assert rehearsal.tasks == []
    rehearsal.advance(timedelta(minutes=30))
    assert [(task.job_id, task.state, task.attempt) for task in rehearsal.tasks] == [(job_id, TaskState.QUEUED, 1)]
    moment = rehearsal.clock.now()
    rehearsal.advance(timedelta(minutes=45))
    assert rehearsal.clock.now() == moment + timedelta(minutes=45)
    assert [task.state for task in rehearsal.tasks] == [TaskState.DONE]


def test_a_second_job_comes_after_the_first_and_a_known_key_is_the_same_job(made: Make) -> None:
    rehearsal = made()
    first = JOB | {"words": ["a", "b"], "idempotency_key": "mine"}
    assert len(rehearsal.run(first)) == 2
    assert [task.id for task in rehearsal.run(first)] == ["mine#0", "mine#1"]
    (other,) = rehearsal.run(JOB | {"words": ["c"]})
    assert [task.id for task in rehearsal.tasks] == ["mine#0", "mine#1", other.id]
    with pytest.raises(InvalidInput, match="mine"):
        rehearsal.run(first | {"words": ["x"]})


def test_a_job_that_is_not_over_in_time_tells_what_it_waits_for(made: Make) -> None:
    rehearsal = made(limit=0)
    with pytest.raises(
        NotFinished, match=r"2:00:00 of the clock .*job-1#0 queued, due .*; 1 more .*limit is 0"
    ) as told:
        rehearsal.run(JOB | {"words": list("abcdef")}, within=timedelta(hours=2))
    assert len(told.value.open) == 6


def test_that_an_earlier_job_is_over_says_nothing_of_this_one(made: Make) -> None:
    rehearsal = made()
    rehearsal.run(JOB | {"words": ["so"]})
    with pytest.raises(NotFinished, match="job-2#0 queued"):
        rehearsal.run(JOB | {"words": ["later"]}, within=timedelta(minutes=30))
    assert [task.state for task in rehearsal.run()] == []
    assert rehearsal.tasks[-1].state is TaskState.DONE


def test_functions_for_the_dead_are_sent_theirs(made: Make) -> None:
    rehearsal = made(on_dead="undertaker")
    rehearsal.run(JOB | {"words": ["never"]})
    rehearsal.advance(timedelta(minutes=5))
    ((function, event),) = rehearsal.handed
    assert function == "undertaker"
    assert "job-1#0" in str(event)


def test_a_container_that_failed_goes_on_with_the_next_task(made: Make) -> None:
    made_of: list[Counter] = []

    def code() -> Counter:
        made_of.append(Counter())
        return made_of[-1]

    made(limit=1, code=code).run(JOB | {"words": ["never", "so", "well"]})
    assert len(made_of) == 1


def test_an_error_of_the_workers_init_ends_the_run(made: Make) -> None:
    def broken() -> Counter:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        made(code=broken).run(JOB | {"words": ["a"]})


def test_a_labourer_without_code_has_its_time_and_its_chances(made: Make) -> None:
    (task,) = made(code=Workers(seconds=(5, 5), fails=1.0), max_attempts=1).run(JOB | {"words": ["a"]})
    assert task.state is TaskState.DEAD


def test_jobs_are_read_from_sources_in_memory(sosw_rehearsal: Make) -> None:
    class Lines(Worker):
        def __call__(self, event: dict[str, Any]) -> Any:
            return event["lines"]

    sources = InMemorySources({"s3://words/all.jsonl": b'"one"\n"three"\n"seven"\n'})
    rehearsal = sosw_rehearsal(settings(), {"counter": Lines}, sources=sources)
    rehearsal.run({"lambda_name": "counter", "source": "s3://words/all.jsonl", "batch": 2})
    assert rehearsal.results == [["one", "three"], ["seven"]]


@pytest.mark.parametrize(
    ("given", "workers", "sentence"),
    [
        (settings(limit=-1), {"counter": Counter}, "labourers.counter.max_simultaneous_invocations"),
        (settings(), {}, "no Worker for the labourer 'counter'"),
        (settings(), {"counter": Counter, "teller": Counter}, "teller"),
        (settings(), {"counter": Counter()}, "must be the class of a Worker"),
    ],
)
def test_what_cannot_be_rehearsed_is_told_at_once(given: Any, workers: Any, sentence: str) -> None:
    with pytest.raises(InvalidInput, match=sentence):
        Rehearsal(given, workers)


def test_a_job_that_there_is_not_is_told_with_a_guess(made: Make) -> None:
    with pytest.raises(InvalidInput, match="known: none"):
        made().job("job-1")


def test_the_fixture_runs_a_worker_on_one_task(sosw_run_task: Callable[..., Any]) -> None:
    run = sosw_run_task(Counter(), {"words": ["later"]}, attempt=2)
    assert run.returned["letters"] == 5
    assert run.reports[0].action == "complete"


@pytest.fixture
def loaded() -> set[str]:
    code = "import sys, pytest; a = set(sys.modules); import sosw.testing.pytest_plugin; print(*set(sys.modules) - a)"
    return set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split())


def test_pytest_loads_three_small_modules_of_sosw_at_its_start(loaded: set[str]) -> None:
    (plugin,) = entry_points(group="pytest11", name="sosw")
    assert plugin.value == "sosw.testing.pytest_plugin"
    assert loaded == {"sosw", "sosw.testing", "sosw.testing.pytest_plugin"}
