"""The labourers table as a `RecordStore`."""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sosw.aws.dynamodb.batches import Backoff, chunks
from sosw.aws.dynamodb.errors import ConditionFailed
from sosw.aws.dynamodb.models import LABOURERS, Item, RecordModel, fields_of, is_marked_as, item_of, marked, raw
from sosw.aws.dynamodb.store import TableStore
from sosw.aws.dynamodb.table import BATCH_KEYS, Database
from sosw.domain.errors import StaleRecord
from sosw.domain.moments import from_ms, to_ms
from sosw.domain.records import LOG_LIFE, Entry, Record, RecordKey
from sosw.domain.retry import RetryPolicy

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sosw.aws.clients import Clients

LOG = "log#"
QUICK_SECONDS = 2.0
_MS_DIGITS = 15
"""Of the moment in the key of a line, so that lines stand in order."""


class DynamoRecordStore(TableStore):
    """A `RecordStore`. Records of up to 4 KB are read within a unit; writing takes one for each KB."""

    schema = LABOURERS

    @classmethod
    def quick(cls, prefix: str, *, clients: Clients | None = None) -> DynamoRecordStore:
        """Of the environment `prefix`, for who cannot wait: each call is sent once, and given up after some seconds."""
        table = Database(tries=1, seconds=QUICK_SECONDS, clients=clients).table(LABOURERS, prefix)
        return cls(table, backoff=Backoff(policy=RetryPolicy(max_attempts=1)))

    def read(self, keys: Iterable[RecordKey]) -> dict[RecordKey, Record]:
        """See `RecordStore.read`. One call for each 100."""
        wanted = list(dict.fromkeys(keys))
        found: dict[RecordKey, Record] = {key: Record(key=key) for key in wanted}
        for chunk in chunks(wanted, BATCH_KEYS):
            for item in self._read([_key(key) for key in chunk]):
                record = _record(item)
                found[record.key] = record
        return found

    def write(self, record: Record) -> Record:
        """See `RecordStore.write`. A write whose reply was lost and that botocore repeats meets its own mark."""
        is_unchanged = RecordModel.version == record.version if record.version else RecordModel.owner.does_not_exist()
        item = marked(item_of(RecordModel, _Row(replace(record, version=record.version + 1))))
        try:
            self._table.put(item, is_unchanged)
        except ConditionFailed as failed:
            if not is_marked_as(item, failed.item):
                raise StaleRecord(record) from None
        return _record(item)

    def note(self, entry: Entry) -> None:
        """See `RecordStore.note`. One write unit."""
        key = RecordKey(entry.owner, f"{LOG}{to_ms(entry.at):0{_MS_DIGITS}}#{secrets.token_hex(3)}")
        line = Record(key=key, value=entry.what, version=1, expires_at=entry.at + LOG_LIFE)
        self._table.put(item_of(RecordModel, _Row(line)))

    def log(self, owner: str, limit: int) -> list[Entry]:
        """See `RecordStore.log`."""
        lines = RecordModel.what.startswith(LOG)
        items = self._table.query(owner, range_key_condition=lines, scan_index_forward=False, limit=limit)
        return [_entry(_record(item)) for item in items]


class _Row:
    """A record, field by attribute."""

    def __init__(self, record: Record) -> None:
        self.owner, self.what = record.key
        self.value, self.version, self.expires_at = dict(record.value), record.version, record.expires_at


def _key(key: RecordKey) -> Item:
    return {"owner": raw(RecordModel.owner, key.owner), "what": raw(RecordModel.what, key.what)}


def _record(item: Item) -> Record:
    fields: dict[str, Any] = fields_of(RecordModel, item)
    return Record(key=RecordKey(fields.pop("owner"), fields.pop("what")), **fields)


def _entry(line: Record) -> Entry:
    moment = line.key.what[len(LOG) :].split("#", 1)[0]
    return Entry(owner=line.key.owner, at=from_ms(int(moment)), what=line.value)
