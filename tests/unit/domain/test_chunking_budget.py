"""A million tasks within the budget of DESIGN: 5 s of CPU and 100 MB, measured in a process of their own."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

TASKS = 1_000_000
MOST_CPU, MOST_MB = 5.0, 100
MOST_GROWTH_MB = 3
"""Of the memory while the tasks are made, over what the job itself takes."""
MEASURE = """
import datetime, json, resource, sys, time
from sosw.domain.chunking import chunk
from sosw.domain.survey import survey

NAMES = [str(n) for n in range(100)]

def nested(names, counts, innermost):
    if not counts:
        return innermost
    return {names[0] + "s": {name: nested(names[1:], counts[1:], innermost) for name in NAMES[: counts[0]]}}

JOBS = {
    "lists": lambda: {"isolate_ds": True, **nested("abc", [10, 10, 10], {"ds": list(range(1_000))})},
    "dicts": lambda: {"isolate_cs": True, **nested("abc", [100, 100, 100], None)},
    "dicts with payload": lambda: {"isolate_cs": True, **nested("abc", [100, 100, 100], {"x": 1})},
    "days": lambda: {"period": "last_1000_days", "isolate_days": True, "isolate_as": True, "as": list(range(1_000))},
}
TODAY = datetime.date(2026, 1, 1)
job = JOBS[sys.argv[1]]()
schema = "abcd" if sys.argv[1] == "lists" else "abc"
held, begun = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
seen = survey(job, schema, TODAY)
tasks = sum(1 for _ in chunk(job, schema, TODAY))
cpu, peak = time.process_time() - begun, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
unit = 1024 if sys.platform == "linux" else 1024 * 1024
print(json.dumps({"tasks": tasks, "seen": seen.tasks, "problems": list(map(str, seen.problems)),
                  "cpu": cpu, "peak": peak / unit, "growth": (peak - held) / unit}))
"""


@pytest.mark.parametrize("job", ["lists", "dicts", "dicts with payload", "days"])
def test_a_million_tasks_are_looked_over_and_made_within_the_budget(job: str) -> None:
    measured = subprocess.run([sys.executable, "-c", MEASURE, job], check=True, capture_output=True, text=True)
    seen = json.loads(measured.stdout)
    assert (seen["tasks"], seen["seen"], seen["problems"]) == (TASKS, TASKS, [])
    assert seen["cpu"] <= MOST_CPU
    assert seen["peak"] <= MOST_MB
    assert job.startswith("dicts") or seen["growth"] <= MOST_GROWTH_MB
