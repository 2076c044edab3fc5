"""Lines of the logs of labourers and resources, for those who change their records."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from sosw.domain.errors import SoswError

if TYPE_CHECKING:
    from sosw.domain.records import Entry
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
