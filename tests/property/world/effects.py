"""What a call of a stepped role does to the world, and the ways in which its caller can be deceived about it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from sosw.domain.errors import InvokeRefused, InvokeUncertain, SoswError, StaleJob, StaleRecord, StaleRow, StaleTask
from sosw.domain.job import Job, JobMove, Totals
from sosw.domain.messages import Wake
from sosw.domain.moments import EPOCH
from sosw.domain.records import Entry, Record, RecordKey
from sosw.domain.slots import SlotRow
from sosw.domain.task import JobId, LabourerName, Task, TaskId
from sosw.ports import Limit, Outcome
from sosw.testing import InMemoryJobStore, InMemoryRecordStore, InMemorySlotStore, InMemoryTaskStore
from tests.property.world.roles import NAMES
from tests.property.world.stepping import Call, Crash, Run

READS = frozenset(
    {"get", "get_lagging", "places", "next_row", "limit", "wait", "get_job", "left", "record", "log"},
)
STALE = (StaleTask, StaleRow, StaleJob, StaleRecord)
MEMORY = 12
"""So many writes back an index, or a cheap read, may show the world."""


class Fault(Enum):
    """What goes wrong with a call."""

    NONE = "nothing"
    CRASH_BEFORE = "the caller dies before it takes effect"
    CRASH_AFTER = "it takes effect, the caller dies"
    LOST = "it takes effect, the caller sees an error"
    MISREAD = "it takes effect, the reply is lost, and the retry meets its own work"
    FAILED = "it does not take effect, the caller sees an error"
    LATE = "the caller sees an error, it takes effect some time after"


class LostError(SoswError):
    """What a client of AWS raises when a call had no good answer."""


class Effects:
    """The stores, and what lies outside of them."""

    def __init__(self, witness: Callable[[Call, dict[TaskId, Task]], None]) -> None:
        """`witness(call, tasks before it)` looks at the world after every write that took effect."""
        self.witness = witness
        self.tasks, self.slots, self.jobs = InMemoryTaskStore(), InMemorySlotStore(), InMemoryJobStore()
        self.limits: list[Limit] = []
        """All that there ever were, at versions from 1."""
        self.records = InMemoryRecordStore()
        self.started: list[tuple[str, dict[str, Any]]] = []
        self._past: deque[dict[TaskId, Task]] = deque([{}], maxlen=MEMORY)

    def perform(self, call: Call, lag: int) -> Any:
        """`lag`: by how many writes a lagging read is behind."""
        if call.name in {"places", "get_lagging"}:
            return self._lagging(call, self._past[-1 - min(lag, len(self._past) - 1)])
        effect: Callable[..., Any] = getattr(self, call.name)
        if call.name in READS:
            return effect(*call.args)
        before = dict(self.tasks.tasks)
        value = effect(*call.args)
        self._past.append(dict(self.tasks.tasks))
        self.witness(call, before)
        return value

    def _lagging(self, call: Call, then: dict[TaskId, Task]) -> Any:
        if call.name == "get_lagging":
            return then.get(call.args[0])
        view = InMemoryTaskStore()
        view.tasks = then
        return view.places(*call.args)

    def create(self, task: Task) -> int:
        return self.tasks.create([task])

    def get(self, task_id: TaskId) -> Task | None:
        return self.tasks.get(task_id)

    def apply(self, transition: Any) -> Task:
        return self.tasks.apply(transition)

    def apply_one(self, transition: Any) -> Outcome:
        return self.tasks.apply_all([transition])[0]

    def next_row(self, labourer: LabourerName, number: int) -> SlotRow | None:
        return next((row for row in self.slots.rows(labourer) if row.number >= number), None)

    def limit(self) -> Limit:
        return self.limits[-1]

    def wait(self, time: timedelta) -> None:
        """The stage lets it pass."""

    def write(self, row: SlotRow) -> SlotRow:
        return self.slots.write(row)

    def open(self, job: Job) -> Job:
        return self.jobs.open(job)

    def get_job(self, job_id: JobId) -> Job | None:
        return self.jobs.get(job_id)

    def move_job(self, move: JobMove) -> Job:
        return self.jobs.apply(move)

    def left(self, now: datetime, limit: int) -> list[JobId]:
        return self.jobs.left(now, limit)

    def count(self, job_id: JobId, totals: Totals, token: str) -> None:
        self.jobs.count(job_id, totals, token=token, again=EPOCH)

    def record(self, key: RecordKey) -> Record:
        return self.records.read([key])[key]

    def write_record(self, record: Record) -> Record:
        return self.records.write(record)

    def note(self, entry: Entry) -> None:
        self.records.note(entry)

    def log(self, owner: str, limit: int) -> list[Entry]:
        return self.records.log(owner, limit)

    def start(self, function: str, event: dict[str, Any]) -> None:
        self.started.append((function, event))

    def remind(self, wakes: Sequence[tuple[datetime, Wake]]) -> None:
        """They come as early, late or often as any wake."""
        self.started += [(NAMES.orchestrator, wake.to_event()) for _, wake in wakes]

    def carry_out(self, run: Run, fault: Fault, lag: int) -> None:
        """Let the call that `run` waits for happen, or not, and tell the run what `fault` makes of it."""
        call = run.call
        assert call is not None
        match fault:
            case Fault.CRASH_BEFORE:
                run.fail(Crash())
            case Fault.FAILED:
                _deceive(run, call, InvokeRefused("f", "throttled", is_passing=True))
            case Fault.LATE:
                _deceive(run, call, InvokeUncertain("f", "no answer"))
            case Fault.MISREAD if call.name not in READS | {"start", "remind"}:
                self._try(call, lag)
                _tell(run, self._try(call, lag))
            case _:
                answer = self._try(call, lag)
                if fault is Fault.CRASH_AFTER:
                    run.fail(Crash())
                elif fault is Fault.NONE:
                    _tell(run, answer)
                else:
                    _deceive(run, call, InvokeUncertain("f", "no answer"))

    def _try(self, call: Call, lag: int) -> Any:
        try:
            return self.perform(call, lag)
        except STALE as stale:
            return stale

    def arrive(self, call: Call) -> None:
        """A call takes effect that was given up by its caller."""
        self._try(call, 0)


def _tell(run: Run, answer: Any) -> None:
    if isinstance(answer, SoswError):
        run.fail(answer)
    else:
        run.answer(answer)


def _deceive(run: Run, call: Call, of_invoke: SoswError) -> None:
    """The caller is told nothing but that something went wrong."""
    if call.name == "apply_one":
        run.answer(Outcome.UNCERTAIN)
    elif call.name == "start":
        run.fail(of_invoke)
    elif call.name == "remind":
        run.fail(InvokeUncertain("f", "no answer"))
    else:
        run.fail(LostError())
