"""The records of who cannot wait."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from sosw.aws.dynamodb import Database, DynamoRecordStore, TableFailed
from sosw.aws.dynamodb.batches import Backoff
from sosw.aws.dynamodb.record_store import QUICK_SECONDS
from sosw.aws.dynamodb.table import CONNECT_SECONDS, READ_SECONDS
from sosw.domain.records import ResourceName, of_everything, of_resource


def test_quick_records_are_asked_for_once_and_soon_given_up() -> None:
    config: Any = DynamoRecordStore.quick("sosw")._table._database.client.meta.config
    assert (config.connect_timeout, config.read_timeout) == (QUICK_SECONDS, QUICK_SECONDS)
    assert config.retries["total_max_attempts"] == 1


def test_all_others_are_asked_for_with_patience() -> None:
    config: Any = Database().client.meta.config
    assert (config.connect_timeout, config.read_timeout) == (CONNECT_SECONDS, READ_SECONDS)


class Busy:
    """A table that tells of the first key alone, each time: of its item, or that there is none."""

    def __init__(self, *, has_items: bool) -> None:
        self.calls, self._has_items = 0, has_items

    def get_batch(self, keys: Sequence[Any], *, is_consistent: bool) -> tuple[Sequence[Any], Sequence[Any]]:
        self.calls += is_consistent
        return keys[:1] if self._has_items else [], keys[1:]

    def failed(self, operation: str, code: str) -> TableFailed:
        return TableFailed.of("labourers", operation, code, "busy")


KEYS = [of_everything(), *(of_resource(ResourceName(f"rds:{number}")) for number in range(9))]


def test_what_a_busy_table_leaves_over_is_left_for_later() -> None:
    busy, quick = Busy(has_items=True), DynamoRecordStore.quick("sosw")
    quick._table = busy  # type: ignore[assignment]
    with pytest.raises(TableFailed):
        quick.read(KEYS)
    assert busy.calls == 1


def test_for_all_others_an_answer_that_tells_of_missing_records_alone_is_no_reason_to_wait() -> None:
    busy, waits = Busy(has_items=False), list[float]()
    store = DynamoRecordStore(busy, backoff=Backoff(sleep=waits.append))  # type: ignore[arg-type]
    assert {record.version for record in store.read(KEYS).values()} == {0}
    assert (busy.calls, waits) == (len(KEYS), [])
