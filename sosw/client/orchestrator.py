"""Orders to the Orchestrator's Lambda, and what came of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sosw.aws.call_errors import FunctionFailed
from sosw.client.errors import OrderRefused
from sosw.client.job import user
from sosw.client.scheduler import REFUSALS
from sosw.client.service import Service
from sosw.domain.errors import InvalidInput, SoswError
from sosw.domain.orders import LABOURER, RESOURCE
from sosw.domain.records import EVERYTHING

_ENVELOPE = re.compile(r"(?:^|(?<=; ))sosw\.")
NOBODY = "unknown"
"""Who gives orders, where the machine does not know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordered:
    """What came of an order."""

    target: str
    """`labourer/NAME`, `resource/NAME` or `everything`."""
    changed: bool
    """Whether it was not so already."""
    said: str
    """A sentence."""
    started: Mapping[str, int]
    """Attempts of each labourer that could be started at once."""

    def to_json(self) -> dict[str, Any]:
        """Plain values, under keys that stay."""
        return {"target": self.target, "changed": self.changed, "said": self.said, "started": dict(self.started)}


def target(given: str) -> str:
    """The owner of the record: a name by itself is a labourer's."""
    is_whole = given == EVERYTHING or given.startswith((f"{LABOURER}/", f"{RESOURCE}/"))
    return given if is_whole else f"{LABOURER}/{given}"


def answer(service: Service, event: Mapping[str, Any], *, has: str, what: str) -> dict[str, Any]:
    """The Orchestrator's, to an order; it has the key `has` where it takes `what`.

    Raises `OrderRefused` with its sentence, or a `SoswError` for whatever else went wrong.
    """
    name = service.names.orchestrator
    try:
        said = service.call(name, event)
    except InvalidInput as refusal:
        raise OrderRefused(_plain(str(refusal))) from refusal
    except FunctionFailed as failed:
        if failed.error in REFUSALS:
            raise OrderRefused(_plain(failed.said)) from failed
        raise
    if not isinstance(said, dict) or has not in said:
        raise SoswError(f"function {name} takes no {what}: deploy this version of sosw, or name its prefix")
    return said


def _plain(refusal: str) -> str:
    """Without the envelope, which whoever gives an order here has not written: `to`, not `sosw.to`."""
    return _ENVELOPE.sub("", refusal)


def order(service: Service, what: Mapping[str, Any], *, by: str | None, why: str) -> Ordered:
    """Have it carried out; raises as `answer`."""
    said = answer(service, {"sosw": {**what, "by": by or user() or NOBODY, "why": why}}, has="said", what="orders")
    return Ordered(target=said["target"], changed=said["changed"], said=said["said"], started=said.get("started") or {})
