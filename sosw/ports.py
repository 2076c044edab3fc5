"""What the roles need of the world, as Protocols. `sosw.aws` has the real ones, `sosw.testing` those in memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet
    from datetime import datetime

    from sosw.domain.health import Query, Reading
    from sosw.domain.job import Job, JobMove, Totals
    from sosw.domain.lifecycle import Transition
    from sosw.domain.messages import Wake
    from sosw.domain.metrics import Metric, Owner
    from sosw.domain.ranks import Place
    from sosw.domain.records import Entry, Record, RecordKey
    from sosw.domain.recount import Recount
    from sosw.domain.settings import Labourer
    from sosw.domain.slots import SlotRow
    from sosw.domain.sources import Source
    from sosw.domain.stored import StoredConfig
    from sosw.domain.task import JobId, LabourerName, Task, TaskId

Item = TypeVar("Item")


class Clock(Protocol):
    """Where the time comes from."""

    def now(self) -> datetime:
        """The moment, aware, in UTC."""


class Outcome(str, Enum):
    """What became of one transition of a batch."""

    APPLIED = "applied"
    STALE = "stale"
    """It certainly did not happen: the task was not as expected."""
    UNCERTAIN = "uncertain"
    """Throttled, timed out or a server's error: read the task to know."""


class TaskStore(Protocol):
    """The tasks table. Every write is one conditional write on one task."""

    def create(self, tasks: Sequence[Task]) -> int:
        """Write those that are not there yet; how many were new. What is there stays untouched, whatever its state."""

    def get(self, task_id: TaskId) -> Task | None:
        """As of now (strongly consistent)."""

    def get_many(self, task_ids: Iterable[TaskId], *, is_consistent: bool = True) -> dict[TaskId, Task]:
        """Those that are there. Without `is_consistent`, at half the price, as of a moment ago."""

    def places(self, queue: str, start: int, limit: int) -> list[Place]:
        """The first `limit` places of `queue` from rank `start` on, in order. May lag. `sosw.line` knows who is due."""

    def apply(self, transition: Transition) -> Task:
        """Move one task and return it as it is then; raises `StaleTask` when it is not as expected."""

    def apply_all(self, transitions: Sequence[Transition]) -> list[Outcome]:
        """Move many tasks, each by itself: the outcomes in the order of the transitions."""


class SlotStore(Protocol):
    """The slot rows of the labourers."""

    def rows(self, labourer: LabourerName) -> list[SlotRow]:
        """All that were ever written, in order of their numbers (strongly consistent), each read before the next."""

    def write(self, row: SlotRow) -> SlotRow:
        """Write `row` if its version is still that of the table (0: no such row); returns it at its new version.

        Raises `StaleRow` when somebody wrote it meanwhile. An error of the network may hide a write that took effect:
        read again before the next one.
        """


@dataclass(frozen=True, slots=True)
class Limit:
    """How many attempts of a labourer may run at once, by what is known of it at a version."""

    value: int
    version: int = 0
    """Rises with every change, and means one value: rows that a later version has sized are not sized again by it."""
    why: str = ""
    """Why it is lower than what the settings allow; empty when it is not."""
    shards: int = 1
    """The most shards that its line ever had: so many are looked through."""
    is_read: bool = True
    """False: the records could not be read. It is the last that was known, and a later version may be in force."""


class Limits(Protocol):
    """Where the limits of labourers come from."""

    def tick(self) -> None:
        """The minute's work: look how all that limits depend on is doing, and remember it."""

    def limits(self, labourers: Sequence[Labourer]) -> dict[LabourerName, Limit]:
        """As of now (strongly consistent). A labourer whose limit cannot be told is left out: it has to wait."""


class Admission(Protocol):
    """What a labourer's due tasks must pass besides a free slot, for one wave."""

    def admit(self, candidates: Sequence[Task], limit: int) -> list[Task]:
        """At most `limit` of them, in their order; what it has let in before stays in."""

    def close(self, started: AbstractSet[TaskId]) -> None:
        """End the wave: `started` were started, or may have been; nothing else was, or will be. Never raises."""

    @property
    def next_at(self) -> datetime | None:
        """After `close`: when the labourer must be woken, for time alone will let more in. None where it need not."""


class Gates(Protocol):
    """Makes admissions."""

    def entry(self, labourer: Labourer, ended: Mapping[TaskId, int]) -> Admission:
        """For one wave. `ended`: versions at which tasks were seen not running."""


class InParallel(Protocol):
    """Calls `call` for each item, at once or one after the other, and returns when all have ended."""

    def __call__(self, call: Callable[[Item], None], items: Iterable[Item], /) -> object: ...


class RecordStore(Protocol):
    """The labourers table: what is remembered of labourers, resources and everything, and the log of its changes."""

    def read(self, keys: Iterable[RecordKey]) -> dict[RecordKey, Record]:
        """All that were asked for, as of now (strongly consistent); one that is not there is empty, at version 0."""

    def write(self, record: Record) -> Record:
        """Write `record` if its version is still that of the table; returns it at its new version.

        Raises `StaleRecord` when somebody wrote it meanwhile. An error of the network may hide a write that took
        effect: read again before the next one.
        """

    def note(self, entry: Entry) -> None:
        """Add a line to its owner's log; it leaves the table after `sosw.domain.records.LOG_LIFE`."""

    def log(self, owner: str, limit: int) -> list[Entry]:
        """The owner's latest lines, the newest first. May lag."""


class HealthSource(Protocol):
    """What measures health and load: a metric, an alarm, a function."""

    def read(self, queries: Sequence[Query], now: datetime) -> Mapping[Query, Reading]:
        """The reading of every query, as of `now`. Never raises for a query that cannot be answered.

        A wrong name, no data, a missing permission or a slow service is a `Reading` whose `problem` says so.
        """


class JobStore(Protocol):
    """The jobs table. Every write is one conditional write on one job."""

    def open(self, job: Job) -> Job:
        """Remember `job` unless its id is known; returns what the table has then."""

    def get(self, job_id: JobId) -> Job | None:
        """As of now (strongly consistent)."""

    def apply(self, move: JobMove) -> Job:
        """Move one job and return it as it is then, without its totals; raises `StaleJob` if it is not as expected."""

    def left(self, now: datetime, limit: int) -> list[JobId]:
        """At most `limit` open jobs whose hold is over by `now`: nobody is at them. May lag."""

    def recent(self, limit: int, *, before: datetime) -> list[Job]:
        """The `limit` jobs submitted last before that moment, the newest first. May lag."""

    def count(self, job_id: JobId, totals: Totals, *, token: str, again: datetime) -> None:
        """Add to the job's totals, once for each `token` of the last few. An unknown job is left unknown.

        Where they are not to be checked any more, the same write has them checked again, from that moment and from the
        first task on: however late it takes effect, it never spoils totals for good.
        """

    def uncounted(self, now: datetime, limit: int) -> list[JobId]:
        """At most `limit` jobs whose totals are to be checked by `now`, the longest due first. May lag."""

    def recount(self, job_id: JobId) -> Recount | None:
        """How far the check is, and the totals, as of now (strongly consistent). None for a job without totals."""

    def keep(self, seen: Recount, then: Recount) -> None:
        """Remember `then` in place of what was `seen`; the totals too, where they are others.

        Raises `StaleJob` when somebody else has gone on with the check, and, where totals would be written or the
        check would end, when a batch of the stream was counted meanwhile.
        """

    def count_again(self, job_id: JobId, at: datetime) -> None:
        """Have the totals checked from that moment on, from the first task on: whatever was read before is forgotten.

        What is owed to a tally is not. An unknown job is left unknown.
        """


Beat = Callable[[], None]
"""Called now and then by what takes long: it keeps a hold, or raises to end it."""


def no_beat() -> None:
    """Where nobody waits for it."""


class SourceReader(Protocol):
    """What jobs with a `source` read.

    Every method raises `InvalidInput` that names a source that can never be read, and `SourceUnavailable` for one that
    cannot be read now.
    """

    def pin(self, source: Source, beat: Beat = no_beat) -> str:
        """What the source is now, a text to remember with the job: equal for equal content. `beat` as of `objects`."""

    def lines(self, source: Source, pin: str) -> Iterator[bytes]:
        """The lines that the source had at its pin, without their ends, unpacked.

        A line is cut off after `sosw.domain.lines.MAX_LINE_BYTES` + 1. Raises when the source is another one by now.
        """

    def objects(self, source: Source, pin: str, beat: Beat = no_beat) -> Iterator[dict[str, Any]]:
        """`bucket`, `key`, `size` and `etag` of each object below the prefix, in order of the keys.

        `beat` is called with every page of the list, also of those that are read before the first object is told.
        Raises when they are not those of the pin, before the first one, or when that shows, after the last.
        """


class Invoker(Protocol):
    """Starts Lambda functions, asynchronously."""

    def start(self, function: str, event: Mapping[str, Any]) -> None:
        """Hand `event` over; raises `InvokeRefused` if it was certainly not taken, `InvokeUncertain` if unclear."""


class Notifier(Protocol):
    """Tells people."""

    def publish(self, subject: str, text: str) -> None:
        """Hand a message over; raises `InvokeUncertain` when it may not have been taken."""


class Metrics(Protocol):
    """Numbers for graphs and alarms."""

    def note(self, values: Mapping[Metric, float], of: Owner | None = None) -> None:
        """What was measured of a labourer or a resource, or of the environment. Costs no call, and never raises."""


class Unmetered:
    """`Metrics` that nobody looks at."""

    def note(self, values: Mapping[Metric, float], of: Owner | None = None) -> None:
        """See `Metrics.note`."""


class Reminder(Protocol):
    """Wakes the Orchestrator later."""

    def remind(self, wakes: Sequence[tuple[datetime, Wake]]) -> None:
        """Deliver each wake at its moment, at most 15 minutes ahead, or a little later. May fail in part.

        Raises `InvokeUncertain` then: who asked goes on, for the minute rule finds what is due without any reminder.
        """


class ConfigSource(Protocol):
    """Stored configuration."""

    def get(self, name: str) -> dict[str, Any] | None:
        """The object stored under `name`, or None; raises `InvalidInput` when it is no JSON object."""


class ConfigStore(ConfigSource, Protocol):
    """Stored configuration, and the writing of it."""

    def look(self, name: str) -> StoredConfig:
        """What is stored under `name`, as of now, to replace it; raises `InvalidInput` as `get` does."""

    def replace(self, seen: StoredConfig, config: Mapping[str, Any]) -> None:
        """Store `config` in place of what was seen.

        Raises `StaleConfig` when somebody wrote it meanwhile, and `InvalidInput` for what is no JSON object of at most
        256 KB. An error of the network may hide a write that took effect: look again before the next one.
        """
