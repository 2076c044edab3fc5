"""Records of the tasks table's stream as changes."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from pynamodb.exceptions import AttributeDeserializationError

from sosw.aws.dynamodb.models import TaskModel, fields_of
from sosw.domain.messages import Change, change
from sosw.domain.moments import EPOCH
from sosw.domain.task import Task

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

log = logging.getLogger(__name__)

_TOLD = ("id", "job_id", "labourer", "state", "version", "greenfield", "failures", "snoozes")


def changes(records: Iterable[Mapping[str, Any]]) -> list[Change]:
    """Of the records of a Lambda's stream event, in their order. What TTL or an operator removed is no change.

    A record that cannot be read is logged and left out: the sweep mends what it would have told.
    """
    return list(_changes(records))


def token(records: Sequence[Mapping[str, Any]]) -> str:
    """Names the batch: Lambda delivers the same records again when it delivers them twice."""
    numbers = [record.get("dynamodb", {}).get("SequenceNumber", "") for record in records]
    return f"{numbers[0]}-{numbers[-1]}-{len(numbers)}" if numbers else ""


def _changes(records: Iterable[Mapping[str, Any]]) -> Iterator[Change]:
    for record in records:
        try:
            if record["eventName"] != "REMOVE":
                yield _change(record["dynamodb"])
        except (LookupError, TypeError, ValueError, ArithmeticError, AttributeDeserializationError) as error:
            name = record.get("eventID") if isinstance(record, dict) else None
            log.warning("stream.unreadable", extra={"event_id": name, "why": repr(error)})


def _change(images: Mapping[str, Any]) -> Change:
    old = images.get("OldImage")
    return change(_seen(old) if old else None, _seen(images["NewImage"]))


def _seen(image: Mapping[str, Any]) -> Task:
    """The task of which `image` tells, as far as changes are told of: its payload and result are not read."""
    told = {name: image[name] for name in _TOLD if name in image}
    return Task(payload={}, created_at=EPOCH, **fields_of(TaskModel, told))
