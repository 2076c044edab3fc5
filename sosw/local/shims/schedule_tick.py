"""Rules and schedules are looked at every 10 s, so one of a minute fires up to 10 s late. Here: every second."""

from __future__ import annotations

from sosw.local.shims.patching import ministack

GUARDS = {
    "services.eventbridge:_scheduler_loop": "7795e8e084ff",
    "services.scheduler:_ticker_loop": "51e1b1334023",
}

_TICK = 1  # seconds


def apply() -> None:
    ministack("services.eventbridge")._SCHEDULER_TICK_INTERVAL = _TICK  # noqa: SLF001
    ministack("services.scheduler")._SCHEDULE_TICK_INTERVAL = _TICK  # noqa: SLF001
