"""A schedule's input is handed on with `<aws.scheduler.…>` in it; on AWS each of these keywords is replaced by what it
names before the target is called. Here: too.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from sosw.local.shims.patching import ministack

GUARDS = {
    "services.eventbridge:_invoke_target": "550e304af080",
    "services.scheduler:_at_time_epoch": "6f3f5ab6fca1",
    "services.scheduler:_tick_schedules": "0ece514e9120",
}


def apply() -> None:
    eventbridge = ministack("services.eventbridge")
    invoke = eventbridge._invoke_target  # noqa: SLF001

    def invoke_target(target: dict[str, Any], event: dict[str, Any], rule: dict[str, Any], view: Any = None) -> None:
        if event.get("Source") == "aws.scheduler" and target.get("Input"):
            target = {**target, "Input": _filled(target["Input"], event, rule)}
        invoke(target, event, rule, view)

    eventbridge._invoke_target = invoke_target  # noqa: SLF001


def _filled(text: str, event: Mapping[str, Any], schedule: Mapping[str, Any]) -> str:
    """`event` is that of one run: its id is the execution's, for it is delivered in one attempt."""
    asked_for = ministack("services.scheduler")._at_time_epoch(schedule.get("ScheduleExpression", ""))  # noqa: SLF001
    moment = datetime.fromtimestamp(int(asked_for or event["Time"]), tz=timezone.utc)
    values = {
        "schedule-arn": schedule.get("Arn", ""),
        "scheduled-time": f"{moment:%Y-%m-%dT%H:%M:%SZ}",
        "execution-id": event["EventId"],
        "attempt-number": "1",
    }
    for name, value in values.items():
        text = text.replace(f"<aws.scheduler.{name}>", value)
    return text
