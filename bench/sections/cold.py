"""What a container pays for before its first event is answered."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from bench import jobs, programs
from bench.figures import Budget, Section
from bench.here.essentials import PREFIX
from bench.sections.options import Options
from bench.stand_in import StandIn
from sosw.domain import lifecycle
from sosw.domain.assignment import worker_event
from sosw.domain.task import JobId, LabourerName, Task, task_id
from sosw.local.dynamodb_local import dynamodb_local

TRIES = 5
MOST_MODULES, MOST_REPORTING, MOST_MS = 80, 150, 40.0
SLOW = (
    "It is a time: a busy or a slow machine breaks it as well. The modules of the standard library take most of it; "
    "it would take fewer of those."
)
NO_QUEUE = "http://127.0.0.1:9/none"
_DEPLOY = f"from bench.here.scheduler import deploy; deploy({PREFIX!r})"
_PROGRAM = """
import sys, time
seen, cpu = set(sys.modules), time.process_time()
{code}
cpu, modules = time.process_time() - cpu, len(set(sys.modules) - seen)
import resource
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
status = open("/proc/self/status").read() if sys.platform == "linux" else ""
peak = int(status.split("VmHWM:")[1].split()[0]) if status else peak / 1024
print(cpu, modules, peak / 1024)
"""
_WORKER = "from sosw import Worker, get_lambda_handler"
_WORK = """
class Own(Worker):
    def __call__(self, event):
        return 1
get_lambda_handler(Own{how})({event}, None)
"""
_FIRST = """
class Context:
    aws_request_id = "cold"
    def get_remaining_time_in_millis(self):
        return 900_000
handler({event}, Context())
"""
_BOTOCORE = ", invoker=__import__('sosw.aws.lambda_', fromlist=['x']).LambdaInvoker(tries=5)"
_HELP = """
from sosw.cli.main import main
sys.argv, sys.stdout = ["sosw", "--help"], open("/dev/null", "w")
try:
    main()
except SystemExit:
    sys.stdout = sys.__stdout__
"""
ABOUT = f"""\
In fresh interpreters, the least of {TRIES}: CPU from the first import on, modules besides those of a bare interpreter,
and the most memory that the process had. *An attempt* is a Worker's first event, done and reported to a stand-in of
Lambda over HTTP. An Essential is its handler, made but not called; its *first event* is that and the answer to an event
(a job of ten tasks, the minute rule's, a report of an unknown task) over DynamoDB Local, by clients that are made then.
The modules of all of them are budgets of `make check`."""


def cold(options: Options) -> Section:
    """Ours, and the peer's Worker and Essentials."""
    options.say(f"Starting interpreters, {TRIES} for each line")
    with StandIn(), dynamodb_local(programs.ROOT) as tables:
        _run([sys.executable, "-c", _DEPLOY], tables, at=programs.ROOT)
        rows: list[list[str | float]] = [
            [name, *_least([sys.executable, "-c"], code, tables)] for name, code in _ours().items()
        ]
        peer: list[list[str | float]] = [
            [name, *_least([str(_peer()), "-c"], code, tables)] for name, code in _theirs().items()
        ]
    took, modules = ({str(row[0]): float(row[at]) for row in (*rows, *peer)} for at in (1, 2))
    return Section(
        key="cold",
        title="Cold starts",
        about=ABOUT,
        columns=["", "ms of CPU", "modules", "MB at the peak"],
        rows=[*rows, *peer],
        budgets=[
            _promise("ms of CPU to import the Worker's base", took, MOST_MS, SLOW),
            _promise("modules of the Worker's base", modules, MOST_MODULES),
            Budget(name="modules of an attempt", value=modules["Worker: an attempt"], most=MOST_REPORTING),
        ],
    )


def _promise(name: str, figures: dict[str, float], most: float, reason: str = "") -> Budget:
    ours, theirs = figures["Worker: base"], figures["0.7.51: Worker"]
    return Budget(name=name, value=ours, most=most, peer=theirs, is_promise=True, reason=reason)


def _ours() -> dict[str, str]:
    event = repr(json.loads(json.dumps(_event())))
    return {
        "Worker: base": _WORKER,
        "Worker: an attempt": _WORKER + _WORK.format(how="", event=event),
        "Worker: an attempt, reported by botocore": _WORKER + _WORK.format(how=_BOTOCORE, event=event),
        **_essentials(),
        "client": "from sosw import Client\nClient()",
        "sosw --help": _HELP,
    }


def _essentials() -> dict[str, str]:
    events = {
        "scheduler": jobs.creating(10),
        "orchestrator": {},
        "worker_assistant": {"action": "complete", "task_id": "none#0", "attempt": 1, "labourer": jobs.LABOURER},
        "scavenger": {},
    }
    codes: dict[str, str] = {}
    for name, event in events.items():
        role, made = name.replace("_", " "), f"from sosw.essential import {name}_handler as make\nhandler = make()"
        codes |= {role: made, f"{role}: its first event": made + _FIRST.format(event=event)}
    return codes


def _theirs() -> dict[str, str]:
    return {
        "0.7.51: Worker": "from sosw.worker import Worker",
        "0.7.51: scheduler": "from sosw.scheduler import Scheduler",
        "0.7.51: orchestrator": "from sosw.orchestrator import Orchestrator",
    }


def _event() -> dict[str, Any]:
    job, now = JobId("job"), datetime.now(timezone.utc)
    task = Task(
        id=task_id(job, 0), job_id=job, labourer=LabourerName("sales"), payload={"shop": 1}, created_at=now,
        greenfield=now,
    )  # fmt: skip
    return worker_event(lifecycle.apply(lifecycle.claim(task, row=0, now=now, lease=timedelta(hours=1)), task))


def _least(python: list[str], code: str, tables: str) -> list[float]:
    """Milliseconds, modules and MB: the smallest of each."""
    runs = [_run([*python, _PROGRAM.format(code=code)], tables) for _ in range(TRIES)]
    cpu, modules, peak = (min(each) for each in zip(*runs, strict=True))
    return [1000 * cpu, modules, peak]


def _run(command: list[str], tables: str, *, at: Path = programs.ROOT / "docs") -> list[float]:
    """The figures that it prints; `tables` is the endpoint of DynamoDB."""
    environment = programs.nowhere(AWS_ENDPOINT_URL_DYNAMODB=tables, SOSW_PREFIX=PREFIX, SOSW_WAKE_QUEUE=NO_QUEUE)
    ran = subprocess.run(command, cwd=at, env=environment, capture_output=True, text=True, check=False)
    if ran.returncode:
        raise programs.ProgramFailed(f"a cold start ended with {ran.returncode}:\n{ran.stderr[-2000:]}")
    return [float(word) for word in ran.stdout.split()[-3:]]


def _peer() -> Path:
    if not programs.PEER_PYTHON.exists():
        raise programs.ProgramFailed(programs.NO_PEER)
    return programs.PEER_PYTHON
