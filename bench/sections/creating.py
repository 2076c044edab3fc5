"""Jobs of many sizes, written into the tables."""

from __future__ import annotations

from typing import Any

from bench import programs
from bench.figures import BUSY, Budget, Section, number
from bench.sections.options import Options
from sosw.local.dynamodb_local import dynamodb_local

SMALL, MIDDLE, BIG, LARGE = 1_000, 5_000, 10_000, 50_000
ROUNDS = (SMALL, BIG, MIDDLE, SMALL, BIG, SMALL)
PEER_WARM_UP, PEER_SLEEPING, PEER_TASKS = 10, 30, 300
MOST_CALLS, MOST_UNITS, LEAST_RATIO = 0.1, 2.1, 10.0
FLATTEST, STEEPEST = 0.7, 1.4
ABOUT = """\
The handler of the Scheduler's Lambda gets a job and writes its tasks, in a process that is warm; the jobs are the same
on both sides. Rates are the best of a size's tries, by the clock on the wall; CPU is that of the Scheduler's process.
The server shares the machine with it, and it is the server that sets our rate.

Calls are counted by events of botocore. Write units: DynamoDB Local tells those of single writes. Our tasks go in
statements of PartiQL, which it does not bill: theirs are computed from the items that were sent, by DynamoDB's rule
(names and values, 1 KB a unit, rounded up, table and index each). Every run checks the rule: such items are put by
PutItem, also one of just 1 KB and one of a byte more, and the server is asked what each cost.

sosw 0.7.51 sleeps after each task by the capacity of its table. "No sleep" is on a table on demand; "as in its
templates" is with the 2 write units a second that its example templates have. It reads its queue before each task, up
to 1 MB at a time, so its rate falls with the length of the queue: 1,000 are left out here, they take it half a minute.
It is its real Scheduler, TaskManager and trail of events."""


def creating(options: Options) -> Section:
    """Ours, then the peer's, on the same server."""
    sizes = [*ROUNDS, *([LARGE] if options.is_large else [])]
    with dynamodb_local(programs.ROOT) as endpoint:
        options.say(f"Creating {number(sum(sizes))} tasks on DynamoDB Local, in jobs of {number(SMALL)} and more")
        ours = programs.here("create", *sizes, AWS_ENDPOINT_URL_DYNAMODB=endpoint)
        options.say(f"sosw 0.7.51 creates {PEER_TASKS} tasks there")
        theirs = programs.peer("create", "on-demand", PEER_WARM_UP, PEER_TASKS, AWS_ENDPOINT_URL_DYNAMODB=endpoint)
    with dynamodb_local(programs.ROOT) as endpoint:
        options.say(f"sosw 0.7.51 creates {PEER_SLEEPING} tasks, with its sleep")
        asleep = programs.peer("create", "provisioned", PEER_WARM_UP, PEER_SLEEPING, AWS_ENDPOINT_URL_DYNAMODB=endpoint)
    best = {size: _best(ours["runs"], size) for size in sorted(set(sizes))}
    peer = theirs["runs"][-1]
    rows = [_row(f"sosw, {number(size)}", run) for size, run in best.items()]
    rows += [
        _row(f"sosw, {number(ours['named']['tasks'])}, of a job of 200 KB", ours["named"]),
        _row(f"0.7.51, {PEER_TASKS}, no sleep", peer),
        _row(f"0.7.51, {PEER_SLEEPING}, as in its templates", asleep["runs"][-1]),
    ]
    return Section(
        key="creating",
        title="Creating tasks",
        about=ABOUT,
        columns=["tasks in the job", "tasks/s", "ms of CPU a task", "calls a task", "calls", "write units a task"],
        rows=rows,
        budgets=[*_counted(ours), *_ratios(best, peer)],
    )


def _counted(ours: dict[str, Any]) -> list[Budget]:
    """Exact: the worst of all runs."""
    runs = ours["runs"]
    wrong = sum(by_rule != told for by_rule, told in ours["rule"])
    return [
        Budget(name="tasks in the table", value=ours["there"], least=ours["offered"], most=ours["offered"]),
        Budget(name="AWS calls a task", value=max(_calls(run) for run in runs), most=MOST_CALLS),
        Budget(name="write units a task", value=max(_units(run) for run in runs), most=MOST_UNITS),
        Budget(name="write units a task, of a job of 200 KB", value=_units(ours["named"]), most=MOST_UNITS),
        Budget(name=f"of {len(ours['rule'])} items, billed otherwise than by the rule", value=wrong, most=0),
    ]


def _ratios(best: dict[int, dict[str, Any]], peer: dict[str, Any]) -> list[Budget]:
    flat = _rate(best[BIG]) / _rate(best[SMALL])
    faster = _rate(best[BIG]) / _rate(peer)
    over_small, over_peer = f"over that at {number(SMALL)}: flat", f"over 0.7.51's at {PEER_TASKS}, no sleep"
    rate = f"rate at {number(BIG)}"
    return [
        Budget(name=f"{rate} {over_small}", value=flat, least=FLATTEST, most=STEEPEST, reason=BUSY),
        Budget(name=f"{rate} {over_peer}", value=faster, least=LEAST_RATIO, reason=BUSY),
    ]


def _best(runs: list[dict[str, Any]], size: int) -> dict[str, Any]:
    return max((run for run in runs if run["tasks"] == size), key=_rate)


def _rate(run: dict[str, Any]) -> float:
    return float(run["tasks"] / run["wall"])


def _calls(run: dict[str, Any]) -> float:
    return float(sum(run["calls"].values()) / run["tasks"])


def _units(run: dict[str, Any]) -> float:
    return float(run["write_units"] / run["tasks"])


def _row(title: str, run: dict[str, Any]) -> list[str | float]:
    calls = ", ".join(f"{count:,} {name}" for name, count in sorted(run["calls"].items(), key=lambda call: -call[1]))
    return [title, _rate(run), 1000 * run["cpu"] / run["tasks"], _calls(run), calls, _units(run)]
