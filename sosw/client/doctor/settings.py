"""The stored settings: are they whole and right? Nobody else looks at them before something needs them."""

from __future__ import annotations

from typing import Any

from sosw.client.doctor.diagnosis import Notes
from sosw.client.service import Service
from sosw.domain.errors import InvalidInput
from sosw.domain.settings import EssentialSettings
from sosw.settings import ESSENTIAL_CONFIG

CHECK = "settings"
APPLY = "sosw apply labourers.yaml"


def stored(service: Service, notes: Notes) -> EssentialSettings | None:
    """As the Orchestrator reads them, as far as they can be read; None where the table could not be read.

    A call for what all share, and one for each Essential.
    """
    merged: dict[str, Any] = {}
    known = False
    for name in (ESSENTIAL_CONFIG, *(f"{function}_config" for function in service.names.functions)):
        with notes.looking(CHECK, f"configuration {name}"):
            value = _read(service, name, notes)
            known = known or name == ESSENTIAL_CONFIG
            if name in {ESSENTIAL_CONFIG, f"{service.names.orchestrator}_config"}:
                merged |= value
    if not known:
        return None
    settings = EssentialSettings.from_mapping(merged)
    for problem in settings.every_problem:
        notes.found(
            CHECK, "the stored configuration", f"has a mistake: {problem}",
            why="the labourer that it is about starts nothing, and its jobs are refused", mend=APPLY,
        )  # fmt: skip
    return settings


def _read(service: Service, name: str, notes: Notes) -> dict[str, Any]:
    try:
        value = service.config.get(name) or {}
    except InvalidInput as error:
        notes.found(
            CHECK, f"configuration {name}", f"cannot be read: {error}",
            why="the Essentials work by what they read before, or by no settings at all",
            mend=f"{APPLY}, or put the JSON of an object into table {service.names.prefix}-config",
        )  # fmt: skip
        return {}
    notes.looked_at["configurations"] += 1
    return value
