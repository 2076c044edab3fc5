"""`make demo`: the flights of a stormy week, on a whole local AWS, from nothing to a table of results."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.markup import escape

from examples.flight_delays import data, report, steps
from examples.flight_delays.progress import Counts, JobWatch, follow
from examples.flight_delays.verdict import Run, complaints, subjects
from sosw.domain.errors import SoswError
from sosw.local import LocalStack, local_stack

PATIENCE = 300.0
"""Seconds, for everything."""
BROKEN = ("JFK", "HA", "2013-02-07")
"""The task whose input gets a line that cannot be read: it is tried three times and buried."""


def main() -> int:
    try:
        return run_demo(Console(), steps.read_json("job.json"))
    except SoswError as error:
        return _refuse(str(error))
    except (BotoCoreError, ClientError) as error:
        return _refuse(f"the local AWS did not answer as it should: {error}: run it again, or see .sosw/logs")
    except KeyboardInterrupt:
        print("demo: stopped")
        return 130


def run_demo(console: Console, job: Mapping[str, Any]) -> int:
    """The exit code: 0 when everything went as it had to. `job` must hold the task `BROKEN` and an outage."""
    start = time.monotonic()
    with ExitStack() as until_the_end:
        with _step(console, "A local AWS"):
            stack = until_the_end.enter_context(local_stack(steps.ROOT, name="demo"))
        until_the_end.enter_context(steps.talking_to(stack))
        run = _run_job(stack, console, job, deadline=start + PATIENCE)
        _show(run, console)
        wrong = list(complaints(run))
        if wrong:
            folder = steps.save_logs(stack, steps.ROOT / ".sosw" / "logs" / "demo")
            console.print(f"[red]demo: {escape('; '.join(wrong))}: see what the functions said in {folder}[/]")
    console.print(last_line(run.counts, time.monotonic() - start), highlight=False, soft_wrap=True)
    return 1 if wrong else 0


def last_line(counts: Counts, seconds: float) -> str:
    """The figures of the whole demo."""
    figures = f"{counts.total} tasks, {counts.done} done, {counts.dead} dead, {counts.lost} lost"
    return f"demo: {figures}, {seconds:.1f} s"


def _run_job(stack: LocalStack, console: Console, job: Mapping[str, Any], *, deadline: float) -> Run:
    with _step(console, "sosw and the example, deployed from their templates"):
        deployed = steps.deploy(stack)
    with _step(console, f"{data.ROWS:,} flights on S3"):
        days = steps.load_flights(stack, deployed.bucket, broken=BROKEN)
    with _step(console, "the labourer flight-delays, at most 10 at once"):
        steps.register(stack, steps.read_json("config.json"))
    wanted = subjects(job)
    with _step(console, f"a job for the Scheduler: {len(wanted)} tasks"):
        job_id = steps.submit(stack, job)
    watch = JobWatch(steps.tasks_of(stack), job_id, len(wanted))
    counts = follow(watch, console, seconds=deadline - time.monotonic())
    items = report.read_items(stack.client("dynamodb"), deployed.table, {date for _, _, date in wanted})
    return Run(job=job, counts=counts, closed=[*watch.closed.values()], items=items, days=days, broken=BROKEN)


def _show(run: Run, console: Console) -> None:
    console.print()
    console.print(report.worst_days_table(report.worst_days(run.items)))
    console.print(report.origins_table(run.items))
    console.print(report.attempts_table(run.about(run.flaky, run.broken)))


def _refuse(sentence: str) -> int:
    Console(stderr=True).print(f"demo: {sentence}", style="red", markup=False, highlight=False, soft_wrap=True)
    return 1


@contextmanager
def _step(console: Console, what: str) -> Iterator[None]:
    start = time.monotonic()
    with console.status(what):
        yield
    console.print(f"[green]✓[/] {what} [dim]({time.monotonic() - start:.1f} s)[/]", highlight=False)


if __name__ == "__main__":
    sys.exit(main())
