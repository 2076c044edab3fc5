"""Labourers with nothing to do."""

from __future__ import annotations

from collections import Counter
from typing import Any

from bench.figures import Budget, Section, number
from bench.sections import servers
from bench.sections.options import Options

LABOURERS = (10, 60)
MOST = 2.0
ABOUT = f"""\
What one more labourer without tasks adds to each minute, between {LABOURERS[0]} and {LABOURERS[1]} labourers: the
Orchestrator's and the Scavenger's minute rule, warm, with nothing to start, to mend and to archive. Each of these
queries finds nothing: AWS bills half a read unit for it, and DynamoDB Local nothing."""


def idle(options: Options) -> Section:
    """Both sides."""
    options.say(f"A minute of {LABOURERS[0]} and of {LABOURERS[1]} idle labourers")
    ours, theirs = (_more(run("idle", *LABOURERS)["minutes"]) for run in (servers.here, servers.peer))
    return Section(
        key="idle",
        title="With nothing to do",
        about=ABOUT,
        columns=["a labourer, a minute", "calls", "by operation"],
        rows=[_row("sosw", ours), _row("0.7.51", theirs)],
        budgets=[
            Budget(
                name="calls an idle labourer and minute",
                value=sum(ours.values()),
                most=MOST,
                peer=sum(theirs.values()),
                is_promise=True,
            )
        ],
    )


def _more(minutes: list[dict[str, Any]]) -> dict[str, float]:
    """The calls that one more labourer adds, by operation."""
    few, many = minutes
    calls = Counter(many["calls"])
    calls.subtract(few["calls"])
    return {name: count / (many["labourers"] - few["labourers"]) for name, count in calls.items() if count}


def _row(title: str, calls: dict[str, float]) -> list[str | float]:
    names = ", ".join(f"{number(count)} {name}" for name, count in sorted(calls.items(), key=lambda call: -call[1]))
    return [title, sum(calls.values()), names]
