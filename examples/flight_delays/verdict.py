"""Whether a run was as it had to be; every complaint is a sentence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import product
from typing import Any

from examples.flight_delays.data import flights_of
from examples.flight_delays.progress import Counts
from examples.flight_delays.report import Item
from sosw.domain.periods import dates
from sosw.domain.task import Task, TaskState

Subject = tuple[str, str, str]
"""Origin, carrier and date: what one task is about."""
_NAMED = 3


def subjects(job: Mapping[str, Any]) -> list[Subject]:
    """What the tasks of a job must be about, one each: worked out from the job alone, to compare the Scheduler with."""
    days = [str(day) for day in dates(job["period"], date.min)]
    origins: Mapping[str, Mapping[str, Sequence[str]]] = job["origins"]
    return [each for origin, inner in origins.items() for each in product([origin], inner["carriers"], days)]


def subject_of(task: Task) -> Subject:
    """What this task is about."""
    (origin,), (carrier,), (day,) = (task.payload[key] for key in ("origins", "carriers", "date_list"))
    return origin, carrier, day


@dataclass(frozen=True, kw_only=True)
class Run:
    """A job that was followed to its end, or for as long as there was patience."""

    job: Mapping[str, Any]
    counts: Counts
    closed: Sequence[Task]
    items: Sequence[Item]
    """Of the Worker's table."""
    days: Mapping[str, Sequence[bytes]] = field(repr=False)
    """The published flights, as `data.split` gives them."""
    broken: Subject

    @property
    def flaky(self) -> Subject:
        outage = self.job["outage"]
        return outage["origin"], outage["carrier"], outage["date"]

    def about(self, *wanted: Subject) -> list[Task]:
        """The closed tasks about these, in the order of `wanted`."""
        found = {subject_of(task): task for task in self.closed}
        return [found[each] for each in wanted if each in found]


def complaints(run: Run) -> Iterator[str]:
    """Nothing for a run as it had to be."""
    counts = run.counts
    if counts.lost:
        yield f"{counts.lost} of {counts.total} tasks are nowhere"
    if counts.queued or counts.running:
        yield f"the job is not finished: {counts.running} tasks are running, {counts.queued} queued"
    wanted, closed = subjects(run.job), [subject_of(task) for task in run.closed]
    if counts.closed == counts.total and sorted(wanted) != sorted(closed):
        yield "the tasks are not those that the job asked for, one each"
    dead = [subject_of(task) for task in run.closed if task.state is TaskState.DEAD]
    if dead != [run.broken]:
        yield f"{_named([run.broken])} had to be buried, and nothing else; buried: {_named(dead)}"
    yield from _attempts(run)
    yield from _flights(run)


def _attempts(run: Run) -> Iterator[str]:
    failures = run.job["outage"]["failures"]
    for task in run.about(run.flaky):
        if task.state is TaskState.DONE and (task.tries, len(task.failures)) != (failures + 1, failures):
            yield f"{_named([run.flaky])} had to fail {failures} times and then succeed: {len(task.failures)} failures"


def _flights(run: Run) -> Iterator[str]:
    """The Worker's table must hold every flight of the closed days, the buried one's not."""
    done = [subject_of(task) for task in run.closed if task.state is TaskState.DONE]
    expected = {each: sum(1 for _ in flights_of(run.days[each[2]], *each[:2])) for each in done}
    found = {(*item["origin_carrier"].split("#"), item["date"]): int(item["flights"]) for item in run.items}
    if wrong := sorted(each for each in expected if found.get(each) != expected[each]):
        yield f"the Worker's table does not have the flights of {_named(wrong)}"


def _named(subjects: Iterable[Subject]) -> str:
    names = ["/".join(each) for each in subjects]
    more = [f"{len(names) - _NAMED} more"] if len(names) > _NAMED else []
    return ", ".join([*names[:_NAMED], *more]) or "none"
