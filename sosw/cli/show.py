"""What people see of jobs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sosw.cli.session import console

if TYPE_CHECKING:
    from rich.console import Console

    from sosw.client import JobStatus, SubmittedJob


UUID_CHARS = 36
"""Of an id that was made for a job: those are not folded where there is room for 80 columns."""


def stderr() -> Console:
    """For people, beside a document for a program."""
    return console(is_error=True)


def tasks(number: int) -> str:
    """`1 task`, `2 tasks`."""
    return f"{number:,} task" + "s" * (number != 1)


def compact(value: Any) -> str:
    """JSON on one line."""
    return json.dumps(value, ensure_ascii=False)


def line(out: Console, text: str, style: str | None = None) -> None:
    """One line: cut off at the edge of a terminal, whole in a pipe."""
    if out.is_terminal:
        out.print(text, style=style, markup=False, no_wrap=True, overflow="ellipsis")
    else:
        out.print(text, style=style, markup=False, soft_wrap=True)


def ways_out(out: Console, task_id: str, words: str) -> None:
    """What can be done about a dead task; `words` are the global options, to be said again."""
    for what, order in (("try it anew", "replay"), ("or look at it no more", "discard")):
        said = f"{what}: sosw dead {order} '{task_id}' --why 'TEXT'{words}"
        out.print(said, markup=False, soft_wrap=True, style="dim")


def submitted(out: Console, job: SubmittedJob, *, is_waited_for: bool, words: str) -> None:
    """What the Scheduler said; `words` are the global options, to be said again."""
    status = job.known_status
    if job.is_duplicate:
        said = f"job {job.id} was submitted before: {status}"
    elif status.total is None:
        said = f"job {job.id}: {tasks(status.known)} for {job.labourer} so far, the others are being written"
    else:
        said = f"job {job.id}: {tasks(status.known)} for {job.labourer}"
    out.print(said, markup=False, soft_wrap=True)
    if not is_waited_for:
        out.print(f"follow it: sosw job {job.id} --wait{words}", markup=False, soft_wrap=True, style="dim")


def dry_run(out: Console, found: Mapping[str, Any]) -> None:
    """What a job would do."""
    cost = f"{found['dollars']:,.6f}".rstrip("0").rstrip(".") or "0"
    said = f"{tasks(found['tasks'])} for {found['labourer']}, about ${cost} for sosw at list prices"
    out.print(f"{said}, its Worker left out", markup=False, soft_wrap=True)
    if found["skipped_lines"]:
        out.print(f"{found['skipped_lines']:,} bad lines of its source are left out", style="yellow")
    line(out, f"first {compact(found['first'])}")
    if found["tasks"] > 1:
        line(out, f"last  {compact(found['last'])}")


def jobs(out: Console, found: Sequence[JobStatus]) -> None:
    """A table."""
    from rich.table import Table  # noqa: PLC0415  (after --help has been answered)
    from rich.text import Text  # noqa: PLC0415  (as above)

    if not found:
        out.print("no job was submitted here yet: see `sosw submit --help`", markup=False)
        return
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 2, 0, 0))
    longest = max(len(status.job_id) for status in found)
    table.add_column("job", overflow="fold", min_width=min(longest, UUID_CHARS))
    table.add_column("labourer", overflow="fold")
    table.add_column("state", no_wrap=True)
    table.add_column("closed", justify="right", no_wrap=True)
    table.add_column("at (UTC)", no_wrap=True)
    for status in found:
        word, colour = _word(status)
        closed = f"{status.closed:,}/{status.known:,}"
        when = f"{status.submitted_at:%m-%d %H:%M}"
        table.add_row(Text(status.job_id), Text(status.labourer), Text(word, colour), closed, when)
    out.print(table)


def job(out: Console, status: JobStatus) -> None:
    """One job, a fact a line."""
    word, colour = _word(status)
    facts = [
        ("job", status.job_id, None),
        ("labourer", status.labourer, None),
        ("state", word, colour),
        ("tasks", str(status), None),
        ("failed attempts", f"{status.failed:,}", "yellow" if status.failed else None),
        ("submitted", _when(status.submitted_at) + (f" by {status.submitted_by}" if status.submitted_by else ""), None),
        ("source event", status.source_event and compact(status.source_event), None),
        ("not before", status.not_before and _when(status.not_before), None),
        ("priority", str(status.priority), None),
        (
            "bad lines",
            f"{status.skipped_lines:,} of its source were left out" if status.skipped_lines else None,
            "yellow",
        ),
        ("waits", status.waits_why, "yellow"),
        ("failed", status.failed_why, "red"),
        ("cancelled", _cancelled(status), None),
    ]
    for name, value, style in facts:
        if value is not None:
            out.print(f"{name:16}", style="dim", end="")
            out.print(value, style=style, markup=False, soft_wrap=True)


def _cancelled(status: JobStatus) -> str | None:
    if status.cancelled_why is None:
        return None
    return (f"by {status.cancelled_by}: " if status.cancelled_by else "") + status.cancelled_why


def _word(status: JobStatus) -> tuple[str, str]:
    """How it stands, and the colour of that."""
    if not status.is_settled or status.state.value == "cancelled":
        return status.state.value, "yellow"
    if status.failed_why is not None:
        return status.state.value, "red"
    if not status.is_finished:
        return "open", "cyan"
    return (f"{status.dead:,} dead", "red") if status.dead else ("done", "green")


def _when(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"
