"""The systems that are explored, by how long that takes."""

from __future__ import annotations

from tests.property.explore.system import Bounds

IN_CHECK: dict[str, Bounds] = {
    "a crash": Bounds(tasks=2, orchestrators=2, sweeps=1, crashes=1),
}
"""Tens of thousands of states."""

IN_TEST: dict[str, Bounds] = IN_CHECK | {
    "woken, two sweeps": Bounds(tasks=2, orchestrators=2, sweeps=2, crashes=1, is_woken=True),
    "a stale index, failures, late and double answers": Bounds(
        tasks=2, orchestrators=2, sweeps=1, is_lagging=True, is_failing=True
    ),
    "two rows, written in any order": Bounds(tasks=2, limit=2, orchestrators=2, sweeps=0, crashes=1),
    "a call that deceives": Bounds(tasks=2, orchestrators=2, sweeps=0, minutes=0, deceptions=1),
}
"""Some 200,000 states."""

IN_SOAK: dict[str, Bounds] = IN_TEST | {
    "three tasks, two sweeps, two crashes": Bounds(tasks=3, orchestrators=2, sweeps=2, crashes=2),
    "everything at once": Bounds(
        tasks=2, orchestrators=2, sweeps=1, crashes=1, deceptions=1, is_lagging=True, is_failing=True
    ),
    "three tasks, two slots": Bounds(tasks=3, limit=2, orchestrators=2, sweeps=2, crashes=2),
}
"""Over a million states."""
