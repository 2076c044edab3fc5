"""The records of who cannot wait."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from sosw.aws.dynamodb import Database, DynamoRecordStore, TableFailed
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


def test_what_a_busy_table_leaves_over_is_left_for_later() -> None:
    class Busy:
        calls = 0

        def get_batch(self, keys: Sequence[Any], *, is_consistent: bool) -> tuple[list[Any], Sequence[Any]]:
            self.calls += is_consistent
            return [keys[0]], keys[1:]

        def failed(self, operation: str, code: str) -> TableFailed:
            return TableFailed.of("labourers", operation, code, "busy")

    busy, quick = Busy(), DynamoRecordStore.quick("sosw")
    quick._table = busy  # type: ignore[assignment]
    with pytest.raises(TableFailed):
        quick.read([of_everything(), of_resource(ResourceName("rds:orders"))])
    assert busy.calls == 1
