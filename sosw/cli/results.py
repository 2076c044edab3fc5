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
    from sosw.client import DeadTask, JobStatus, Result, SubmittedJob


def tell(session: Session, job: SubmittedJob, status: JobStatus, *, done: bool, dead: bool) -> None:
    """The job; with `done` its results, with `dead` its dead tasks."""
    if session.as_json:
        parts = {"results": map(_result, job.results())} if done else {}
        parts |= {"failures": map(_dead, job.failures())} if dead else {}
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
            show.line(out, f"#{task.number} dead after {task.attempts} attempts {show.compact(task.payload)}", "red")
            for failed in task.failures:
                show.line(
                    out, f"   attempt {failed.attempt}, {failed.at:%H:%M:%S} UTC  {failed.error}: {failed.message}"
                )


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
    failures = [
        {"attempt": each.attempt, "at": each.at.isoformat(), "error": each.error, "message": each.message}
        for each in found.failures
    ]
    facts = {"number": found.number, "task_id": found.task_id, "payload": found.payload}
    return {**facts, "attempts": found.attempts, "failures": failures}
