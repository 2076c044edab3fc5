"""The jobs table as a `JobStore`."""

from __future__ import annotations

from pynamodb.expressions.operand import Path

from sosw.aws.dynamodb.errors import ConditionFailed
from sosw.aws.dynamodb.models import JOBS, Item, JobModel, fields_of, item_of, raw
from sosw.aws.dynamodb.table import Database, Table
from sosw.domain.job import Job, JobState
from sosw.domain.task import JobId


class DynamoJobStore:
    """A `JobStore`. Moments are kept to the millisecond."""

    def __init__(self, table: Table) -> None:
        self._table = table

    @classmethod
    def for_prefix(
        cls, prefix: str, *, region: str | None = None, endpoint: str | None = None, database: Database | None = None
    ) -> DynamoJobStore:
        """Of the environment `prefix`; over `database` where one is shared."""
        return cls((database or Database(region=region, endpoint=endpoint)).table(JOBS, prefix))

    def open(self, job: Job) -> Job:
        """See `JobStore.open`."""
        item = item_of(JobModel, job)
        try:
            self._table.put(item, JobModel.id.does_not_exist())
        except ConditionFailed as known:
            item = known.item or item
        return _job(item)

    def get(self, job_id: JobId) -> Job | None:
        """See `JobStore.get`."""
        item = self._table.get(job_id)
        return _job(item) if item else None

    def ready(self, job_id: JobId, total: int) -> None:
        """See `JobStore.ready`; raises `KeyError` for a job that was never opened."""
        changes = [Path(JobModel.state).set(raw(JobModel.state, JobState.READY)), JobModel.total.set(total)]
        try:
            self._table.update({"id": raw(JobModel.id, job_id)}, changes, JobModel.id.exists())
        except ConditionFailed:
            raise KeyError(job_id) from None


def _job(item: Item) -> Job:
    return Job(**fields_of(JobModel, item))
