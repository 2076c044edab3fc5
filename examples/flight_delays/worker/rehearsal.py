"""Only for the demo: an outage on request, so that retries can be watched. Your Worker needs nothing like it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class RehearsedOutage(Exception):
    """The outage that the job asked for."""


def rehearse_outage(event: Mapping[str, Any], *, attempt: int) -> None:
    """Raises `RehearsedOutage` in the first `failures` attempts of the one task that the job's `outage` names."""
    outage = event.get("outage")
    if not outage or attempt > outage["failures"]:
        return
    named = (outage["origin"], outage["carrier"], outage["date"])
    if named == (*event["origins"], *event["carriers"], *event["date_list"]):
        raise RehearsedOutage(f"as the job asked: attempt {attempt} of {'/'.join(named)} fails")
