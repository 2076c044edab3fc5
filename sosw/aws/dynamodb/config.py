"""The config table as a `ConfigStore`, in the shape that sosw 0.7 gave it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sosw.aws.dynamodb.errors import ConditionFailed
from sosw.aws.dynamodb.models import CONFIG, ConfigModel, item_of
from sosw.aws.dynamodb.store import TableStore
from sosw.domain.errors import StaleConfig, invalid
from sosw.domain.jsontext import checked, parse_object
from sosw.domain.stored import MAX_CONFIG_BYTES, StoredConfig

if TYPE_CHECKING:
    from collections.abc import Mapping

ENVIRONMENT = "production"


class DynamoConfigSource(TableStore):
    """A `ConfigStore`: rows `config_name` of `env` "production", their `config_value` the JSON of an object."""

    schema = CONFIG

    def get(self, name: str) -> dict[str, Any] | None:
        """See `ConfigSource.get`."""
        text = self._text(name)
        return None if text is None else parse_object(text, name)

    def look(self, name: str) -> StoredConfig:
        """See `ConfigStore.look`."""
        text = self._text(name)
        return StoredConfig(name=name, value=None if text is None else parse_object(text, name), text=text)

    def put(self, name: str, config: Mapping[str, Any]) -> None:
        """Store `config` in place of what was there. It is not judged: see `EssentialSettings.checked` for that.

        Raises `InvalidInput` for what is no JSON object of at most 256 KB.
        """
        text = checked(dict(config), name, limit=MAX_CONFIG_BYTES)
        self._table.put(item_of(ConfigModel, _Row(name, text)))

    def replace(self, seen: StoredConfig, config: Mapping[str, Any]) -> None:
        """See `ConfigStore.replace`. The row is sosw's and has no version: its text is what is compared.

        So a write whose reply was lost and that botocore repeats finds its own text, and has succeeded.
        """
        text = checked(dict(config), seen.name, limit=MAX_CONFIG_BYTES)
        known = ConfigModel.config_value
        is_unchanged = known.does_not_exist() if seen.text is None else known == seen.text
        try:
            self._table.put(item_of(ConfigModel, _Row(seen.name, text)), is_unchanged)
        except ConditionFailed as failed:
            if failed.item is None or failed.item.get(known.attr_name) != {"S": text}:
                raise StaleConfig(seen.name) from None

    def _text(self, name: str) -> str | None:
        item = self._table.get(ENVIRONMENT, name)
        if item is None:
            return None
        value = item.get(ConfigModel.config_value.attr_name, {})
        if "S" not in value:
            raise invalid(name, value, "must have the JSON of an object as its config_value")
        text: str = value["S"]
        return text


class _Row:
    env = ENVIRONMENT

    def __init__(self, config_name: str, config_value: str) -> None:
        self.config_name, self.config_value = config_name, config_value
