"""What the stores have in common: a table of an environment, and patience where it is busy."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, TypeVar

from sosw.aws.dynamodb.batches import Backoff
from sosw.aws.dynamodb.table import Database, Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sosw.aws.dynamodb.models import Item, Schema

S = TypeVar("S", bound="TableStore")


class TableStore:
    """Over one table, the one of `schema`."""

    schema: ClassVar[Schema]

    def __init__(self, table: Table, *, backoff: Backoff | None = None) -> None:
        self._table, self._backoff = table, backoff or Backoff()

    @classmethod
    def for_prefix(  # noqa: PYI019  (Python 3.10 has no Self)
        cls: type[S],
        prefix: str,
        *,
        region: str | None = None,
        endpoint: str | None = None,
        database: Database | None = None,
    ) -> S:
        """Of the environment `prefix`; over `database` where one is shared."""
        return cls((database or Database(region=region, endpoint=endpoint)).table(cls.schema, prefix))

    def _read(self, keys: Sequence[Item], *, is_consistent: bool = True) -> list[Item]:
        """Up to 100 items. What DynamoDB leaves over (16 MB are read, or it is busy) is asked for again."""
        found: list[Item] = []
        for _ in self._backoff.rounds():
            is_moving = True
            while keys and is_moving:
                items, keys = self._table.get_batch(keys, is_consistent=is_consistent)
                found += items
                is_moving = bool(items)
            if not keys:
                return found
        raise self._table.failed("BatchGetItem", "UnprocessedKeys")
