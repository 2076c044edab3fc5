"""The jobs table as a `JobStore`."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from functools import reduce
from operator import and_
from typing import TYPE_CHECKING, Any

from pynamodb.attributes import NumberAttribute
from pynamodb.expressions.operand import Path

from sosw.aws.dynamodb.attributes import JsonAttribute
from sosw.aws.dynamodb.errors import ConditionFailed
from sosw.aws.dynamodb.models import (
    JOBS,
    MARK,
    MONTH_INDEX,
    OPEN_INDEX,
    Item,
    JobModel,
    MonthIndex,
    OpenIndex,
    fields_of,
    is_marked_as,
    item_of,
    marked,
    raw,
)
from sosw.aws.dynamodb.store import TableStore
from sosw.domain.errors import StaleJob
from sosw.domain.job import Job, JobMove, JobState, Totals
from sosw.domain.moments import from_ms, to_ms
from sosw.domain.recount import FIRST_LOOK, Recount, progress_of
from sosw.domain.task import JobId

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from pynamodb.expressions.condition import Condition
    from pynamodb.expressions.update import Action

    from sosw.aws.dynamodb.table import Table

OPEN, UNCOUNTED = "open", "uncounted"
"""In the same index: jobs with work for a Scheduler, and rows of totals that are to be checked, each by its moment."""
TOKENS = 8
"""So many of the last tokens are remembered."""
MONTHS = 24
"""How far back `recent` looks."""
_PROGRESS, _OWING = JsonAttribute(attr_name="recount"), JsonAttribute(attr_name="owed")
_RECOUNT: Path = Path(_PROGRESS)
_OWED: Path = Path(_OWING)
_COUNTS = {name: NumberAttribute(attr_name=f"tasks_{name}") for name in Totals.__dataclass_fields__}


class DynamoJobStore(TableStore):
    """A `JobStore`. Moments are kept to the millisecond."""

    schema = JOBS

    def open(self, job: Job) -> Job:
        """See `JobStore.open`. The totals' row is there before the job's is."""
        totals = {**_totals_key(job.id), "counted": {"L": []}, **_check_at(job.submitted_at + FIRST_LOOK)}
        has_totals = not self._put_new(totals)[1]
        item = {**item_of(JobModel, job), "month": {"S": f"{job.submitted_at:%Y-%m}"}, "open": {"S": OPEN}}
        item, is_new = self._put_new(item)
        if has_totals and is_new:
            self.count_again(job.id, job.submitted_at + FIRST_LOOK)  # who put them there died, and a sweep saw no job
        return _job(item)

    def get(self, job_id: JobId) -> Job | None:
        """See `JobStore.get`."""
        item = self._table.get(job_id)
        return _job(item, self._table.get(_totals_id(job_id))) if item else None

    def apply(self, move: JobMove) -> Job:
        """See `JobStore.apply`. A write that botocore repeats, its reply lost, is told from another's by its mark."""
        mark = marked({})
        actions = [*_actions(move), Path(MARK).set(mark[MARK])]
        try:
            return _job(self._table.update(_key(move.job_id), actions, reduce(and_, _terms(move))))
        except ConditionFailed as failed:
            if failed.item and is_marked_as(mark, failed.item):
                return _job(failed.item)
            raise StaleJob(move.job_id, move.move, _job(failed.item) if failed.item else None) from None

    def left(self, now: datetime, limit: int) -> list[JobId]:
        """See `JobStore.left`."""
        return [JobId(each) for each in due_ids(self._table, OPEN, now, limit)]

    def recent(self, limit: int, *, before: datetime) -> list[Job]:
        """See `JobStore.recent`. Looks back for two years; a query a month, and a read a job."""
        found: list[Job] = []
        month = before
        for _ in range(MONTHS):
            for item in self._submitted(month, before, limit - len(found)):
                job = self.get(JobId(item["id"]["S"]))
                found += [job] if job else []
            if len(found) >= limit:
                break
            month = month.replace(day=1) - timedelta(days=1)
        return found

    def count(self, job_id: JobId, totals: Totals, *, token: str, again: datetime) -> None:
        """See `JobStore.count`. One write unit, however many tasks: the totals have a small row of their own.

        Raises `StaleJob` when others, who count and check, were faster each time.
        """
        for _ in self._backoff.rounds():
            item = self._table.get(_totals_id(job_id))
            if item is None or {"S": token} in item["counted"]["L"]:
                return
            with suppress(ConditionFailed):
                self._table.update(_totals_key(job_id), *_count(item, totals, token, again))
                return
        raise StaleJob(job_id, "count a batch of", self.get(job_id))

    def uncounted(self, now: datetime, limit: int) -> list[JobId]:
        """See `JobStore.uncounted`."""
        return [JobId(each.removesuffix(_TOTALS)) for each in due_ids(self._table, UNCOUNTED, now, limit)]

    def recount(self, job_id: JobId) -> Recount | None:
        """See `JobStore.recount`."""
        item = self._table.get(_totals_id(job_id))
        return _recount(job_id, item) if item else None

    def keep(self, seen: Recount, then: Recount) -> None:
        """See `JobStore.keep`. A write whose reply was lost looks stale when botocore repeats it."""
        is_as_seen = [JobModel.id.exists(), _is_checked_at(seen.at), _begins(seen.begins)]
        actions = [*_checked_at(then.at), _RECOUNT.set(raw(_PROGRESS, then.progress()))]
        owing = then.owing()
        actions.append(_OWED.set(raw(_OWING, owing)) if owing else _OWED.remove())
        if then.totals != seen.totals or then.at is None:
            is_as_seen.append(_are_counted(seen.batches))
        if then.totals != seen.totals:
            actions += [Path(attribute).set(getattr(then.totals, name)) for name, attribute in _COUNTS.items()]
        try:
            self._table.update(_totals_key(seen.job_id), actions, reduce(and_, is_as_seen))
        except ConditionFailed:
            raise StaleJob(seen.job_id, "keep a recount of", self.get(seen.job_id)) from None

    def count_again(self, job_id: JobId, at: datetime) -> None:
        """See `JobStore.count_again`."""
        with suppress(ConditionFailed):  # an unknown job is left unknown
            anew = Recount(job_id=job_id, at=at, begins=at)
            actions = [*_checked_at(at), _RECOUNT.set(raw(_PROGRESS, anew.progress()))]
            self._table.update(_totals_key(job_id), actions, JobModel.id.exists())

    def _put_new(self, item: Item) -> tuple[Item, bool]:
        """The item of that id as it is then, and whether it is new."""
        try:
            self._table.put(item, JobModel.id.does_not_exist())
        except ConditionFailed as known:
            return known.item or item, False
        return item, True

    def _submitted(self, month: datetime, before: datetime, limit: int) -> Iterator[Item]:
        return self._table.query(
            f"{month:%Y-%m}",
            index_name=MONTH_INDEX,
            range_key_condition=MonthIndex.submitted_at < raw(MonthIndex.submitted_at, before),
            scan_index_forward=False,
            limit=limit,
        )


def due_ids(table: Table, kind: str, now: datetime, limit: int) -> list[str]:
    """Of the rows of `kind` in the index `open` whose moment is there, the earliest first. The index may lag."""
    there = OpenIndex.held_until <= raw(OpenIndex.held_until, now)
    items = table.query(kind, index_name=OPEN_INDEX, range_key_condition=there, limit=limit)
    return [item["id"]["S"] for item in items]


def _key(job_id: JobId) -> Item:
    return {"id": raw(JobModel.id, job_id)}


_TOTALS = "#totals"


def _totals_id(job_id: JobId) -> str:
    return f"{job_id}{_TOTALS}"


def _totals_key(job_id: JobId) -> Item:
    return {"id": {"S": _totals_id(job_id)}}


def _job(item: Item, totals: Item | None = None) -> Job:
    return Job(**fields_of(JobModel, item), totals=_totals(totals or {}))


def _totals(item: Item) -> Totals:
    return Totals(**{name: int(item[a.attr_name]["N"]) for name, a in _COUNTS.items() if a.attr_name in item})


def _recount(job_id: JobId, item: Item) -> Recount:
    held = item.get(OpenIndex.held_until.attr_name)
    kept = (each.deserialize(item[each.attr_name]["S"]) for each in (_PROGRESS, _OWING) if each.attr_name in item)
    return Recount(
        job_id=job_id,
        at=from_ms(int(held["N"])) if held else None,
        totals=_totals(item),
        batches=tuple(token["S"] for token in item["counted"]["L"]),
        **progress_of({name: value for part in kept for name, value in part.items()}),
    )


def _count(item: Item, totals: Totals, token: str, again: datetime) -> tuple[list[Action], Condition]:
    """The write that adds a batch to a row of totals, and what it expects of the row.

    Its standing in line is among that: a write that was under way while the check ended must not add to what is right.
    """
    known = [each["S"] for each in item["counted"]["L"]]
    adds = [Path(attribute).add(getattr(totals, name)) for name, attribute in _COUNTS.items()]
    actions: list[Action] = [*adds, Path("counted").set(_tokens([*known, token][-TOKENS:]))]
    is_as_seen = _are_counted(known)
    if OpenIndex.held_until.attr_name in item:
        return actions, is_as_seen & OpenIndex.held_until.exists()
    return [*actions, *_checked_at(again), _RECOUNT.remove()], is_as_seen & OpenIndex.held_until.does_not_exist()


def _are_counted(tokens: Sequence[str]) -> Condition:
    """These, and no other batch since."""
    counted: Path = Path("counted")
    return counted == _tokens(tokens)


def _tokens(tokens: Sequence[str]) -> dict[str, Any]:
    return {"L": [{"S": token} for token in tokens]}


def _check_at(at: datetime) -> Item:
    """The attributes that place a row of totals in the index."""
    return {OpenIndex.open.attr_name: {"S": UNCOUNTED}, OpenIndex.held_until.attr_name: raw(OpenIndex.held_until, at)}


def _checked_at(at: datetime | None) -> list[Action]:
    if at is None:
        return [Path(OpenIndex.open.attr_name).remove(), Path(OpenIndex.held_until.attr_name).remove()]
    return [Path(name).set(value) for name, value in _check_at(at).items()]


def _is_checked_at(at: datetime | None) -> Condition:
    if at is None:
        return OpenIndex.held_until.does_not_exist()
    return OpenIndex.held_until == raw(OpenIndex.held_until, at)


def _begins(at: datetime | None) -> Condition:
    """Nobody has the tasks counted again since: such an order may fall due in the very millisecond of what was seen."""
    text: Path = Path(_PROGRESS.attr_name)
    known: Condition = text.contains('"begins":null' if at is None else f'"begins":{to_ms(at)}')
    return known if at is not None else known | text.does_not_exist() | ~text.contains('"begins":')


def _terms(move: JobMove) -> Iterator[Condition]:
    yield Path(JobModel.state).is_in(*(raw(JobModel.state, state) for state in move.states))
    if move.held_until is not None:
        yield JobModel.held_until == raw(JobModel.held_until, move.held_until)
    if move.free_by is not None:
        yield JobModel.held_until <= raw(JobModel.held_until, move.free_by)


def _actions(move: JobMove) -> Iterator[Action]:
    attributes: dict[str, Any] = dict(JobModel.get_attributes())
    for name, value in move.changes.items():
        path: Path = Path(attributes[name])
        yield path.remove() if value is None else path.set(raw(attributes[name], value))
    state: JobState | None = move.changes.get("state")
    if state:
        yield Path("open").set({"S": OPEN}) if state.is_open else Path("open").remove()
