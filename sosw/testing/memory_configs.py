"""The config table in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sosw.domain import jsontext
from sosw.domain.errors import StaleConfig
from sosw.domain.stored import MAX_CONFIG_BYTES, StoredConfig

if TYPE_CHECKING:
    from collections.abc import Mapping


class DictConfigSource:
    """A `ConfigStore` over a mapping."""

    def __init__(self, stored: Mapping[str, dict[str, Any]] | None = None) -> None:
        self.stored = dict(stored or {})

    def get(self, name: str) -> dict[str, Any] | None:
        """See `ConfigSource.get`."""
        return self.stored.get(name)

    def look(self, name: str) -> StoredConfig:
        """See `ConfigStore.look`."""
        value = self.stored.get(name)
        return StoredConfig(name=name, value=value, text=None if value is None else jsontext.dump(value))

    def replace(self, seen: StoredConfig, config: Mapping[str, Any]) -> None:
        """See `ConfigStore.replace`."""
        text = jsontext.checked(dict(config), seen.name, limit=MAX_CONFIG_BYTES)
        if self.look(seen.name).text not in {seen.text, text}:  # its own text: a repeated write has succeeded
            raise StaleConfig(seen.name)
        self.stored[seen.name] = jsontext.load(text)
