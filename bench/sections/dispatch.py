"""Tasks that wait, started."""

from __future__ import annotations

from typing import Any

from bench.figures import BUSY, Budget, Section, number
from bench.sections import servers
from bench.sections.options import Options

TASKS, TRIES, WARM_UP = 1_000, 3, 10
LEAST_SHARE = 0.25
NONE = "–"
ABOUT = f"""\
{number(TASKS)} tasks of one labourer wait, and its limit allows all of them. The handler of the Orchestrator's Lambda
gets one event and claims and invokes them. Lambda is a stand-in within the process, the same for both sides: it takes
the event and returns. Best of {TRIES} tries, by the clock on the wall. *Claims alone* are the same conditional writes
in the same batches, with nothing besides: what this server can do at most. The project's aim of ten times the peer's
rate is above that, so what is held is a share of it ([why](decisions/0014-rate-of-starting.md))."""


def dispatch(options: Options) -> Section:
    """Both sides, each on a server of its own."""
    options.say(f"Starting {number(TASKS)} tasks, {TRIES} times on each side")
    counts = [WARM_UP, *[TASKS] * TRIES]
    ours = max(servers.here("dispatch", *counts)["runs"][1:], key=_rate)
    bare = max(servers.here("claims", *counts)["runs"][1:], key=_rate)
    theirs = max(servers.peer("dispatch", *counts)["runs"][1:], key=_rate)
    return Section(
        key="dispatch",
        title="Starting tasks",
        about=ABOUT,
        columns=["", "tasks/s", "ms of CPU a task", "calls a task", "read units a task"],
        rows=[
            ["sosw", _rate(ours), _cpu(ours), _calls(ours), ours["read_units"] / TASKS],
            ["claims alone", _rate(bare), _cpu(bare), _calls(bare), NONE],
            ["0.7.51", _rate(theirs), _cpu(theirs), _calls(theirs), theirs["read_units"] / TASKS],
        ],
        budgets=[
            Budget(name="tasks started", value=ours["tasks"], least=TASKS, most=TASKS),
            Budget(
                name="rate of starting over that of claims alone",
                value=_rate(ours) / _rate(bare),
                least=LEAST_SHARE,
                reason=BUSY,
            ),
        ],
    )


def _rate(run: dict[str, Any]) -> float:
    return float(run["tasks"] / run["wall"])


def _cpu(run: dict[str, Any]) -> float:
    return float(1000 * run["cpu"] / run["tasks"])


def _calls(run: dict[str, Any]) -> float:
    return float(sum(run["calls"].values()) / run["tasks"])
