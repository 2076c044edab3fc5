"""Lines of the logs of labourers and resources, for those who change their records."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from sosw.domain.errors import SoswError
from sosw.domain.records import Entry, of_resource
from sosw.domain.sharing import allowed, changes

if TYPE_CHECKING:
    from datetime import datetime

    from sosw.domain.resources import Resource
    from sosw.domain.standing import Budget
    from sosw.ports import RecordStore

log = logging.getLogger(__name__)

ROUNDS = 4
"""Tries to write a record that others write too."""


def note(records: RecordStore, entry: Entry) -> None:
    """A line of a log, if it can be written: what it tells of has happened already."""
    try:
        records.note(entry)
    except SoswError as error:
        log.warning("note.lost", extra={"owner": entry.owner, "why": str(error)})


def note_budget(records: RecordStore, resource: Resource, before: Budget, after: Budget, now: datetime) -> bool:
    """Tell what a resource allows now, and who may run how many of it; whether it is another whole number."""
    was, limit = allowed(resource, before), allowed(resource, after)
    for why in changes(resource, before, after):
        log.info("budget.changed", extra={"resource": resource.name, "was": was, "limit": limit, "why": why})
        note(records, Entry(owner=of_resource(resource.name).owner, at=now, what={"why": why}))
    return was != limit
