"""The labourers table in memory."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from sosw.domain import jsontext
from sosw.domain.errors import StaleRecord
from sosw.domain.moments import from_ms, to_ms
from sosw.domain.records import Entry, Record, RecordKey

if TYPE_CHECKING:
    from collections.abc import Iterable


class InMemoryRecordStore:
    """A `RecordStore`."""

    def __init__(self) -> None:
        self.records: dict[RecordKey, Record] = {}
        self.entries: list[Entry] = []

    def read(self, keys: Iterable[RecordKey]) -> dict[RecordKey, Record]:
        """See `RecordStore.read`."""
        return {key: self.records.get(key, Record(key=key)) for key in keys}

    def write(self, record: Record) -> Record:
        """See `RecordStore.write`."""
        known = self.records.get(record.key)
        if record.version != (known.version if known else 0):
            raise StaleRecord(record)
        value = jsontext.load(jsontext.dump(dict(record.value)))
        expires_at = record.expires_at and _second(record.expires_at)
        written = replace(record, version=record.version + 1, value=value, expires_at=expires_at)
        self.records[record.key] = written
        return written

    def note(self, entry: Entry) -> None:
        """See `RecordStore.note`."""
        what = jsontext.load(jsontext.dump(dict(entry.what)))
        self.entries.append(Entry(owner=entry.owner, at=from_ms(to_ms(entry.at)), what=what))

    def log(self, owner: str, limit: int) -> list[Entry]:
        """See `RecordStore.log`."""
        own = [entry for entry in self.entries if entry.owner == owner]
        return sorted(own, key=lambda entry: entry.at, reverse=True)[:limit]


def _second(moment: datetime) -> datetime:
    """As a table's TTL keeps it."""
    return moment.replace(microsecond=0)
