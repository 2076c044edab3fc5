"""The whole life of tasks, on both sides: what it costs, and in which phase."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from bench import programs
from bench.charts import draw_life
from bench.costs import by_phase, operations, whole
from bench.figures import Budget, Section, Table, number
from bench.phases import PHASES
from bench.sections import servers
from bench.sections.options import Options

SIZES, LABOURERS, LIMIT, FEW = (1_000, 5_000), (1, 10), 100, 30
MOST_CALLS, MOST_WRITES, MOST_READS = 4.0, 6.0, 1.5
NONE = "–"
PICTURE = programs.ROOT / "docs" / "images" / "life.svg"
COLUMNS = ["calls a task", "write units a task", "read units a task", "KB a task", "ms of CPU a task"]
ABOUT = f"""\
A job for each labourer, from the Scheduler to the archive, by the handlers of all Essentials on both sides, and with
the same stand-in of Lambda within the process, which takes an event and returns. Of sosw that is every event that one
Essential sends to another, the reports of Workers, the batches that the stream of the tasks table really has, filtered
as in the template, and some minutes later those in which tasks are archived and totals are checked. Each labourer
has a limit of {LIMIT}. Of sosw 0.7.51 each Essential is called once, with all tasks at a time, which is the cheapest
for it.

- *Phases*: *create* is the Scheduler's part, *claim* the Orchestrator's, *complete* that of the WorkerAssistant and of
  the Worker that invokes it, *stream* is what the Scavenger does at the news, *archive* its minute rule. sosw 0.7.51
  has no stream.
- *Calls* are all but those that Lambda makes itself to poll the stream. *KB* are the bodies of DynamoDB's calls, both
  ways. *CPU* is that of the process with all Essentials, without the server's, and *MB* is its peak. *tasks/s* is by
  the clock on the wall, one event after the other, with the server on the same machine.
- Write units: as in the section above.
- Left out: sosw 0.7.51's Scheduler reads the queue before each task that it creates, so 5,000 would take it many
  minutes. It creates 100 of them here, in jobs spread over the growing queue, and the others are put there as it leaves
  them; of 5,000 it starts, completes and archives 1,000 in one minute, while the others wait. Each phase is told per
  task that went through it. Its two calls of S3 for each job are not counted.
- *One at a time* is the dearest case here: a limit of 1, so that each task pays alone for finding and starting it.

![What a task costs, by phase](images/life.svg)"""


@dataclass(frozen=True, slots=True)
class Pair:
    """The same tasks on both sides."""

    tasks: int
    labourers: int
    ours: dict[str, Any]
    theirs: dict[str, Any]

    @property
    def title(self) -> str:
        """Of its rows."""
        return f"{number(self.tasks)} tasks, {self.labourers} labourer{'s' if self.labourers > 1 else ''}"


def life(options: Options) -> Section:
    """Each size, with one labourer and with ten."""
    pairs = [_pair(options, tasks, labourers) for tasks in SIZES for labourers in LABOURERS]
    options.say(f"The whole life of {FEW} tasks, one at a time")
    single = servers.here("life", FEW, 1, 1)
    first = pairs[0]
    draw_life(PICTURE, {"0.7.51": by_phase(first.theirs), "sosw": by_phase(first.ours)})
    return Section(
        key="life",
        title="What a task costs, from its job to the archive",
        about=ABOUT,
        columns=["", *COLUMNS, "tasks/s", "MB at the peak"],
        rows=[*(row for pair in pairs for row in _rows(pair)), _row(f"{FEW} tasks, one at a time: sosw", single)],
        details=[
            Table(
                title=f"By phase, {first.title}",
                columns=["", *COLUMNS, "calls"],
                rows=[row for phase in PHASES for row in _phase(phase, first)],
            )
        ],
        budgets=[*_lived([pair.ours for pair in pairs] + [single]), *_costs(pairs)],
    )


def _pair(options: Options, tasks: int, labourers: int) -> Pair:
    options.say(f"The whole life of {number(tasks)} tasks of {labourers} on both sides")
    ours = servers.here("life", tasks, labourers, LIMIT)
    return Pair(tasks, labourers, ours, servers.peer("life", tasks, labourers))


def _rows(pair: Pair) -> Iterable[list[str | float]]:
    """Both, and how many times ours the other's is."""
    ours, theirs = whole(pair.ours), whole(pair.theirs)
    yield _row(f"{pair.title}: sosw", pair.ours)
    yield _row(f"{pair.title}: 0.7.51", pair.theirs)
    times = [*theirs.over(ours), ours.wall / theirs.wall, pair.theirs["peak"] / pair.ours["peak"]]
    yield ["0.7.51 over sosw", *(f"× {number(float(one))}" for one in times)]


def _row(title: str, run: dict[str, Any]) -> list[str | float]:
    cost = whole(run)
    return [title, *cost.cells(), 1 / cost.wall, run["peak"]]


def _phase(phase: str, pair: Pair) -> Iterable[list[str | float]]:
    for name, run in (("sosw", pair.ours), ("0.7.51", pair.theirs)):
        cost = by_phase(run).get(phase)
        if cost is not None:
            yield [f"{phase}: {name}", *cost.cells(), operations(run, phase)]


def _lived(runs: list[dict[str, Any]]) -> list[Budget]:
    """Every task is done, and in the archive; the totals of every job are checked."""
    tasks = sum(run["tasks"] for run in runs)
    ended = min(sum(run[what] for run in runs) for what in ("closed", "archived"))
    return [
        Budget(name="tasks done and archived", value=ended, least=tasks, most=tasks),
        Budget(name="jobs with unchecked totals", value=sum(run["unchecked"] for run in runs), most=0),
    ]


def _costs(pairs: list[Pair]) -> list[Budget]:
    """The worst of all."""
    ours, theirs = ([whole(run) for run in runs] for runs in zip(*((p.ours, p.theirs) for p in pairs), strict=True))

    def budget(name: str, field: str, most: float) -> Budget:
        worst, peer = (max(getattr(cost, field) for cost in costs) for costs in (ours, theirs))
        return Budget(name=f"{name} a task, whole life", value=worst, most=most, peer=peer, is_promise=True)

    return [
        budget("calls", "calls", MOST_CALLS),
        budget("write units", "write_units", MOST_WRITES),
        budget("read units", "read_units", MOST_READS),
    ]
