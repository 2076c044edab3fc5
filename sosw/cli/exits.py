"""How a command ends."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Any

from sosw.domain.errors import InvalidInput, SoswError

if TYPE_CHECKING:
    from sosw.client import JobStatus


class Exit(IntEnum):
    """The exit codes; scripts rely on them."""

    OK = 0
    FAILED = 1
    """Refused by the service, or it could not be reached; the job failed or was cancelled; you said no."""
    USAGE = 2
    """The command or what it was given is wrong: nothing was sent."""
    TIMED_OUT = 3
    """The job is not finished after --timeout."""
    DEAD_TASKS = 4
    """The job is finished, and tasks of it are dead."""
    FINDINGS = 5
    """`sosw doctor` has found something, or could not look at all."""
    INTERRUPTED = 130


class BadInput(SoswError):
    """What the command was given cannot be used."""


class AlreadyTold(SoswError):
    """An error that the document on stdout says already: it had begun before."""


def of_error(error: BaseException) -> Exit:
    """The code for an error."""
    if isinstance(error, AlreadyTold) and error.__cause__:
        return of_error(error.__cause__)
    if isinstance(error, KeyboardInterrupt):
        return Exit.INTERRUPTED
    if isinstance(error, TimeoutError):
        return Exit.TIMED_OUT
    return Exit.USAGE if isinstance(error, (BadInput, InvalidInput)) else Exit.FAILED


def of_job(status: JobStatus) -> Exit:
    """The code for a job that was waited for."""
    if status.dead:
        return Exit.DEAD_TASKS
    return (
        Exit.FAILED
        if status.failed_why is not None or status.cancelled or status.cancelled_why is not None
        else Exit.OK
    )


def document(kind: str, sentence: str, code: Exit) -> dict[str, Any]:
    """What is said of an error to a program."""
    return {"type": kind, "message": sentence, "exit_code": int(code)}
