"""What people see of labourers, resources and orders."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sosw.cli.session import kept_whole
from sosw.domain.moments import told

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from sosw.client import Answer, LabourerStatus, LogLine, Ordered, ResourceStatus

NAME_CHARS = 24
"""Of a name that is not folded where there is room for 80 columns."""
NAME_CHARS_OF_TOTALS = 16
"""Of names beside which seven totals have room for a second space between them, in 80 columns."""
COLOURS = {
    "unregistered": "red", "mistaken": "red", "paused": "yellow", "limit_0": "yellow", "full": "cyan", "rate": "cyan",
    "key": "cyan", "next": "green", "running": "green", "starting": "green", "done": "green", "dead": "red",
    "cancelled": "yellow", "limited": "yellow",
}  # fmt: skip
"""Of an answer, by its reason; others have none."""


def labourers(out: Console, found: Sequence[LabourerStatus], resources: Sequence[ResourceStatus]) -> None:
    """A table of each."""
    from rich.text import Text  # noqa: PLC0415  (after --help has been answered)

    if not found:
        out.print("no labourer is registered here yet: declare them by `sosw apply`", markup=False)
        return
    table = _table(out, "labourer", [status.labourer for status in found])
    for name in ("running", "due", "health"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("why", overflow="fold")
    for status in found:
        due = f"{status.due:,}" + "+" * status.due_is_more
        running = f"{status.running:,}" + (f"/{status.limit:,}" if status.limit is not None else "")
        health = "–" if status.health is None else f"{status.health}/4"
        why = Text(status.why, COLOURS.get(status.reason.value, ""))
        table.add_row(Text(status.labourer), running, due, health, why)
    out.print(table)
    if any(any(status.totals.to_json().values()) for status in found):
        out.print()
        out.print(_totals(out, found))
    if resources:
        out.print()
        out.print(_resources(out, resources))


def _totals(out: Console, found: Sequence[LabourerStatus]) -> Table:
    """What became of the tasks of each so far: seven numbers that fit into 80 columns."""
    from rich.text import Text  # noqa: PLC0415  (as above)

    labourers = [status.labourer for status in found]
    between = 2 if max(map(len, labourers)) <= NAME_CHARS_OF_TOTALS else 1
    table = _table(out, "in all", labourers, between=between)
    names = ("created", "started", "failed", "retried", "done", "dead", "cancelled")
    for name in names:
        table.add_column(name, justify="right", no_wrap=True)
    for status in found:
        table.add_row(Text(status.labourer), *(_short(getattr(status.totals, name)) for name in names))
    return table


def _short(number: int) -> str:
    """In at most 6 characters, up to 10¹²."""
    for power, letter in ((9, "G"), (6, "M"), (3, "k")):
        if number >= max(100_000, 10**power):
            return f"{number / 10**power:.4g}{letter}"
    return f"{number:,}"


def _resources(out: Console, found: Sequence[ResourceStatus]) -> Table:
    from rich.text import Text  # noqa: PLC0415  (as above)

    table = _table(out, "resource", [status.resource for status in found])
    table.add_column("attempts", justify="right", no_wrap=True)
    table.add_column("why", overflow="fold")
    for status in found:
        why = Text(status.why, COLOURS.get(status.reason.value, ""))
        table.add_row(Text(status.resource), f"{status.attempts:,}", why)
    return table


def answer(out: Console, name: str, said: Answer) -> None:
    """The sentence, and what else is known below it."""
    from rich.text import Text  # noqa: PLC0415  (as above)

    out.print(Text.assemble((f"{name}: ", "bold"), (said.headline, COLOURS.get(said.reason.value, ""))), soft_wrap=True)
    for each in said.more:
        out.print(f"  {each}", markup=False, soft_wrap=True, style="dim")


def log(out: Console, lines: Sequence[LogLine], *, is_wanted: bool) -> None:
    """A change a line, the newest first."""
    if is_wanted and not lines:
        out.print("nothing of it was changed in the last 90 days", markup=False, style="dim")
    for line in lines:
        out.print(f"{told(line.at)}  {line.said}", markup=False, soft_wrap=True)


def ordered(out: Console, done: Ordered) -> None:
    """What came of an order."""
    started = ", ".join(f"{count:,} of {name}" for name, count in sorted(done.started.items()))
    out.print(done.said + (f"; started at once: {started}" if started else ""), markup=False, soft_wrap=True)


def _table(out: Console, head: str, names: Sequence[str], *, between: int = 2) -> Table:
    from rich.table import Table  # noqa: PLC0415  (as above)

    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, between, 0, 0))
    table.add_column(head, overflow="fold", min_width=kept_whole(out, max(map(len, names)), NAME_CHARS))
    return table
