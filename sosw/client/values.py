"""Payloads and results wherever they are: with the task, or in the bucket."""

from __future__ import annotations

from typing import Any

from sosw.client.service import Service
from sosw.domain.errors import SoswError
from sosw.domain.jsontext import load
from sosw.domain.stored_values import place
from sosw.domain.task import Task


def payload(service: Service, task: Task) -> Any:
    """What the Worker is called with. Raises `SoswError` where it cannot be read."""
    return task.payload if task.payload_at is None else _read(service, task, "payload", task.payload_at)


def result(service: Service, task: Task) -> Any:
    """What the Worker returned, as `payload`."""
    return task.result if task.result_at is None else _read(service, task, "result", task.result_at)


def _read(service: Service, task: Task, what: str, where: str) -> Any:
    bucket, key = place(where)
    body = service.objects(bucket).get(key)
    if body is None:
        raise SoswError(f"the {what} of task {task.id} has left the bucket: {where}")
    return load(body.decode())
