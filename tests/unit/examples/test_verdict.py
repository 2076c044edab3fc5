"""The demo is only pleased with a run that is right in every task and every flight."""

from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

import pytest

from examples.flight_delays.progress import Counts
from examples.flight_delays.verdict import Run, complaints, subjects
from sosw.domain.task import Failure, JobId, LabourerName, Task, TaskId, TaskState

NOW = datetime(2026, 1, 1, tzinfo=timezone.utc)
DAY = "2013-02-06"
FLAKY, BROKEN, PLAIN = ("EWR", "UA", DAY), ("JFK", "HA", DAY), ("EWR", "HA", DAY)
JOB: dict[str, Any] = {
    "period": {"from": DAY, "to": DAY},
    "origins": {"EWR": {"carriers": ["UA", "HA"]}, "JFK": {"carriers": ["HA"]}},
    "outage": {"origin": "EWR", "carrier": "UA", "date": DAY, "failures": 2},
}
LINE = "2013,2,6,517,515,2,830,819,11,{carrier},1545,N14228,{origin},IAH,227,1400,5,15,2013-02-06T10:00:00Z\n"
LINES = [
    LINE.format(origin=origin, carrier=carrier).encode() for origin, carrier in [("EWR", "UA")] * 2 + [("JFK", "HA")]
]


def a_task(number: int, subject: tuple[str, str, str], state: TaskState = TaskState.DONE, failures: int = 0) -> Task:
    origin, carrier, date = subject
    return Task(
        id=TaskId(f"job-1#{number}"), job_id=JobId("job-1"), labourer=LabourerName("flight-delays"),
        payload={"origins": [origin], "carriers": [carrier], "date_list": [date]},
        created_at=NOW, greenfield=NOW, state=state, attempt=failures + (state is TaskState.DONE),
        failures=tuple(Failure(attempt=n + 1, at=NOW, error="E") for n in range(failures)),
    )  # fmt: skip


def an_item(subject: tuple[str, str, str], flights: int) -> dict[str, Any]:
    origin, carrier, date = subject
    return {"origin_carrier": f"{origin}#{carrier}", "date": date, "flights": flights}


TASKS = [a_task(0, FLAKY, failures=2), a_task(1, PLAIN), a_task(2, BROKEN, TaskState.DEAD, failures=3)]
ITEMS = [an_item(FLAKY, 2), an_item(PLAIN, 0)]
RUN = Run(
    job=JOB,
    counts=Counts(total=3, done=2, dead=1),
    closed=TASKS,
    items=ITEMS,
    days={DAY: [b"heading,,,,,,,,,,,,,\n", *LINES]},
    broken=BROKEN,
)


def test_a_job_is_about_each_origin_carrier_and_day() -> None:
    assert sorted(subjects(JOB)) == sorted([FLAKY, PLAIN, BROKEN])


def test_a_run_as_it_had_to_be_is_not_complained_about() -> None:
    assert list(complaints(RUN)) == []


def test_tasks_are_found_by_what_they_are_about() -> None:
    assert [task.id for task in RUN.about(BROKEN, FLAKY, ("LGA", "UA", DAY))] == ["job-1#2", "job-1#0"]


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"counts": Counts(total=3, done=1, dead=1)}, "1 of 3 tasks are nowhere"),
        (
            {"counts": Counts(total=3, done=1, dead=1, running=1)},
            "the job is not finished: 1 tasks are running, 0 queued",
        ),
        (
            {"closed": [TASKS[0], TASKS[0], TASKS[2]]},
            "the tasks are not those that the job asked for, one each",
        ),
        (
            {"closed": [*TASKS[:2], a_task(2, BROKEN)], "items": [*ITEMS, an_item(BROKEN, 1)]},
            "JFK/HA/2013-02-06 had to be buried, and nothing else; buried: none",
        ),
        (
            {"closed": [TASKS[0], a_task(1, PLAIN, TaskState.DEAD, 3), TASKS[2]]},
            "JFK/HA/2013-02-06 had to be buried, and nothing else; buried: EWR/HA/2013-02-06, JFK/HA/2013-02-06",
        ),
        (
            {"closed": [a_task(0, FLAKY, failures=1), *TASKS[1:]]},
            "EWR/UA/2013-02-06 had to fail 2 times and then succeed: 1 failures",
        ),
        (
            {"items": [an_item(FLAKY, 1), ITEMS[1]]},
            "the Worker's table does not have the flights of EWR/UA/2013-02-06",
        ),
        ({"items": ITEMS[:1]}, "the Worker's table does not have the flights of EWR/HA/2013-02-06"),
    ],
)
def test_whatever_is_wrong_is_said_in_a_sentence(changes: dict[str, Any], complaint: str) -> None:
    assert list(complaints(replace(RUN, **changes))) == [complaint]


def test_a_complaint_names_a_few_and_counts_the_rest() -> None:
    many = [a_task(number, ("EWR", f"C{number}", DAY)) for number in range(5)]

    run = replace(RUN, closed=[*many, TASKS[2]], counts=Counts(total=6, done=5, dead=1), items=[])
    *_, complaint = complaints(run)

    assert complaint.endswith("EWR/C0/2013-02-06, EWR/C1/2013-02-06, EWR/C2/2013-02-06, 2 more")
