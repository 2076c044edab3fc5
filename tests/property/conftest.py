"""What the property tests share."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest


@pytest.fixture
def on_one_cpu() -> Iterator[None]:
    """Threads that hand over to each other do so some four times as fast on one processor, where that can be asked."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    all_of_them = os.sched_getaffinity(0)
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    os.sched_setaffinity(0, {sorted(all_of_them)[worker % len(all_of_them)]})
    yield
    os.sched_setaffinity(0, all_of_them)
