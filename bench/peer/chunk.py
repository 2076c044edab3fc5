"""Chunks a job of a million tasks by sosw 0.7.51's own Scheduler: `python -I bench/peer/chunk.py lists`.

Runs in the peer's environment alone, where `sosw` is that package. Its constructor would reach for AWS, so it is left
out; that it writes the tasks to a file afterwards is not counted.
"""

from __future__ import annotations

import importlib
import logging
import sys
from pathlib import Path
from typing import Any

SCHEDULER: Any = importlib.import_module("sosw.scheduler")  # before our folder is on the path: it has a sosw too
sys.path.append(str(Path(__file__).parents[2]))
jobs: Any = importlib.import_module("bench.jobs")
meter: Any = importlib.import_module("bench.meter")


def main() -> None:
    logging.disable(logging.CRITICAL)
    job, schema = jobs.chunking(sys.argv[1])
    scheduler = SCHEDULER.Scheduler.__new__(SCHEDULER.Scheduler)
    scheduler.config = {"job_schema": {"chunkable_attrs": [[name, {}] for name in schema]}}
    scheduler.initialize_from_job_schema()
    of_the_job = meter.peak_mb()
    with meter.timed() as taken:
        assert scheduler.needs_chunking(SCHEDULER.plural(schema[0]), job)  # noqa: S101  (it does)
        tasks = len(scheduler.construct_job_data(job, skeleton={"labourer_id": jobs.LABOURER}))
    meter.answer({"tasks": tasks, "peak": meter.peak_mb(), "job": of_the_job, **taken})


if __name__ == "__main__":
    main()
