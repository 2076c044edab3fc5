"""docs/howto/archive-and-history.md tells the keys of the archive's lines, and Athena's table has a column for each."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

from sosw.domain import archive, lifecycle
from sosw.domain.archive import Partition
from sosw.domain.task import Failure
from tests.factories import DAY, NOW, a_task, claimed
from tests.unit.docs import markdown as md

PAGE = md.page("docs/howto/archive-and-history.md")


def _keys() -> set[str]:
    """Of a line that has everything."""
    failure = Failure(attempt=1, at=NOW, error="ValueError", message="m")
    given = replace(claimed(a_task(key="k")), failures=(failure,), is_recalled=True, payload_at="s3://b/k", snoozes=1)
    move = lifecycle.complete(given.id, attempt=1, now=NOW, retention=DAY, result=1, result_at="s3://b/k", stats=1)
    told: dict[str, Any] = {"request_id": "r", "log_stream": "s", "log_group": "g", "ruling": "replayed", "replays": 1}
    done = replace(lifecycle.apply(move, given), **told)
    return set(json.loads(archive.line(done)))


def test_the_page_tells_every_key_of_a_line() -> None:
    (table,) = md.tables(PAGE, under="What is in the archive")
    assert {key for row in table for key in md.codes(row["key"])} == _keys()


def test_athenas_table_has_a_column_or_a_partition_for_every_key() -> None:
    ddl, _ = md.blocks(PAGE, "sql")
    columns = re.findall(r"`?(\w+)`? (?:string|int|bigint|boolean|array<)", ddl.text)
    assert set(columns) == _keys() | {"date"}
    assert Partition("${labourer}", "${date}").prefix in ddl.text
    assert f"LOCATION 's3://BUCKET/{archive.PREFIX}'" in ddl.text
