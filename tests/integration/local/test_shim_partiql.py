"""The shim `partiql_streams`, twice: without it the defect is still there, with it the defect is gone."""

from __future__ import annotations

from typing import Any

from sosw.local import LocalStack
from tests.integration.local.conftest import Probe

TABLE = "probe-events"


def write_by_partiql(stack: LocalStack, key: str) -> None:
    """Insert twice (the second is refused), update twice (the second is refused), delete."""
    statements = [
        """INSERT INTO "probe-events" VALUE {'id': ?, 'n': 1}""",
        """INSERT INTO "probe-events" VALUE {'id': ?, 'n': 7}""",
        """UPDATE "probe-events" SET "n"=2 WHERE "id"=? AND "n"=1""",
        """UPDATE "probe-events" SET "n"=3 WHERE "id"=? AND "n"=1""",
        """DELETE FROM "probe-events" WHERE "id"=?""",
    ]
    for statement in statements:
        batch = [{"Statement": statement, "Parameters": [{"S": key}]}]
        stack.client("dynamodb").batch_execute_statement(Statements=batch)


def told(stack: LocalStack, key: str) -> list[tuple[str, Any, Any]]:
    """Event, old and new `n` of every record of `key`."""
    arn = stack.client("dynamodb").describe_table(TableName=TABLE)["Table"]["LatestStreamArn"]
    streams = stack.client("dynamodbstreams")
    shards = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
    records = []
    for shard in shards:
        first = streams.get_shard_iterator(StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON")
        records += streams.get_records(ShardIterator=first["ShardIterator"])["Records"]
    mine = [record for record in records if record["dynamodb"]["Keys"]["id"]["S"] == key]
    return [(record["eventName"], *(_n(record, image) for image in ("OldImage", "NewImage"))) for record in mine]


def _n(record: dict[str, Any], image: str) -> str | None:
    found: str | None = record["dynamodb"].get(image, {}).get("n", {}).get("N")
    return found


def test_without_partiql_streams_the_stream_tells_nothing_of_what_partiql_wrote(bare: Probe) -> None:
    write_by_partiql(bare.stack, "by partiql")

    assert told(bare.stack, "by partiql") == []


def test_with_partiql_streams_it_tells_what_took_effect_and_nothing_else(probe: Probe) -> None:
    write_by_partiql(probe.stack, "by partiql")

    assert told(probe.stack, "by partiql") == [("INSERT", None, "1"), ("MODIFY", "1", "2"), ("REMOVE", "2", None)]
