"""Jobs from Python: submit them, follow them, read what came of them. See `docs/howto/submit-jobs.md`."""

from sosw.client.client import Client
from sosw.client.dry_run import DryRun
from sosw.client.errors import JobRefused, JobStillOpen, LabourersAtWork, SettingsRefused, TasksGone, UnknownJob
from sosw.client.job import DeadTask, Result, SubmittedJob
from sosw.client.plan import Plan
from sosw.client.service import Service
from sosw.client.settings_file import SettingsFile
from sosw.client.status import JobStatus

__all__ = [
    "Client",
    "DeadTask",
    "DryRun",
    "JobRefused",
    "JobStatus",
    "JobStillOpen",
    "LabourersAtWork",
    "Plan",
    "Result",
    "Service",
    "SettingsFile",
    "SettingsRefused",
    "SubmittedJob",
    "TasksGone",
    "UnknownJob",
]
