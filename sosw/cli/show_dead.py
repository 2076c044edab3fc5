"""What people see of dead tasks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sosw.cli.show import compact, line, stderr, tasks, ways_out
from sosw.domain.moments import told

if TYPE_CHECKING:
    from rich.console import Console

    from sosw.client import DeadOrdered, DeadTask
    from sosw.domain.dead import DeadCount

__all__ = ["counts", "letter", "letters", "progress", "stderr", "tasks", "ways_out"]

NAME_CHARS = 24
"""Of a name that is not folded where there is room for 80 columns."""
ROWS = 20
"""Rows of a table of counts."""


def counts(out: Console, found: DeadCount) -> None:
    """How many of which labourer and error."""
    from rich.table import Table  # noqa: PLC0415  (after --help has been answered)
    from rich.text import Text  # noqa: PLC0415  (as above)

    if not found.total:
        out.print("no dead tasks", markup=False)
        return
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 2, 0, 0))
    rows = found.rows()
    table.add_column("labourer", overflow="fold", min_width=min(NAME_CHARS, max(len(row[0]) for row in rows)))
    table.add_column("error", overflow="fold")
    table.add_column("dead", justify="right", no_wrap=True)
    for labourer, error, count in rows[:ROWS]:
        table.add_row(Text(labourer), Text(error or "–"), f"{count:,}")
    out.print(table)
    rest = sum(count for *_, count in rows[ROWS:])
    if rest:
        out.print(f"and {rest:,} of {len(rows) - ROWS:,} other kinds", style="dim")
    if found.first and found.last:
        span = f"{told(found.first)} … {told(found.last)}" if found.first != found.last else told(found.first)
        out.print(f"{found.total:,} dead in all, {span}", style="dim", soft_wrap=True)


def letters(out: Console, found: Sequence[DeadTask], *, of: int) -> None:
    """A dead task each: two lines where its error says something."""
    from rich.text import Text  # noqa: PLC0415  (as above)

    if not found:
        return
    out.print()
    if len(found) < of:
        out.print(f"the {len(found):,} that died last:", style="dim")
    for each in found:
        head = Text.assemble((each.task_id, "bold"), f"  {told(each.died_at)}  ", (each.error or "–", "red"))
        out.print(head, soft_wrap=True)
        replayed = f"replayed {each.replays}×, " if each.replays else ""
        line(out, f"    {replayed}{each.message or each.reason}", "dim")


def letter(out: Console, found: DeadTask) -> None:
    """One, a fact a line."""
    facts = [
        ("task", found.task_id, None),
        ("labourer", found.labourer, None),
        ("job", found.job_id, None),
        ("died", told(found.died_at), None),
        ("reason", found.reason or None, "red"),
        ("attempts", f"{found.attempts:,}", None),
        ("replayed", f"{found.replays:,}×" if found.replays else None, "yellow"),
        ("leaves", found.expires_at and told(found.expires_at), None),
        ("payload", compact(found.payload), None),
    ]
    for name, value, style in facts:
        if value is not None:
            out.print(f"{name:12}", style="dim", end="")
            out.print(value, style=style, markup=False, soft_wrap=True)
    for failed in found.failures:
        said = f"{failed.error}: {failed.message}" if failed.message else failed.error
        out.print(f"attempt {failed.attempt:<4}", style="dim", end="")
        out.print(f"{told(failed.at)}  {said}", markup=False, soft_wrap=True)
        if failed.trace:
            line(out, f"{'':12}at {failed.trace}", "dim")


@contextmanager
def progress(order: str, total: int) -> Iterator[Callable[[DeadOrdered], None]]:
    """How far an order has come: a bar on a terminal, nothing in a pipe."""
    out = stderr()
    if not out.is_terminal:
        yield lambda _done: None
        return
    from rich.progress import Progress  # noqa: PLC0415  (as above)

    with Progress(console=out, transient=True) as bar:
        task = bar.add_task(order, total=total)
        yield lambda done: bar.update(task, completed=done.fates.total())
