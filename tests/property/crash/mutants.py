"""Which planted bugs a crash point shows, and which cannot show here."""

from __future__ import annotations

FOUND: dict[str, str] = {}
SURVIVORS: dict[str, str] = {}
