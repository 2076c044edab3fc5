"""sosw 0.7.51's own Scheduler, asked for the tasks of jobs: JSON lines in, JSON lines out.

Runs in the peer's environment alone (`.sosw/peer`), where `sosw` is that package. Its Scheduler and TaskManager are
the real ones, and a job goes through them as in a Lambda; only what would reach for AWS, the disk or the clock is put
aside: the constructors, the file of rows, the put of a task, and today.

    {"job": {...}, "schema": ["section", "store"], "today": "2026-01-01"}  ->  {"tasks": [...]} or {"error": "..."}
"""

from __future__ import annotations

import datetime as dt
import importlib
import io
import json
import logging
import sys
from types import SimpleNamespace
from typing import Any

SCHEDULER: Any = importlib.import_module("sosw.scheduler")
MANAGER: Any = importlib.import_module("sosw.managers.task")


class Rows(io.StringIO):
    """The file of rows, kept when it is closed."""

    def close(self) -> None:
        self.seek(0)


def tasks_of(job: Any, schema: list[str], today: str) -> list[Any]:
    """The payloads of the tasks that the peer makes of `job`, in its order."""
    rows = Rows()
    SCHEDULER.open = lambda *_args: rows
    SCHEDULER.datetime = SimpleNamespace(date=day_that_is(today), timedelta=dt.timedelta)
    manager, written = task_manager()
    scheduler = scheduler_of(schema, manager)
    event = scheduler.extract_job_from_payload(job)
    scheduler.apply_job_schema(name=event.get("job_schema_name"))
    scheduler.parse_job_to_file(event)
    for row in rows.getvalue().splitlines():
        task = json.loads(row)
        manager.create_task(labourer=manager.get_labourer(task["labourer_id"]), **task)
    return [json.loads(task["payload"]) for task in written]


def day_that_is(today: str) -> type[dt.date]:
    """`datetime.date` on the day `today`."""

    class Day(dt.date):
        @classmethod
        def today(cls) -> Day:
            return cls.fromisoformat(today)

    return Day


def scheduler_of(schema: list[str], manager: Any) -> Any:
    """A Scheduler as its constructor would leave it, with `schema` under the names default and other."""
    scheduler = SCHEDULER.Scheduler.__new__(SCHEDULER.Scheduler)
    variant = {"chunkable_attrs": [[name, {}] for name in schema]}
    scheduler.config = {"job_schema": {}, "job_schema_variants": {"default": variant, "other": variant}}
    scheduler.task_client = manager
    scheduler.set_queue_file("no-such-file-of-the-peer-tests.txt")
    return scheduler


def task_manager() -> tuple[Any, list[dict[str, Any]]]:
    """A TaskManager that knows the labourer `sales`, and the list of what it puts into its table."""
    manager = MANAGER.TaskManager.__new__(MANAGER.TaskManager)
    written: list[dict[str, Any]] = []
    manager.config = {**MANAGER.TaskManager.DEFAULT_CONFIG, "labourers": {"sales": {"arn": "sales"}}}
    manager.get_newest_greenfield_for_labourer = lambda _labourer: 0
    manager.dynamo_db_client = SimpleNamespace(put=written.append)
    return manager, written


def main() -> None:
    logging.disable(logging.CRITICAL)
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            answer: dict[str, Any] = {"tasks": tasks_of(asked["job"], asked["schema"], asked["today"])}
        except Exception as error:  # noqa: BLE001  (whatever the peer raises is its answer)
            answer = {"error": f"{type(error).__name__}: {error}"}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
