"""Tasks that wait, started; their whole life; and labourers with nothing to do."""

from __future__ import annotations

from typing import Any

from bench import programs
from bench.figures import Budget, Section, number
from bench.sections.options import Options
from sosw.local.dynamodb_local import dynamodb_local

TASKS, TRIES, WARM_UP = 1_000, 3, 10
LIMIT, FEW = 100, 30
PEER_LIVES = 100
LABOURERS = (10, 60)
LEAST_SHARE = 0.25
MOST_CALLS, MOST_WRITES, MOST_READS, MOST_IDLE = 4.0, 6.0, 1.5, 2.0
NONE = "–"
ABOUT = f"""\
*Start*: {number(TASKS)} tasks of one labourer wait, and its limit allows all of them. The handler of the Orchestrator's
Lambda gets one event and claims and invokes them. Lambda is a stand-in within the process, the same for both sides: it
takes the event and returns. Best of {TRIES} tries, by the clock on the wall. *Claims alone* are the same conditional
writes in the same batches, with nothing besides: what this server can do at most. The project's aim of ten times the
peer's rate is above that, so what is held is a share of it ([why](decisions/0014-rate-of-starting.md)).

*Whole life*: a job of such tasks from the Scheduler to the last report, by the handlers of all Essentials: every event
that one of them sends, the reports of Workers, and the batches that the stream of our tasks table really has, filtered
as in the template; then the sweep that archives the job and checks its totals. Counted are all calls but those that
Lambda makes itself to poll the stream; the Worker's invocation of the WorkerAssistant is one of them. Write units as in
the section above: DynamoDB Local tells those of single writes, and those of statements are computed by DynamoDB's rule,
each from the item before and after. Of sosw 0.7.51 all tasks are scheduled, started, reported and archived at once,
which is the cheapest for it.

*One at a time* is the dearest case here: a limit of 1, so that each task pays alone for finding and starting it.

*An idle labourer*: what one more labourer without tasks adds to the calls of a minute, the Orchestrator's and the
Scavenger's minute rule, between {LABOURERS[0]} and {LABOURERS[1]} labourers."""


def dispatch(options: Options) -> Section:
    """Both sides, each on a server of its own where queues would mix."""
    options.say(f"Starting {number(TASKS)} tasks, {TRIES} times on each side")
    counts = [WARM_UP, *[TASKS] * TRIES]
    ours = max(_here("dispatch", *counts)["runs"][1:], key=_rate)
    bare = max(_here("claims", *counts)["runs"][1:], key=_rate)
    theirs = max(_peer("dispatch", *counts)["runs"][1:], key=_rate)
    options.say(f"The whole life of {number(TASKS)} tasks, {LIMIT} at a time, and of {FEW}, one at a time")
    many, single = _here("life", TASKS, LIMIT), _here("life", FEW, 1)
    peer_life = _peer("life", PEER_LIVES)
    options.say(f"A minute of {LABOURERS[0]} and of {LABOURERS[1]} idle labourers")
    idle, peer_idle = (_slope(run("idle", *LABOURERS)["minutes"]) for run in (_here, _peer))
    return Section(
        key="dispatch",
        title="Starting tasks, and what a task costs",
        about=ABOUT,
        columns=["", "tasks/s", "ms of CPU a task", "calls a task", "read units a task", "write units a task"],
        rows=[
            ["start: sosw", _rate(ours), _cpu(ours), _calls(ours), ours["read_units"] / TASKS, NONE],
            ["claims alone: sosw", _rate(bare), _cpu(bare), _calls(bare), NONE, NONE],
            ["start: 0.7.51", _rate(theirs), _cpu(theirs), _calls(theirs), theirs["read_units"] / TASKS, NONE],
            _life(f"whole life, {LIMIT} at a time: sosw", many),
            _life("whole life, one at a time: sosw", single),
            _life(f"whole life, {PEER_LIVES} at a time: 0.7.51", peer_life),
            ["an idle labourer, a minute: sosw", NONE, NONE, idle, NONE, NONE],
            ["an idle labourer, a minute: 0.7.51", NONE, NONE, peer_idle, NONE, NONE],
        ],
        budgets=[*_started(ours, bare), *_lived(many, single), _idle(idle)],
    )


def _started(ours: dict[str, Any], bare: dict[str, Any]) -> list[Budget]:
    return [
        Budget(name="tasks started", value=ours["tasks"], least=TASKS, most=TASKS),
        Budget(name="rate of starting over that of claims alone", value=_rate(ours) / _rate(bare), least=LEAST_SHARE),
    ]


def _lived(many: dict[str, Any], single: dict[str, Any]) -> list[Budget]:
    closed, tasks = many["closed"] + single["closed"], many["tasks"] + single["tasks"]
    return [
        Budget(name="tasks done", value=closed, least=tasks, most=tasks),
        Budget(name="tasks archived", value=many["archived"] + single["archived"], least=tasks, most=tasks),
        Budget(name="jobs with unchecked totals", value=many["unchecked"] + single["unchecked"], most=0),
        Budget(name="calls a task, whole life", value=_calls(many), most=MOST_CALLS),
        Budget(name="write units a task, whole life", value=many["write_units"] / many["tasks"], most=MOST_WRITES),
        Budget(name="read units a task, whole life", value=many["read_units"] / many["tasks"], most=MOST_READS),
    ]


def _idle(calls: float) -> Budget:
    return Budget(name="calls an idle labourer and minute", value=calls, most=MOST_IDLE)


def _here(program: str, *arguments: int) -> dict[str, Any]:
    with dynamodb_local(programs.ROOT) as endpoint:
        return programs.here(program, *arguments, AWS_ENDPOINT_URL_DYNAMODB=endpoint)


def _peer(program: str, *arguments: int) -> dict[str, Any]:
    with dynamodb_local(programs.ROOT) as endpoint:
        return programs.peer(program, *arguments, AWS_ENDPOINT_URL_DYNAMODB=endpoint)


def _slope(minutes: list[dict[str, Any]]) -> float:
    """What one more labourer adds."""
    few, many = minutes
    more = sum(many["calls"].values()) - sum(few["calls"].values())
    return float(more / (many["labourers"] - few["labourers"]))


def _life(title: str, run: dict[str, Any]) -> list[str | float]:
    return [title, NONE, NONE, _calls(run), run["read_units"] / run["tasks"], run["write_units"] / run["tasks"]]


def _rate(run: dict[str, Any]) -> float:
    return float(run["tasks"] / run["wall"])


def _cpu(run: dict[str, Any]) -> float:
    return float(1000 * run["cpu"] / run["tasks"])


def _calls(run: dict[str, Any]) -> float:
    return float(sum(run["calls"].values()) / run["tasks"])
