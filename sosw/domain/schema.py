"""Which version of sosw's tables the code works with, and what is to be done about tables of another one.

The version is that of what the items mean, not of the template: it rises when items that an older sosw has written
must be changed before this one can use them. It is kept as a configuration, `{"version": 1}`; tables of which nothing
is noted are of the first version.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sosw.domain.errors import SoswError, invalid

SCHEMA_VERSION = 1
"""What this code writes and reads."""
FIRST = 1
SCHEMA_CONFIG = "sosw_schema"
"""Name of the configuration that notes it."""


class TablesTooNew(SoswError):
    """A newer sosw has written the tables: this one could not read what they hold."""

    def __init__(self, version: int) -> None:
        self.version = version
        super().__init__(
            f"the tables are of version {version}, and this sosw knows version {SCHEMA_VERSION}: install the sosw that "
            "they were made with, or a newer one"
        )


def version_of(stored: Mapping[str, Any] | None) -> int:
    """That of the tables, by the configuration as it is stored. Raises `InvalidInput` and `TablesTooNew`."""
    if stored is None:
        return FIRST
    version = stored.get("version")
    if not isinstance(version, int) or isinstance(version, bool) or version < FIRST:
        raise invalid(f"{SCHEMA_CONFIG}.version", version, f"must be a number, from {FIRST} on")
    if version > SCHEMA_VERSION:
        raise TablesTooNew(version)
    return version
