"""Prints how a job stands and what came of its tasks, one after the other: a million of them take no memory."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from sosw.cli import show
from sosw.cli.exits import AlreadyTold, document, of_error
from sosw.cli.session import Session
from sosw.domain.errors import SoswError

if TYPE_CHECKING:
    from rich.console import Console

    from sosw.client import DeadTask, JobStatus, Result, RunningTask, SubmittedJob
    from sosw.domain.task import Failure


def tell(
    session: Session, job: SubmittedJob, status: JobStatus, *, done: bool, dead: bool, running: bool = False
) -> None:
    """The job; with `done` its results, with `dead` its dead tasks, with `running` those that run."""
    if session.as_json:
        parts = {"results": map(_result, job.results())} if done else {}
        parts |= {"failures": map(_dead, job.failures())} if dead else {}
        parts |= {"running": map(_running, job.running())} if running else {}
        _document(status.to_json(), parts)
        return
    out = session.person()
    show.job(out, status)
    if done:
        for each in job.results():
            show.line(out, f"#{each.number} {show.compact(each.payload)}", "dim")
            show.line(out, f"   {show.compact(each.result)}")
    if dead:
        for task in job.failures():
            attempts = f"{task.attempts} attempt" + "s" * (task.attempts != 1)
            show.line(out, f"#{task.number} dead after {attempts} {show.compact(task.payload)}", "red")
            for failed in task.failures:
                _show_failure(out, failed)
    if running:
        for runs in job.running():
            _show_running(out, runs)


def _show_failure(out: Console, failed: Failure) -> None:
    show.line(out, f"   attempt {failed.attempt}, {failed.at:%H:%M:%S} UTC  {failed.error}: {failed.message}")
    if failed.trace:
        show.line(out, f"      at {failed.trace}", "dim")


def _show_running(out: Console, runs: RunningTask) -> None:
    since = f" since {runs.started_at:%H:%M:%S} UTC" if runs.started_at else ""
    done = "" if runs.progress is None else f"  {runs.progress:.0%}"
    note = f"  {runs.note}" if runs.note else ""
    show.line(out, f"#{runs.number} attempt {runs.attempt} runs{since}{done}{note}", "cyan")
    if runs.partial is not None:
        show.line(out, f"   so far {show.compact(runs.partial)}")


def _document(head: Mapping[str, Any], parts: Mapping[str, Iterable[Mapping[str, Any]]]) -> None:
    """One JSON object: `head`, and for each part a list that is written as it comes.

    What goes wrong on the way ends the list and becomes its `error`, so that a program can read what came before.
    """
    out, is_in_list = sys.stdout, False
    out.write(show.compact(head)[:-1])
    try:
        for name, entries in parts.items():
            out.write(f', "{name}": [')
            is_in_list = True
            for number, entry in enumerate(entries):
                out.write(", " * bool(number) + show.compact(entry))
            out.write("]")
            is_in_list = False
    except BrokenPipeError:
        raise  # nobody reads any more
    except (Exception, KeyboardInterrupt) as error:
        sentence = "interrupted" if isinstance(error, KeyboardInterrupt) else str(error)
        said = show.compact(document(type(error).__name__, sentence, of_error(error)))
        out.write("]" * is_in_list + f', "error": {said}}}\n')
        if isinstance(error, (SoswError, KeyboardInterrupt)):
            raise AlreadyTold(sentence) from error
        raise
    out.write("}\n")


def _result(found: Result) -> dict[str, Any]:
    return {"number": found.number, "task_id": found.task_id, "payload": found.payload, "result": found.result}


def _dead(found: DeadTask) -> dict[str, Any]:
    return {"number": found.number, **found.to_json()}


def _running(found: RunningTask) -> dict[str, Any]:
    facts = {"number": found.number, "task_id": found.task_id, "payload": found.payload, "attempt": found.attempt}
    said = {"progress": found.progress, "note": found.note, "partial": found.partial}
    return {**facts, "started_at": found.started_at and found.started_at.isoformat(), **said}
