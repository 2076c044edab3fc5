"""The records of who cannot wait."""

from __future__ import annotations

from typing import Any

from sosw.aws.dynamodb import Database, DynamoRecordStore
from sosw.aws.dynamodb.record_store import QUICK_SECONDS
from sosw.aws.dynamodb.table import CONNECT_SECONDS, READ_SECONDS


def test_quick_records_are_asked_for_once_and_soon_given_up() -> None:
    config: Any = DynamoRecordStore.quick("sosw")._table._database.client.meta.config
    assert (config.connect_timeout, config.read_timeout) == (QUICK_SECONDS, QUICK_SECONDS)
    assert config.retries["total_max_attempts"] == 1


def test_all_others_are_asked_for_with_patience() -> None:
    config: Any = Database().client.meta.config
    assert (config.connect_timeout, config.read_timeout) == (CONNECT_SECONDS, READ_SECONDS)
