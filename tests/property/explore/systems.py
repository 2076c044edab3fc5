"""The systems that are explored, by how long that takes."""

from __future__ import annotations

from sosw.domain.report import COMPLETE, FAIL, HEARTBEAT, SNOOZE
from tests.property.explore.outside import GIVE_UP
from tests.property.explore.system import Bounds

IN_CHECK: dict[str, Bounds] = {
    "a crash": Bounds(tasks=2, orchestrators=2, sweeps=1, crashes=1),
    "heartbeats": Bounds(tasks=1, orchestrators=1, sweeps=1, minutes=2, answers=(COMPLETE, HEARTBEAT)),
    "an operator discards": Bounds(tasks=1, orchestrators=2, sweeps=1, answers=(COMPLETE, GIVE_UP), is_discarding=True),
}
"""Thousands of states, and tens of thousands."""

IN_TEST: dict[str, Bounds] = IN_CHECK | {
    "woken, two sweeps": Bounds(tasks=2, orchestrators=2, sweeps=2, crashes=1, is_woken=True),
    "a stale index, failures, late and double answers": Bounds(
        tasks=2, orchestrators=2, sweeps=1, is_lagging=True, answers=(COMPLETE, FAIL)
    ),
    "attempts are put off, and fail": Bounds(tasks=1, orchestrators=2, sweeps=1, answers=(COMPLETE, FAIL, SNOOZE)),
    "two rows, written in any order": Bounds(tasks=2, limit=2, orchestrators=2, sweeps=0, crashes=1),
    "a call that deceives": Bounds(tasks=2, orchestrators=2, sweeps=0, minutes=0, deceptions=1),
}
"""Some 200,000 states."""

IN_SOAK: dict[str, Bounds] = IN_TEST | {
    "three tasks, two sweeps, two crashes": Bounds(tasks=3, orchestrators=2, sweeps=2, crashes=2),
    "everything at once": Bounds(
        tasks=2, orchestrators=2, sweeps=1, crashes=1, deceptions=1, is_lagging=True, answers=(COMPLETE, FAIL)
    ),
    "put off, failed, discarded, and a crash": Bounds(
        tasks=2,
        orchestrators=2,
        sweeps=1,
        crashes=1,
        answers=(COMPLETE, GIVE_UP, SNOOZE, HEARTBEAT),
        is_discarding=True,
    ),
    "attempts are put off again and again": Bounds(
        tasks=1, orchestrators=2, sweeps=1, minutes=2, answers=(COMPLETE, FAIL, SNOOZE)
    ),
    "three tasks, two slots": Bounds(tasks=3, limit=2, orchestrators=2, sweeps=2, crashes=2),
}
"""Over a million states."""
