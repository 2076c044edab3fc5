"""Jobs from Python: submit them, follow them, read what came of them. See `docs/howto/submit-jobs.md`."""

from sosw.client.client import Client
from sosw.client.dead import Dead
from sosw.client.dead_runs import DeadOrdered
from sosw.client.dead_task import DeadTask
from sosw.client.doctor import Diagnosis, Finding, Unseen
from sosw.client.dry_run import DryRun
from sosw.client.errors import (
    JobRefused,
    JobStillOpen,
    LabourersAtWork,
    NoSuchEnvironment,
    OrderRefused,
    SettingsRefused,
    TasksGone,
    UnknownJob,
    UnknownLabourer,
    UnknownResource,
    UnknownTask,
)
from sosw.client.history import TaskHistory
from sosw.client.job import Result, RunningTask, SubmittedJob
from sosw.client.orchestrator import Ordered
from sosw.client.plan import Plan
from sosw.client.service import Service
from sosw.client.settings_file import SettingsFile
from sosw.client.standing import LabourerStatus, LogLine, ResourceStatus
from sosw.client.status import JobStatus
from sosw.domain.dead import DeadCount
from sosw.domain.tally import Tally
from sosw.domain.why import Answer, Reason

__all__ = [
    "Answer",
    "Client",
    "Dead",
    "DeadCount",
    "DeadOrdered",
    "DeadTask",
    "Diagnosis",
    "DryRun",
    "Finding",
    "JobRefused",
    "JobStatus",
    "JobStillOpen",
    "LabourerStatus",
    "LabourersAtWork",
    "LogLine",
    "NoSuchEnvironment",
    "OrderRefused",
    "Ordered",
    "Plan",
    "Reason",
    "ResourceStatus",
    "Result",
    "RunningTask",
    "Service",
    "SettingsFile",
    "SettingsRefused",
    "SubmittedJob",
    "Tally",
    "TaskHistory",
    "TasksGone",
    "UnknownJob",
    "UnknownLabourer",
    "UnknownResource",
    "UnknownTask",
    "Unseen",
]
