"""The config table as a `ConfigSource`, in the shape that sosw 0.7 gave it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sosw.aws.dynamodb.models import CONFIG, ConfigModel, item_of
from sosw.aws.dynamodb.table import Database, Table
from sosw.domain.errors import invalid
from sosw.domain.jsontext import MAX_PAYLOAD_BYTES, checked, parse_object

if TYPE_CHECKING:
    from collections.abc import Mapping

ENVIRONMENT = "production"


class DynamoConfigSource:
    """A `ConfigSource`: rows `config_name` of `env` "production", their `config_value` the JSON of an object."""

    def __init__(self, table: Table) -> None:
        self._table = table

    @classmethod
    def for_prefix(
        cls, prefix: str, *, region: str | None = None, endpoint: str | None = None, database: Database | None = None
    ) -> DynamoConfigSource:
        """Of the environment `prefix`; over `database` where one is shared."""
        return cls((database or Database(region=region, endpoint=endpoint)).table(CONFIG, prefix))

    def get(self, name: str) -> dict[str, Any] | None:
        """See `ConfigSource.get`."""
        item = self._table.get(ENVIRONMENT, name)
        if item is None:
            return None
        value = item.get(ConfigModel.config_value.attr_name, {})
        if "S" not in value:
            raise invalid(name, value, "must have the JSON of an object as its config_value")
        return parse_object(value["S"], name)

    def put(self, name: str, config: Mapping[str, Any]) -> None:
        """Store `config` in place of what was there. It is not judged: see `EssentialSettings.checked` for that.

        Raises `InvalidInput` for what is no JSON object of at most 256 KB.
        """
        text = checked(dict(config), name, limit=MAX_PAYLOAD_BYTES)
        self._table.put(item_of(ConfigModel, _Row(name, text)))


class _Row:
    env = ENVIRONMENT

    def __init__(self, config_name: str, config_value: str) -> None:
        self.config_name, self.config_value = config_name, config_value
