"""Rows beside those of the jobs as a `WatchStore`: `<job id>#archive`, in the same sparse index as jobs to work on."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pynamodb.exceptions import AttributeDeserializationError

from sosw.aws.dynamodb.errors import ConditionFailed
from sosw.aws.dynamodb.job_store import due_ids
from sosw.aws.dynamodb.models import (
    JOBS,
    Item,
    JobModel,
    WatchModel,
    fields_of,
    is_marked_as,
    item_of,
    marked,
    raw,
)
from sosw.aws.dynamodb.store import TableStore
from sosw.domain.task import JobId
from sosw.domain.watch import Watch

if TYPE_CHECKING:
    from datetime import datetime

log = logging.getLogger(__name__)

OPEN = "archive"
"""Their value of `open`, as long as they are due some time."""
END = "#archive"


class DynamoWatchStore(TableStore):
    """A `WatchStore`. A row costs two write units to begin with and three for each change: of a job, not of a task."""

    schema = JOBS

    def watch(self, watch: Watch) -> None:
        """See `WatchStore.watch`."""
        try:
            self._table.put(_item(replace(watch, version=1)), JobModel.id.does_not_exist())
        except ConditionFailed as known:
            found = _watch(known.item) if known.item else None
            if found and found.due is None:
                self.save(replace(found, due=watch.due))  # who saves it first does so for both

    def due(self, now: datetime, limit: int) -> list[Watch]:
        """See `WatchStore.due`. A query, and a call for the rows: `limit` is at most 100."""
        ids = due_ids(self._table, OPEN, now, limit)
        found = {item["id"]["S"]: item for item in self._read([{"id": raw(WatchModel.id, each)} for each in ids])}
        watches = [_known(found[each]) for each in ids if each in found]
        return [watch for watch in watches if watch and watch.due and watch.due <= now]

    def get(self, job_id: JobId) -> Watch | None:
        """See `WatchStore.get`."""
        item = self._table.get(f"{job_id}{END}")
        return _watch(item) if item else None

    def save(self, watch: Watch) -> Watch | None:
        """See `WatchStore.save`. A write whose reply was lost and that botocore repeats meets its own mark."""
        later = replace(watch, version=watch.version + 1)
        item = _item(later)
        try:
            self._table.put(item, WatchModel.version == watch.version)
        except ConditionFailed as failed:
            if not is_marked_as(item, failed.item):
                return None
        return _watch(item)


class _Row:
    """A watch, field by attribute."""

    def __init__(self, watch: Watch) -> None:
        self.id, self.held_until = f"{watch.job_id}{END}", watch.due
        self.open = OPEN if watch.due else None
        self.labourer, self.since, self.read_by = watch.labourer, watch.since, watch.read_by
        self.begun, self.cursor = watch.begun, watch.cursor
        self.met_open, self.met_dead, self.is_read = watch.met_open, watch.met_dead, watch.is_read
        self.dates, self.bucket, self.version = list(watch.dates), watch.bucket, watch.version


def _item(watch: Watch) -> Item:
    return marked(item_of(WatchModel, _Row(watch)))


def _known(item: Item) -> Watch | None:
    """None for a row that nobody can make sense of: the others must not wait for it."""
    try:
        return _watch(item)
    except (LookupError, TypeError, ValueError, ArithmeticError, AttributeDeserializationError):
        log.exception("archive.unreadable", extra={"id": item["id"]["S"]})
        return None


def _watch(item: Item) -> Watch:
    fields: dict[str, Any] = fields_of(WatchModel, item)
    fields.pop("open", None)
    job_id, due, dates = JobId(fields.pop("id").removesuffix(END)), fields.pop("held_until", None), fields.pop("dates")
    return Watch(job_id=job_id, due=due, dates=tuple(dates), **fields)
