"""From rest on: what is closed is counted right, told of where it died, and archived before it leaves the table."""

from __future__ import annotations

from datetime import timedelta

from sosw.domain import archive
from sosw.domain.job import Totals
from sosw.domain.records import of_labourer
from sosw.domain.recount import Recount
from sosw.domain.tally import TOTALS, Counted
from sosw.domain.task import JobId, Task, TaskState
from tests.property.crash.outside import death
from tests.property.crash.taps import Made, Mode
from tests.property.crash.town import Town
from tests.property.world import roles

STEP = timedelta(hours=2, minutes=1)
"""Not whole tens of minutes: the labourers whose dead are looked for are others at each."""
COUNTED_AFTER = 3
"""Steps."""


def grow_old(town: Town) -> None:
    """A retention passes. Only the sweeps of every other hour are there to see to it."""
    tasks = list(town.seen.values())
    steps = 0
    while town.seen:
        for task in [task for task in town.seen.values() if _is_over_by(task, town)]:
            look_at_archive(town, task)
            town.forget(task)
        town.minute(STEP)
        steps += 1
        if steps == COUNTED_AFTER:
            look_at_totals(town, tasks)
    look_at_notices(town, tasks)


def _is_over_by(task: Task, town: Town) -> bool:
    """It leaves before the next sweep."""
    return task.expires_at is not None and task.expires_at <= town.clock.now() + STEP


def look_at_archive(town: Town, task: Task) -> None:
    """What leaves the table is in the archive, as it was."""
    stored = town.stores.tasks.get(task.id)
    assert stored is not None
    found = town.outside.archived(task.id)
    assert found == archive.task_of(archive.line(stored)), f"9: {task.id} leaves the table, the archive has {found}"


def look_at_notices(town: Town, tasks: list[Task]) -> None:
    """Each death that stands is told; and none more often than faults can make it."""
    outside, most = town.outside, 1 + len(town.wire.wrong)
    functions = [outside.told, outside.handed] if town.hands_over else [outside.told]
    for told in functions:
        untold = [task.id for task in tasks if task.state is TaskState.DEAD and not told[death(task)]]
        assert not untold, f"10: the death of {untold} is never told"
        often = [each for each, number in told.items() if number > most * town.deaths[each]]
        assert not often, f"10: {often} is told more often than promised"
    standing = sum(task.state is TaskState.DEAD for task in tasks)
    is_counted = standing <= outside.counted <= outside.told.total()
    assert is_counted, f"10: the metric counts {outside.counted} deaths, {standing} stand"


def look_at_totals(town: Town, tasks: list[Task]) -> None:
    """Once they were counted anew, those of each job are what its tasks say.

    The labourer's have nothing to be counted anew from: they are those of all while no count is given up.
    """
    all_ = Totals()
    for key in sorted({task.job_id for task in tasks}):
        right = _right([task for task in tasks if task.job_id == key])
        job = town.stores.jobs.get(JobId(key))
        assert job.totals == right, f"11: job {key} has {job.totals}, its tasks say {right}"
        all_ += right
    if any(_is_uncounted(call, mode) for call, mode in town.wire.wrong):
        return
    record = of_labourer(roles.LABOURER, TOTALS)
    tally = Counted.from_json(town.stores.records.read([record])[record].value).tally
    known = Totals(**{name: getattr(tally, name) for name in Totals.__dataclass_fields__})
    assert known == all_, f"11: the labourer has {known}, its tasks say {all_}"


def _right(tasks: list[Task]) -> Totals:
    return Recount(job_id=tasks[0].job_id, at=None).with_closed(tasks).found


def _is_uncounted(call: Made, mode: Mode) -> bool:
    """It may be a count that was given up, or taken for that; who dies is told of the batch again."""
    is_count = call.role == "scavenger" and call.port in {"jobs", "records", "database"}
    return is_count and mode in {Mode.THROTTLED, Mode.LOST, Mode.ARRIVES_LATE}
