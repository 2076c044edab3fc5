"""How a wait is told to a person: a live bar on a terminal, a plain line every few seconds elsewhere, on stderr."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from sosw.client.status import JobStatus
from sosw.client.waiting import Show

if TYPE_CHECKING:
    from rich.console import Console

SAY_EVERY = 5.0
"""Seconds between two plain lines."""


@contextmanager
def progress(*, is_wanted: bool, stream: TextIO | None = None) -> Iterator[Show]:
    """Within it, what shows a status."""
    stream = stream or sys.stderr
    if not is_wanted:
        yield lambda _status, _seconds: None
        return
    try:
        from rich.console import Console  # noqa: PLC0415  (a library without it, such as a Lambda's, says plain lines)
    except ModuleNotFoundError:
        yield plain(stream)
        return
    console = Console(file=stream, highlight=False, soft_wrap=True)
    if not console.is_terminal:
        yield plain(stream)
        return
    with _bar(console) as show:
        yield show


def plain(stream: TextIO) -> Show:
    """A line when something was heard first, every few seconds, and at the end."""
    said = -SAY_EVERY
    before: int | None = None

    def show(status: JobStatus, seconds: float) -> None:
        nonlocal said, before
        before = status.closed if before is None else before
        if seconds - said >= SAY_EVERY or status.is_finished:
            said = seconds
            stream.write(f"{seconds:7.1f} s  {status}{rate(status.closed - before, seconds)}\n")
            stream.flush()

    return show


def rate(closed: int, seconds: float) -> str:
    """Tasks a second of those that were closed since the wait began, for the end of a line."""
    return f", {closed / seconds:,.1f} tasks/s" if seconds and closed > 0 else ""


@contextmanager
def _bar(console: Console) -> Iterator[Show]:
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn  # noqa: PLC0415  (as above)

    columns = (
        BarColumn(bar_width=20),
        TextColumn("{task.fields[closed]:,}/{task.fields[known]:,}"),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console) as bars:
        bar = bars.add_task("", total=None, closed=0, known=0)

        def show(status: JobStatus, _seconds: float) -> None:
            bars.update(
                bar,
                total=status.total,
                completed=status.closed,
                closed=status.closed,
                known=status.known,
                description=_coloured(status),
            )

        yield show


def _coloured(status: JobStatus) -> str:
    parts = [f"[green]{status.done:,} done[/]"]
    parts += [f"[red]{status.dead:,} dead[/]"] if status.dead else []
    parts += [f"{status.cancelled:,} cancelled"] if status.cancelled else []
    parts += [f"[yellow]{status.failed:,} failed attempts[/]"] if status.failed else []
    return (f"{status.state.value}, " if status.state.is_open else "") + ", ".join(parts)
