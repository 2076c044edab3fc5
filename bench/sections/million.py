"""One job of a million tasks, through all its invocations."""

from __future__ import annotations

from typing import Any

from bench import programs
from bench.figures import Budget, Section
from bench.here.million import FASTER
from bench.jobs import MILLION
from bench.sections.options import Options
from sosw.local.dynamodb_local import dynamodb_local

MOST_CALLS, MOST_UNITS, MOST_MB, LEAST_INVOCATIONS = 0.1, 2.1, 200.0, 3
ABOUT = f"""\
A job of a million tasks is submitted once to the handler of the Scheduler's Lambda. Each invocation has 15 minutes, of
a clock that goes {FASTER} times as fast as the real one. Before they are over it hands the job over through Lambda's
API (a stand-in takes the event), and the next invocation gets that event, in the same process. At the end the table is
counted by a parallel scan, and the number of each task is ticked off."""


def million(options: Options) -> Section:
    """Takes a quarter of an hour."""
    with dynamodb_local(programs.ROOT) as endpoint:
        options.say(f"Scheduling one job of {MILLION:,} tasks on DynamoDB Local (a quarter of an hour)")
        seen = programs.here("million", MILLION, is_heard=True, AWS_ENDPOINT_URL_DYNAMODB=endpoint)
    return Section(
        key="million",
        title="A million tasks in one job",
        about=ABOUT,
        columns=["one job", "figure"],
        rows=_rows(seen),
        budgets=_budgets(seen),
    )


def _rows(seen: dict[str, Any]) -> list[list[str | float]]:
    rates = seen["rates"]
    return [
        ["tasks in the table, by a parallel scan", seen["counted"]],
        ["different numbers among them, from 0 on", seen["numbers"]],
        ["invocations of the Scheduler", seen["invocations"]],
        ["seconds in all", seen["wall"]],
        ["tasks/s", seen["tasks"] / seen["wall"]],
        ["tasks/s of the first full invocation", rates[0]],
        ["tasks/s of the last full invocation", rates[-1]],
        ["seconds of CPU of the Scheduler's process", seen["cpu"]],
        ["MB at the peak of the Scheduler's process, job included", seen["peak"]],
        *([f"calls: {name}", count] for name, count in seen["calls"].items()),
        ["write units, by the rule", seen["write_units"]],
    ]


def _budgets(seen: dict[str, Any]) -> list[Budget]:
    return [
        Budget(name="tasks in the table", value=seen["counted"], least=MILLION, most=MILLION),
        Budget(name="different numbers of tasks", value=seen["numbers"], least=MILLION, most=MILLION),
        Budget(name="tasks in the job's record", value=seen["total"], least=MILLION, most=MILLION),
        Budget(name="invocations", value=seen["invocations"], least=LEAST_INVOCATIONS),
        Budget(name="AWS calls a task", value=sum(seen["calls"].values()) / MILLION, most=MOST_CALLS),
        Budget(name="write units a task", value=seen["write_units"] / MILLION, most=MOST_UNITS),
        Budget(name="MB at the peak", value=seen["peak"], most=MOST_MB),
    ]
