"""Which planted bugs an exploration shows, and which cannot show in it."""

from __future__ import annotations

from tests.property.explore.system import Bounds

FOUND: dict[str, Bounds] = {}
SURVIVORS: dict[str, str] = {}
