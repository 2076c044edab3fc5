"""Chunks a job of a million tasks: `python -m bench.here.chunk lists`."""

from __future__ import annotations

import sys
from datetime import date

from bench import jobs
from bench.meter import answer, peak_mb, timed
from sosw.domain.chunking import chunk
from sosw.domain.survey import survey

TODAY = date(2026, 1, 1)


def main() -> None:
    job, schema = jobs.chunking(sys.argv[1])
    of_the_job = peak_mb()
    with timed() as taken:
        seen = survey(job, schema, TODAY)
        tasks = sum(1 for _ in chunk(job, schema, TODAY))
    if seen.problems or seen.tasks != tasks:
        raise SystemExit(f"the survey foresaw {seen.tasks:,} tasks and {seen.problems}, and there were {tasks:,}")
    answer({"tasks": tasks, "peak": peak_mb(), "job": of_the_job, **taken})


if __name__ == "__main__":
    main()
