"""A configuration as it is stored, and as it was seen there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sosw.domain.jsontext import MAX_PAYLOAD_BYTES

MAX_CONFIG_BYTES = MAX_PAYLOAD_BYTES
"""Of a stored configuration as JSON."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredConfig:
    """What was seen under a name. Whoever replaces it must have seen the latest."""

    name: str
    value: Mapping[str, Any] | None = None
    """None where there is none."""
    text: str | None = None
    """What the table has, to know it again."""
