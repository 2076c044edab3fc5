"""Jobs from Python: submit them, follow them, read what came of them. See `docs/howto/submit-jobs.md`."""

from sosw.client.client import Client
from sosw.client.dry_run import DryRun
from sosw.client.errors import JobRefused, JobStillOpen, TasksGone, UnknownJob
from sosw.client.job import DeadTask, Result, SubmittedJob
from sosw.client.service import Service
from sosw.client.status import JobStatus

__all__ = [
    "Client",
    "DeadTask",
    "DryRun",
    "JobRefused",
    "JobStatus",
    "JobStillOpen",
    "Result",
    "Service",
    "SubmittedJob",
    "TasksGone",
    "UnknownJob",
]
