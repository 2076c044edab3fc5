"""What a town has besides tables and Lambdas: a bucket, a topic, metrics, and a function that is handed the dead."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from sosw.domain import archive, jsontext
from sosw.domain.metrics import DEAD, Metric, Owner
from sosw.domain.moments import from_ms, told
from sosw.domain.stored_values import place
from sosw.domain.task import Task, TaskId
from sosw.large import ValueUnreachable
from sosw.storage import ObjectsFailed
from sosw.testing import InMemoryObjects, InMemorySources

ON_DEAD = "on-dead"
"""The function that labourers may name."""
_EXAMPLE = re.compile(r"^  (\S+#\d+)  (.{23})  ", re.MULTILINE)

Death = tuple[str, str]
"""A task, and when it died, for people."""


def death(task: Task) -> Death:
    return task.id, told(task.greenfield)


class Outside:
    """Of one town."""

    def __init__(self) -> None:
        self.sources, self.bucket = InMemorySources(), InMemoryObjects()
        self.told: Counter[Death] = Counter()
        """How often people were told of each death."""
        self.handed: Counter[Death] = Counter()
        """How often the function was."""
        self.counted = 0.0
        """Deaths, by the metric."""

    # --- the topic, the metric, and the function ---

    def publish(self, subject: str, text: str) -> None:
        """As a `Notifier`."""
        found: list[Death] = _EXAMPLE.findall(text)
        assert found, f"a notice names no task: {subject}\n{text}"
        self.told.update(found)

    def note(self, values: Mapping[Metric, float], _of: Owner | None = None) -> None:
        """As `Metrics`."""
        self.counted += values.get(DEAD, 0)

    def hand(self, event: Mapping[str, Any]) -> None:
        """The function is invoked."""
        self.handed.update((one["task_id"], told(from_ms(one["died_at"]))) for one in event["dead"])

    # --- the bucket ---

    def whole(self, task: Task) -> dict[str, Any]:
        """Payload and result of the task, wherever they are."""
        payload = self._value(task.payload_at) if task.payload_at else task.payload
        return {"payload": payload, "result": self._value(task.result_at) if task.result_at else task.result}

    def _value(self, at: str) -> Any:
        body = self.bucket.objects.get(place(at)[1])
        assert body is not None, f"8: nothing is at {at}"
        return jsontext.load(body.decode())

    def archived(self, task_id: TaskId) -> Task | None:
        """The task as the archive has it."""
        kept = [
            archive.unpack(body, key) for key, body in self.bucket.objects.items() if key.startswith(archive.PREFIX)
        ]
        return archive.find((line for lines in kept for line in lines), task_id)


def http(bucket: Any, method: str, url: str, body: bytes | None = None) -> bytes:
    """What a Worker does with a URL that it was lent for an object of that bucket."""
    key = url.partition("://")[2].partition("/")[2].partition("?")[0]
    try:
        if method == "PUT":
            bucket.put(key, body, kind="application/json")
            return b""
        found: bytes | None = bucket.get(key)
    except ObjectsFailed as failed:
        raise ValueUnreachable(str(failed)) from failed
    if found is None:
        raise ValueUnreachable(f"nothing is at {url}")
    return found
