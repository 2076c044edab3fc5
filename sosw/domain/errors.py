"""Every error that sosw raises. Each keeps its facts as attributes; the message names the thing and the next step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sosw.domain.job import Job
    from sosw.domain.records import Record
    from sosw.domain.slots import SlotRow
    from sosw.domain.task import Task

_SHOWN = 80


class SoswError(Exception):
    """Root of the tree: catch this to catch everything that sosw raises on purpose."""


class Problem:
    """One thing that is wrong with what came in: the field, its value, the rule and, where there is one, a guess."""

    __slots__ = ("field", "hint", "rule", "value")

    def __init__(self, field: str, value: Any, rule: str, hint: str = "") -> None:
        self.field, self.value, self.rule, self.hint = field, value, rule, hint

    def __str__(self) -> str:
        told = f"{self.field}: {self._shown()} {self.rule}" + (f" ({self.hint})" if self.hint else "")
        return told.encode(errors="backslashreplace").decode()

    def _shown(self) -> str:
        try:
            shown = repr(self.value)
        except (RecursionError, ValueError):  # nested too deep, or a number of thousands of digits
            return f"<{type(self.value).__name__}>"
        return shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}…"


class Missing(Problem):
    """It names what is not known here, and may be again: a labourer, or a period or a chunker of the user's."""

    __slots__ = ()


class InvalidInput(SoswError):
    """What came in cannot work. Raised at the door, before anything was written, with all problems at once."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(map(str, self.problems)))

    @property
    def may_pass(self) -> bool:
        """Whether it could be right again when what is missing is back, without a change to the input itself."""
        return any(isinstance(problem, Missing) for problem in self.problems)


class NotThere(SoswError):
    """There is no such table or function at all: perhaps nothing of the whole environment is there."""


class SourceUnavailable(SoswError):
    """What a job reads cannot be read now: nothing is wrong with it, as far as anybody knows. Later it may be read."""

    def __init__(self, url: str, reason: str) -> None:
        self.url, self.reason = url, reason
        super().__init__(str(Problem("source", url, reason)))


class StaleTask(SoswError):
    """The task is not as expected: someone else moved it first. A normal answer to losing a race."""

    def __init__(self, task_id: str, move: str, found: Task | None) -> None:
        self.task_id, self.move, self.found = task_id, move, found
        now = f"it is {found.state.value}, attempt {found.attempt}" if found else "there is no such task"
        super().__init__(f"task {task_id}: cannot {move}: {now}")


class TasksLeft(SoswError):
    """A busy table has refused to move these tasks again and again: whoever comes next tries it once more."""

    def __init__(self, move: str, task_ids: Sequence[str]) -> None:
        self.move, self.task_ids = move, tuple(task_ids)
        super().__init__(f"could not {move} {len(self.task_ids)} tasks, such as {self.task_ids[0]}: the table is busy")


class StaleJob(SoswError):
    """The job is not as expected: somebody else is at it, or has ended it. A normal answer."""

    def __init__(self, job_id: str, move: str, found: Job | None) -> None:
        self.job_id, self.move, self.found = job_id, move, found
        now = f"it is {found.state.value}, held until {found.held_until}" if found else "there is no such job"
        super().__init__(f"job {job_id}: cannot {move}: {now}")


class StaleRow(SoswError):
    """The slot row changed since it was read: read it again before deciding anything."""

    def __init__(self, row: SlotRow) -> None:
        self.row = row
        super().__init__(f"slot row {row.labourer}/{row.number} is no longer at version {row.version}: read it again")


class UnknownLimit(SoswError):
    """Nobody can tell now how many attempts of the labourer may run: what waits goes on waiting until it is known."""

    def __init__(self, labourer: str) -> None:
        self.labourer = labourer
        super().__init__(f"labourer {labourer}: its limit is not known now: see why in the log")


class StaleRecord(SoswError):
    """The record changed since it was read: read it again before deciding anything."""

    def __init__(self, record: Record) -> None:
        self.record = record
        owner, what = record.key
        super().__init__(f"record {what} of {owner} is no longer at version {record.version}: read it again")


class StaleConfig(SoswError):
    """The stored configuration changed since it was read: nothing was written over it."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(
            f"configuration {name} was changed by somebody else meanwhile: nothing was written, begin anew"
        )


class InvokeRefused(SoswError):
    """The invocation certainly did not happen: the function is throttled, missing or not ours to call."""

    def __init__(self, function: str, reason: str, *, is_passing: bool) -> None:
        self.function, self.reason, self.is_passing = function, reason, is_passing
        super().__init__(f"function {function} was not invoked: {reason}")


class InvokeUncertain(SoswError):
    """No answer, or a server's error: the invocation may have happened. Only the end of the lease can tell."""

    def __init__(self, function: str, reason: str) -> None:
        self.function, self.reason = function, reason
        super().__init__(f"function {function} may have been invoked: {reason}")


def invalid(field: str, value: Any, rule: str, hint: str = "") -> InvalidInput:
    """An `InvalidInput` of one problem."""
    return InvalidInput([Problem(field, value, rule, hint)])


def missing(field: str, value: Any, rule: str, hint: str = "") -> InvalidInput:
    """An `InvalidInput` of one thing that is not known here."""
    return InvalidInput([Missing(field, value, rule, hint)])


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A guess for a misspelt `word`, or the known words when none is near."""
    import difflib  # noqa: PLC0415  (only a mistake pays for it)

    names = sorted(known)
    near = difflib.get_close_matches(word, names, n=1)
    return f"did you mean {near[0]!r}?" if near else f"known: {', '.join(names) or 'none'}"
