"""The one place from which DynamoDB is called."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

from botocore.exceptions import BotoCoreError, ClientError
from pynamodb.connection import Connection
from pynamodb.connection.base import MetaTable
from pynamodb.exceptions import PynamoDBConnectionError

from sosw.aws.clients import Clients
from sosw.aws.dynamodb.errors import ConditionFailed, TableFailed, from_aws
from sosw.aws.dynamodb.models import Item, Schema

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from botocore.session import Session
    from pynamodb.connection._botocore_private import BotocoreBaseClientPrivate
    from pynamodb.expressions.condition import Condition
    from pynamodb.expressions.update import Action

Statement = dict[str, Any]
"""One of BatchExecuteStatement: `Statement` and `Parameters`."""

CONNECT_SECONDS, READ_SECONDS = 5, 30
TRIES = 4
MAX_CONNECTIONS = 32
BATCH_STATEMENTS, BATCH_KEYS = 25, 100
"""What DynamoDB takes in one call."""


class Database(Connection):
    """DynamoDB of one account and region. Connects at the first call; threads may share it, and stores should."""

    def __init__(
        self,
        *,
        region: str | None = None,
        endpoint: str | None = None,
        tries: int = TRIES,
        seconds: float | None = None,
        clients: Clients | None = None,
    ) -> None:
        """`region` and `endpoint` are the environment's where they are not given.

        `tries`: of each call, by botocore, which repeats what was throttled, timed out or met a server's error.
        `seconds`: how long each waits for a connection, and how long for an answer; by default 5 and 30.
        `clients`: whose session it shares, and whose region and endpoint.
        """
        self._clients = clients or Clients(region=region, endpoint=endpoint)
        super().__init__(
            region=self._clients.region,
            host=self._clients.endpoint,
            connect_timeout_seconds=seconds or CONNECT_SECONDS,
            read_timeout_seconds=seconds or READ_SECONDS,
            retry_configuration={"mode": "standard", "total_max_attempts": tries},
            max_pool_connections=MAX_CONNECTIONS,
        )

    @property
    def session(self) -> Session:
        """That of all clients; PynamoDB's own would be one for each thread."""
        return self._clients.session

    @property
    def client(self) -> BotocoreBaseClientPrivate:
        """Made once, whichever thread needs it first."""
        with self._clients.making:
            return super().client

    def table(self, schema: Schema, prefix: str) -> Table:
        """That table of the environment `prefix`."""
        name = schema.table_name(prefix)
        if name not in self._tables:
            self.add_meta_table(
                MetaTable(
                    {
                        "TableName": name,
                        "KeySchema": schema.key_schema,
                        "AttributeDefinitions": schema.attribute_definitions,
                        "GlobalSecondaryIndexes": schema.global_secondary_indexes,
                    }
                )
            )
        return Table(self, name)


class Table:
    """Items in, items out. Every method raises `TableFailed` for what went wrong in AWS."""

    def __init__(self, database: Database, name: str) -> None:
        self._database, self.name = database, name

    def get(self, hash_key: str, range_key: str | None = None) -> Item | None:
        """As of now (strongly consistent)."""
        with self._told("GetItem"):
            answer = self._database.get_item(self.name, hash_key, range_key, consistent_read=True)
        item: Item | None = answer.get("Item")
        return item

    def get_batch(self, keys: Sequence[Item], *, is_consistent: bool) -> tuple[list[Item], list[Item]]:
        """Of at most 100 keys: the items found, and the keys that were left for another call."""
        with self._told("BatchGetItem"):
            answer = self._database.batch_get_item(self.name, cast("Any", keys), consistent_read=is_consistent)
        left = answer.get("UnprocessedKeys", {}).get(self.name, {}).get("Keys", [])
        return answer["Responses"].get(self.name, []), left

    def query(self, hash_key: str, **how: Any) -> Iterator[Item]:
        """All pages of a query, one by one; `how` is that of PynamoDB's `Connection.query`. `limit` is of all pages."""
        limit: int | None = how.pop("limit", None)
        start: Item | None = None
        while limit is None or limit > 0:
            with self._told("Query"):
                page = self._database.query(self.name, hash_key, exclusive_start_key=start, limit=limit, **how)
            yield from page["Items"]
            limit = None if limit is None else limit - len(page["Items"])
            start = page.get("LastEvaluatedKey")
            if not start:
                return

    def put(self, item: Item, condition: Condition | None = None) -> None:
        """Write the whole item; with a condition raises `ConditionFailed` with what is there instead."""
        self._write("PutItem", item, condition, attributes=item)

    def update(self, key: Item, actions: Sequence[Action], condition: Condition) -> Item:
        """Change the item and return it as it is then; raises `ConditionFailed` with what is there instead."""
        answer = self._write("UpdateItem", key, condition, actions=actions, return_values="ALL_NEW")
        changed: Item = answer["Attributes"]
        return changed

    def execute(self, statements: Sequence[Statement]) -> list[TableFailed | None]:
        """At most 25 writing statements, each by itself: what refused it, or None where it took effect."""
        with self._told("BatchExecuteStatement"):
            answer = self._database.dispatch("BatchExecuteStatement", {"Statements": list(statements)})
        errors = [response.get("Error") for response in answer["Responses"]]
        return [error and self.failed("a statement", error["Code"], error.get("Message", "")) for error in errors]

    def failed(self, operation: str, code: str, message: str = "") -> TableFailed:
        """The error to raise for a code that came in an answer."""
        return TableFailed.of(self.name, operation, code, message or "refused without a reason")

    def _write(self, operation: str, key: Item, condition: Condition | None, **what: Any) -> dict[str, Any]:
        """`key` may hold more than the key."""
        meta = self._database.get_meta_table(self.name)
        hash_key, range_key = (
            next(iter(key[name].values())) if name else None for name in (meta.hash_keyname, meta.range_keyname)
        )
        parameters = self._database.get_operation_kwargs(
            self.name,
            cast("str", hash_key),
            range_key,
            key="Item" if "attributes" in what else "Key",
            condition=condition,
            return_values_on_condition_failure=None if condition is None else "ALL_OLD",
            **what,
        )
        with self._told(operation):
            answer: dict[str, Any] = self._database.dispatch(operation, parameters)
        return answer

    @contextmanager
    def _told(self, operation: str) -> Iterator[None]:
        """Whatever AWS raises inside, as one of our errors."""
        try:
            yield
        except (BotoCoreError, ClientError, PynamoDBConnectionError) as error:
            raise from_aws(error, self.name, operation) from error


__all__ = ["BATCH_KEYS", "BATCH_STATEMENTS", "ConditionFailed", "Database", "Statement", "Table", "TableFailed"]
