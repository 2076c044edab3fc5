"""Logs and metrics of the Essentials, by Powertools: JSON lines, and counts in the embedded metric format."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit, single_metric

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sosw.domain.task import LabourerName
    from sosw.processor import Processor

NAMESPACE = "sosw"


class EssentialLog:
    """Formats what all modules of sosw log, adds one summary line per invocation, and publishes its counts."""

    def __init__(self, essential: str) -> None:
        # Powertools names the logger after the service: so it is the parent of every module's own.
        self._log = Logger(service="sosw", essential=essential)
        self._metrics = Metrics(namespace=NAMESPACE, service=essential)

    @contextmanager
    def invocation(self, role: Callable[[], Processor], context: Any) -> Iterator[None]:
        """Around one invocation: its request id on every line; at the end, even of an error, a summary and counts.

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
            self._publish(stats)

    def mistake(self, config_name: str, error: Exception) -> None:
        """A stored configuration that cannot be read is said, and left out."""
        self._log.error("config.invalid", extra={"config": config_name, "why": str(error)})

    def _publish(self, stats: dict[str, Any]) -> None:
        for name, value in stats.items():
            self._metrics.add_metric(name=name, unit=MetricUnit.Count, value=value)
        if stats:
            self._metrics.flush_metrics()


class LabourerCounts:
    """Metrics with the dimension `labourer`, a line each."""

    def count(self, name: str, labourer: LabourerName, number: int) -> None:
        """See `Counts.count`."""
        with single_metric(name=name, unit=MetricUnit.Count, value=number, namespace=NAMESPACE) as metric:
            metric.add_dimension(name="labourer", value=labourer)
