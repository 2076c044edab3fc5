"""Why a task waits, runs, or is over: every state and every hindrance has its sentence."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from sosw.domain.errors import Problem
from sosw.domain.facts import COUNTED, KeyFacts, LabourerFacts, RateFacts, TaskFacts
from sosw.domain.job import Job
from sosw.domain.resources import Rate
from sosw.domain.slots import Name, SlotRow
from sosw.domain.standing import Standing
from sosw.domain.task import TaskId, TaskState
from sosw.domain.why import Answer, Reason
from sosw.domain.why_task import why_task
from tests.factories import DAY, JOB, LABOURER, NOW, seconds
from tests.unit.domain.why_facts import PAUSED, drawing, failed, labourer, settings, task

SLOW = RateFacts(rate=Rate(per_second=0.5, burst=1), next_at=NOW + seconds(7), key="shop-7")


def a_job(**fields: Any) -> Job:
    return Job(**{"id": JOB, "labourer": LABOURER, "submitted_at": NOW, "body": "{}", **fields})


def told(facts: TaskFacts) -> tuple[Reason, str]:
    answer = why_task(facts)
    return answer.reason, answer.headline


def with_name(version: int, *, age: float = 1) -> LabourerFacts:
    """A slot is taken for task 0 at that version."""
    of = labourer()
    name = Name(version, of.now - seconds(age))
    return replace(of, rows=(SlotRow(labourer=LABOURER, number=0, names={TaskId("job#0"): name}),))


# --- over, and running ---


def test_a_done_task_tells_when_by_which_attempt_and_how_long_it_took() -> None:
    end = NOW + seconds(5.25)
    closed: dict[str, Any] = {"greenfield": end, "started_at": NOW, "closed_at": end, "expires_at": NOW + DAY}
    assert why_task(task(state=TaskState.DONE, attempt=2, failures=(failed(),), **closed)) == Answer(
        reason=Reason.DONE,
        headline="done since 12:00:05 UTC, by attempt 2 after 5.2 s",
        more=("attempt 1 failed at 12:00:00 UTC: ValueError: no such shop",
              "it leaves the table after 2026-01-02 12:00:00 UTC"),
    )  # fmt: skip
    assert told(task(state=TaskState.DONE, attempt=1))[1] == "done since 12:00:00 UTC, by attempt 1"


def test_a_dead_task_tells_its_attempts_and_the_last_failure() -> None:
    fields: dict[str, Any] = {"state": TaskState.DEAD, "attempt": 3, "failures": (failed(2), failed(3))}
    assert why_task(task(**fields)) == Answer(
        reason=Reason.DEAD,
        headline="dead after 3 attempts: ValueError: no such shop",
        more=("since 12:00:00 UTC: only an operator's replay tries it anew",
              "attempt 2 failed at 12:00:00 UTC: ValueError: no such shop",
              "attempt 3 failed at 12:00:00 UTC: ValueError: no such shop"),
    )  # fmt: skip


def test_a_task_that_died_before_its_last_attempt_tells_what_is_known() -> None:
    answer = why_task(task(state=TaskState.DEAD, attempt=1, failures=(replace(failed(), message=""),)))
    assert answer.headline == "dead after 1 attempt: ValueError"
    assert answer.more[1] == "its labourer grants 3 attempts now: no retry could mend it, or fewer were granted then"
    unknown = why_task(task(labourer(labourer=None), state=TaskState.DEAD, attempt=4, forgiven=3))
    assert (unknown.headline, len(unknown.more)) == ("dead after 1 attempt", 1)


def test_a_dead_task_tells_why_it_was_given_up_and_a_discarded_one_by_whom() -> None:
    dead = why_task(task(state=TaskState.DEAD, attempt=1, ruling="it failed in a way that no retry can mend"))
    assert dead.more[1] == "given up: it failed in a way that no retry can mend"
    gone = why_task(task(state=TaskState.CANCELLED, attempt=1, ruling="discarded by ann: closed", failures=(failed(),)))
    assert gone == Answer(
        reason=Reason.CANCELLED,
        headline="cancelled since 12:00:00 UTC: discarded by ann: closed",
        more=("attempt 1 failed at 12:00:00 UTC: ValueError: no such shop",),
    )


@pytest.mark.parametrize(
    ("job", "headline"),
    [
        (None, "cancelled since 12:00:00 UTC"),
        (a_job(), "cancelled since 12:00:00 UTC"),
        (a_job(cancelled_why="the wrong year"), "cancelled since 12:00:00 UTC: the wrong year"),
        (a_job(cancelled_by="ann", cancelled_why="the wrong year"),
         "cancelled since 12:00:00 UTC by ann: the wrong year"),
    ],
)  # fmt: skip
def test_a_cancelled_task_tells_by_whom_where_its_job_does(job: Job | None, headline: str) -> None:
    assert told(task(state=TaskState.CANCELLED, job=job)) == (Reason.CANCELLED, headline)


@pytest.mark.parametrize(
    ("fields", "headline"),
    [
        ({"started_at": NOW, "greenfield": NOW + seconds(1200)},
         "running since 12:00:00 UTC, attempt 2; its lease ends at 12:20:00 UTC"),
        ({"greenfield": NOW + seconds(1200)}, "running, attempt 2; its lease ends at 12:20:00 UTC"),
        ({"started_at": NOW, "greenfield": NOW},
         ("running since 12:00:00 UTC, attempt 2; its lease ended at 12:00:00 UTC: "
          "the sweep ends the attempt within a minute")),
    ],
)  # fmt: skip
def test_a_running_task_tells_since_when_and_until_when(fields: dict[str, Any], headline: str) -> None:
    running = task(state=TaskState.RUNNING, attempt=2, **fields)
    recalled = why_task(task(state=TaskState.RUNNING, attempt=2, is_recalled=True, **fields))

    assert told(running) == (Reason.RUNNING, headline)
    assert recalled.more == ("an operator has cancelled its job: it may end well, and is not tried again",)


@pytest.mark.parametrize(
    ("said", "more"),
    [
        ({"progress": 0.4, "note": "12 of 30 shops"}, ("40% of its work is done: 12 of 30 shops",)),
        ({"progress": 0.0}, ("0% of its work is done",)),
        ({"note": "warming up"}, ("warming up",)),
        ({}, ()),
    ],
)
def test_a_running_task_tells_how_far_it_says_it_is(said: dict[str, Any], more: tuple[str, ...]) -> None:
    running = task(state=TaskState.RUNNING, attempt=1, started_at=NOW, greenfield=NOW + seconds(9), **said)
    assert why_task(running).more == more


def test_a_failure_tells_where_it_was_raised() -> None:
    dead = task(state=TaskState.DEAD, attempt=2, failures=(failed(1), replace(failed(2), trace="app.py:12 load")))
    assert why_task(dead).more[-2:] == (
        "attempt 2 failed at 12:00:00 UTC: ValueError: no such shop",
        "attempt 2 was at app.py:12 load",
    )


# --- not due yet ---


@pytest.mark.parametrize(
    ("fields", "reason", "why"),
    [
        ({"attempt": 1, "failures": (failed(),)}, Reason.RETRY, "attempt 1 failed with ValueError: no such shop"),
        ({"attempt": 2, "forgiven": 1, "failures": (failed(),)}, Reason.RETRY,
         "attempt 2 was given back, for its function could not be invoked"),
        ({"attempt": 3, "forgiven": 2, "snoozes": 2, "snoozed_attempt": 3, "note": "no export yet"}, Reason.SNOOZED,
         "attempt 3 put it off (2 times so far): no export yet"),
        ({"attempt": 1, "forgiven": 1, "snoozes": 1, "snoozed_attempt": 1}, Reason.SNOOZED,
         "attempt 1 put it off"),
        ({"attempt": 3, "forgiven": 2, "snoozes": 1, "snoozed_attempt": 2}, Reason.RETRY,
         "attempt 3 was given back, for its function could not be invoked"),
        ({"job": a_job(not_before=NOW + seconds(300))}, Reason.NOT_DUE, "its job starts no task before"),
        ({"job": a_job()}, Reason.NOT_DUE, "it is not due before"),
        ({"attempt": 1}, Reason.NOT_DUE, "it is not due before"),
        ({}, Reason.NOT_DUE, "it is not due before"),
    ],
)  # fmt: skip
def test_a_task_that_is_not_due_tells_until_when_and_why(fields: dict[str, Any], reason: Reason, why: str) -> None:
    assert told(task(greenfield=NOW + seconds(300), **fields)) == (reason, f"waiting until 12:05:00 UTC: {why}")


def test_what_will_hold_a_task_once_it_is_due_is_told_besides() -> None:
    later: dict[str, Any] = {"greenfield": NOW + seconds(300)}
    paused = why_task(task(labourer(standing=Standing(control=PAUSED)), **later))
    unknown = why_task(task(labourer(labourer=None, known=["sale"]), **later))
    full = why_task(task(labourer(100), **later))

    assert paused.more == ("besides: paused by ann since 12:00:00 UTC: migration",)
    assert unknown.more == ("besides: its labourer is not registered (did you mean 'sale'?)",)
    assert full.more == ()


# --- due ---


@pytest.mark.parametrize(
    ("of", "reason", "headline"),
    [
        (labourer(due=1), Reason.NEXT,
         "due, and slots are free: it starts with the next wake, within a minute at most"),
        (labourer(labourer=None, known=["sale"]), Reason.UNREGISTERED,
         "its labourer is not registered (did you mean 'sale'?)"),
        (labourer(labourer=None, problems=(Problem("x.arn", 7, "must be a text"),)), Reason.MISTAKEN,
         "its labourer's settings are wrong: x.arn: 7 must be a text"),
        (labourer(standing=Standing(control=PAUSED)), Reason.PAUSED, "paused by ann since 12:00:00 UTC: migration"),
        (drawing(40), Reason.FULL,
         "waiting: 40 of 40 running; limit 40 of 100 because rds:orders CPU is at 83 %, target 70 ± 5"),
        (labourer(100), Reason.FULL, "waiting: 100 of 100 running; limit 100"),
        (labourer(labourer=settings(0)), Reason.NO_LIMIT, "waiting: nothing may start: limit 0"),
        (labourer(rate=replace(SLOW, key=None)), Reason.RATE,
         "waiting: at most 0.5 starts a second, and these are used up: the next at 12:00:07 UTC"),
    ],
)  # fmt: skip
def test_a_due_task_tells_what_holds_its_labourer(of: LabourerFacts, reason: Reason, headline: str) -> None:
    assert told(task(of)) == (reason, headline)


def test_a_due_task_tells_what_holds_its_key() -> None:
    full = KeyFacts(key="shop-7", running=2, most=2)
    assert told(task(key=full)) == (Reason.KEY, "waiting: 2 of 2 running of key 'shop-7'")
    assert told(task(key=replace(full, running=1)))[0] is Reason.NEXT
    assert told(task(key_rate=SLOW)) == (
        Reason.RATE,
        "waiting: at most 0.5 starts of key 'shop-7' a second, and these are used up: the next at 12:00:07 UTC",
    )


def test_a_task_that_an_orchestrator_has_named_is_being_started_whatever_the_limit() -> None:
    assert told(task(with_name(1))) == (
        Reason.STARTING, "being started: an Orchestrator has taken a slot for it at 12:00:04 UTC",
    )  # fmt: skip
    assert told(task(with_name(1, age=31)))[1] == (
        "waiting: an Orchestrator has taken a slot for it at 11:59:34 UTC and has not started it:"
        " the sweep frees the slot within a minute, then it starts"
    )


def test_a_name_of_an_attempt_that_is_over_does_not_start_it() -> None:
    assert told(task(with_name(1), version=3))[0] is Reason.NEXT


@pytest.mark.parametrize(
    ("due", "number", "place"),
    [
        (3, 0, ("it is the first in line",)),
        (3, 1, ("1 other goes first",)),
        (3, 2, ("2 others go first",)),
        (3, 9, ()),
        (COUNTED + 1, COUNTED, ("1,000 others go first",)),
        (COUNTED + 1, 5_000, ("more than 1,000 others go first",)),
    ],
)
def test_a_task_that_waits_for_a_slot_tells_its_place_as_far_as_it_is_known(
    due: int, number: int, place: tuple[str, ...]
) -> None:
    assert why_task(task(labourer(100, due=due), number=number)).more == place


def test_a_task_behind_more_than_there_are_free_slots_is_not_told_that_it_starts() -> None:
    of = labourer(98, due=7)
    assert told(task(of, number=1))[0] is Reason.NEXT
    assert told(task(of, number=2)) == (Reason.BEHIND, "waiting: 2 others go first, and 2 of 100 slots are free")
    assert told(task(labourer(98, due=COUNTED + 1), number=5_000)) == (
        Reason.BEHIND, "waiting: more than 1,000 others go first, and 2 of 100 slots are free",
    )  # fmt: skip


def test_a_retry_that_is_due_tells_its_failures() -> None:
    assert why_task(task(attempt=1, failures=(failed(),))).more == (
        "attempt 1 failed at 12:00:00 UTC: ValueError: no such shop",
    )
