"""Logs and metrics of the Essentials, by Powertools: JSON lines, and numbers in the embedded metric format (EMF)."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

from sosw.domain.metrics import ENVIRONMENT, NAMESPACE, SERVICE, TROUBLES, Level, Line, Metric, Note, lines
from sosw.domain.task import parts_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from sosw.domain.metrics import Owner
    from sosw.domain.settings import EssentialSettings


class Essential(Protocol):
    """What is asked of a role at the end of an invocation."""

    settings: EssentialSettings

    def get_stats(self) -> dict[str, Any]:
        """The counters of the running invocation."""

    def reset_stats(self) -> None:
        """Begin anew."""


class EmfMetrics:
    """`Metrics` of the running invocation, kept until they are published: lines of the log, which cost no call."""

    def __init__(self, environment: str) -> None:
        self.environment = environment
        self._notes: list[Note] = []

    def note(self, values: Mapping[Metric, float], of: Owner | None = None) -> None:
        """See `Metrics.note`; by any thread."""
        self._notes.extend([Note(metric, value, of) for metric, value in values.items()])

    def publish(self, level: Level, counts: Mapping[str, float], service: str) -> None:
        """Print what was noted, and forget it; with those `counts` of that Essential that tell of trouble."""
        notes, self._notes = self._notes, []
        for line in lines(notes, self.environment, level):
            _print(line)
        counted = {Metric(name): [counts[name]] for name in TROUBLES if counts.get(name)}
        if counted and level is not Level.NONE:
            _print(Line({ENVIRONMENT: self.environment, SERVICE: service}, counted))


class EssentialLog:
    """Formats what all modules of sosw log, adds one summary line per invocation, and publishes its metrics."""

    def __init__(self, essential: str, metrics: EmfMetrics) -> None:
        # Powertools names the logger after the service: so it is the parent of every module's own.
        self._log = Logger(service="sosw", essential=essential)
        self._log.registered_handler.addFilter(_with_job)
        self._essential, self._metrics = essential, metrics

    @contextmanager
    def invocation(self, role: Callable[[], Essential], context: Any) -> Iterator[None]:
        """Around one invocation: its request id on every line; at the end, even of an error, a summary and metrics.

        `role` is asked at the end: it may have been built anew.
        """
        self._log.append_keys(request_id=getattr(context, "aws_request_id", None))
        is_ok = False
        try:
            yield
            is_ok = True
        finally:
            stats = role().get_stats()
            say = self._log.info if is_ok else self._log.error
            say("invocation.ended", extra={"ok": is_ok, **stats})
            self._metrics.publish(role().settings.metrics, stats, self._essential)

    def mistake(self, config_name: str, error: Exception) -> None:
        """A stored configuration that cannot be read is said, and left out."""
        self._log.error("config.invalid", extra={"config": config_name, "why": str(error)})


def _with_job(record: logging.LogRecord) -> bool:
    """What is said of a task is found by its job as well."""
    task = getattr(record, "task_id", None)
    job = parts_of(task)[0] if task else ""
    if job and not hasattr(record, "job_id"):
        record.job_id = job
    return True


def _print(line: Line) -> None:
    # No service: Powertools would add that of POWERTOOLS_SERVICE_NAME as a dimension, and no alarm find its metric.
    emf = EphemeralMetrics(namespace=NAMESPACE, service="")
    for dimension, name in line.dimensions.items():
        emf.add_dimension(dimension, name)
    for metric, values in line.values.items():
        for value in values:
            emf.add_metric(metric.name, MetricUnit(metric.unit.value), value)
    if emf.metric_set:  # it prints by itself what is full, with 100 values
        emf.flush_metrics()
