"""Records of the tasks table's stream as changes."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from pynamodb.exceptions import AttributeDeserializationError

from sosw.aws.dynamodb.models import TaskModel
from sosw.domain.messages import Change

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

log = logging.getLogger(__name__)

_SEEN = {"id": "task_id", "labourer": "labourer", "state": "state", "version": "version", "greenfield": "greenfield"}
"""Attributes of a task → fields of a `Change`."""


def changes(records: Iterable[Mapping[str, Any]]) -> list[Change]:
    """Of the records of a Lambda's stream event, in their order. What TTL or an operator removed is no change.

    A record that cannot be read is logged and left out: the sweep mends what it would have told.
    """
    return list(_changes(records))


def _changes(records: Iterable[Mapping[str, Any]]) -> Iterator[Change]:
    for record in records:
        try:
            if record["eventName"] != "REMOVE":
                yield _change(record["dynamodb"]["NewImage"])
        except (LookupError, TypeError, ValueError, ArithmeticError, AttributeDeserializationError) as error:
            name = record.get("eventID") if isinstance(record, dict) else None
            log.warning("stream.unreadable", extra={"event_id": name, "why": repr(error)})


def _change(image: Mapping[str, Any]) -> Change:
    attributes = TaskModel.get_attributes()
    seen = ((field, attributes[name], image[name]) for name, field in _SEEN.items())
    return Change(**{field: attribute.deserialize(attribute.get_value(value)) for field, attribute, value in seen})
