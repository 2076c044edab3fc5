"""What it costs at most to bring a task through sosw, the Worker's own run time left out: list prices of 2026-11."""

from __future__ import annotations

WRITE_UNIT, READ_UNIT, REQUEST, GB_SECOND = 0.625e-6, 0.125e-6, 0.20e-6, 16.6667e-6
"""Dollars: of DynamoDB on demand, of Lambda."""

_WRITE_UNITS, _READ_UNITS, _REQUESTS, _GB_SECONDS = 6, 1.5, 4, 0.02
"""Of one task's whole life, by the budgets: 6 write and 1.5 read units, 4 calls, 40 ms of Essentials at 512 MB."""


def dollars(tasks: int) -> float:
    """Of `tasks` tasks of up to 1 KB that succeed at their first attempt."""
    each = _WRITE_UNITS * WRITE_UNIT + _READ_UNITS * READ_UNIT + _REQUESTS * REQUEST + _GB_SECONDS * GB_SECOND
    return round(tasks * each, 6)
