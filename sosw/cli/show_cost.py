"""What people see of costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sosw.domain.alternatives import SYSTEMS, idle_month
from sosw.domain.prices import prices

if TYPE_CHECKING:
    from rich.console import Console

    from sosw.domain.alternatives import Work

MILLION = 1_000_000


def cost(out: Console, work: Work, labourers: int) -> None:
    """A table, a line for each system; then what all of them cost besides, and what nothing costs."""
    from rich.table import Table  # noqa: PLC0415  (after --help has been answered)

    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("", overflow="fold")
    table.add_column("", overflow="fold", style="dim")
    for heading in (f"{work.tasks:,} tasks", "a million"):
        table.add_column(heading, justify="right", no_wrap=True)
    for system in SYSTEMS:
        total = system.dollars(work)
        table.add_row(system.name, system.form, dollars(total), dollars(total / work.tasks * MILLION))
    out.print(table)
    worker = f"{work.seconds:g} s at {work.memory:,} MB"
    said = (
        f"Besides, with any of them: {dollars(work.worker_dollars)} for Workers that run {worker}.",
        f"sosw with nothing to do: {dollars(idle_month(labourers))} a month, with {labourers:,} labourers.",
        f"List prices of {prices().region}, read in {prices().read_on}; no free tier, no storage, no logs.",
    )
    for line in said:
        out.print(line, markup=False, highlight=False)


def dollars(amount: float) -> str:
    """With cents, and three digits of what is less than a dollar: `$1,234.50`, `$0.0385`."""
    return f"${amount:,.2f}" if amount >= 1 or not amount else f"${amount:.3g}"
