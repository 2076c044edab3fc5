"""The slots table as a `SlotStore`."""

from __future__ import annotations

from dataclasses import replace

from sosw.aws.dynamodb.errors import ConditionFailed
from sosw.aws.dynamodb.models import SLOTS, SlotModel, fields_of, is_marked_as, item_of, marked
from sosw.aws.dynamodb.store import TableStore
from sosw.domain.errors import StaleRow
from sosw.domain.slots import SlotRow
from sosw.domain.task import LabourerName


class DynamoSlotStore(TableStore):
    """A `SlotStore`. A row of 16 names is read and written within one unit."""

    schema = SLOTS

    def rows(self, labourer: LabourerName) -> list[SlotRow]:
        """See `SlotStore.rows`."""
        return [SlotRow(**fields_of(SlotModel, item)) for item in self._table.query(labourer, consistent_read=True)]

    def write(self, row: SlotRow) -> SlotRow:
        """See `SlotStore.write`. A write that botocore repeats, its reply lost, is told from another's by its mark."""
        is_unchanged = SlotModel.version == row.version if row.version else SlotModel.labourer.does_not_exist()
        item = marked(item_of(SlotModel, replace(row, version=row.version + 1)))
        try:
            self._table.put(item, is_unchanged)
        except ConditionFailed as failed:
            if not is_marked_as(item, failed.item):
                raise StaleRow(row) from None
        return SlotRow(**fields_of(SlotModel, item))
