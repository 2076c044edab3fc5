"""What people see of a plan."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sosw.cli.session import kept_whole

if TYPE_CHECKING:
    from rich.console import Console

    from sosw.client import Plan

NAME_CHARS = 28
"""Of the name of a setting that is not folded where there is room for 80 columns."""
_COLOURS = {"added": "green", "changed": "yellow", "removed": "red"}


def plan(out: Console, found: Plan) -> None:
    """A table, a line for each setting that changes; then what does not, and what is to be known."""
    if found.changes:
        out.print(_table(out, found))
    out.print(f"{count(found)}, {len(found.unchanged)} unchanged" if found.changes else "nothing changes", markup=False)
    for warning in found.warnings:
        out.print(f"warning: stored already, and not touched: {warning}", style="yellow", markup=False, soft_wrap=True)
    for said in found.at_work:
        out.print(f"{said}: it would be removed", style="red", markup=False, soft_wrap=True)


def count(found: Plan) -> str:
    """How many of each: `2 added, 1 removed`."""
    numbers = {how: sum(each.how.value == how for each in found.changes) for how in _COLOURS}
    return ", ".join(f"{number} {how}" for how, number in numbers.items() if number)


def _table(out: Console, found: Plan) -> Any:
    from rich.table import Table  # noqa: PLC0415  (after --help has been answered)
    from rich.text import Text  # noqa: PLC0415  (as above)

    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 2, 0, 0))
    longest = max((len(each.name) for change in found.changes for each in change.fields), default=0)
    for heading in ("", "", "setting", "now", "then"):
        width = kept_whole(out, longest, NAME_CHARS) if heading == "setting" else None
        table.add_column(heading, overflow="fold", min_width=width)
    for change in found.changes:
        head = (Text(f"{change.kind} {change.name}"), Text(change.how.value, _COLOURS[change.how.value]))
        fields = change.fields if change.how.value != "removed" else ()
        for number, each in enumerate(fields):
            cells = (Text(each.name), Text(_cell(each.old)), Text(_cell(each.new)))
            table.add_row(*(head if not number else ("", "")), *cells)
        if not fields:
            table.add_row(*head, "", "", "")
    return table


def _cell(value: Any) -> str:
    return "" if value is None else json.dumps(value, ensure_ascii=False)
