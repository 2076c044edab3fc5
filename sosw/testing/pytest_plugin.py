"""Fixtures for whoever has sosw and pytest. pytest loads this at its start: what it needs is imported by who asks."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sosw.testing.rehearsal import Rehearsal
    from sosw.testing.running import Run


@pytest.fixture
def sosw_run_task() -> Callable[..., Run]:
    """Runs a Worker on one task, as `sosw.testing.run_task`."""
    from sosw.testing.running import run_task  # noqa: PLC0415  (pytest loads this module, whoever is tested)

    return run_task


@pytest.fixture
def sosw_rehearsal() -> Iterator[Callable[..., Rehearsal]]:
    """Makes an environment in memory, as `sosw.testing.Rehearsal`, and closes it when the test has ended."""
    from sosw.testing.rehearsal import Rehearsal  # noqa: PLC0415  (as above)

    with ExitStack() as opened:

        def rehearsal(*settings: Any, **more: Any) -> Rehearsal:
            made = Rehearsal(*settings, **more)
            opened.callback(made.close)
            return made

        yield rehearsal
