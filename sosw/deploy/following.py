"""Follows a change of a stack to its end."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from sosw.aws.stacks import Stacks
from sosw.deploy.errors import ChangeFailed
from sosw.domain.stacks import EventFacts, StackFacts

Tell = Callable[[EventFacts], None]
"""Is told of each thing that happens, as it is known."""
DONE = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE")
GONE = "DELETE_COMPLETE"
CANCELLED = "cancelled"
"""Is in the reason of what failed for something else had failed."""


@dataclass(frozen=True)
class Follower:
    """Looks every `pause` seconds, for as long as AWS needs; whoever interrupts it stops the looking alone."""

    stacks: Stacks
    tell: Tell
    pause: float = 2.0
    sleep: Callable[[float], None] = time.sleep

    def last_event(self, stack: StackFacts | None) -> str | None:
        """From which on there will be news."""
        known = self.stacks.events(stack.id, None) if stack else []
        return known[-1].id if known else None

    def to_the_end(self, stack: str, after: str | None) -> StackFacts | None:
        """The stack when AWS has left it, None when it is gone; `stack` is its id. Raises `ChangeFailed`."""
        cause: EventFacts | None = None
        while True:
            now = self.stacks.find(stack)
            for event in self.stacks.events(stack, after):
                after = event.id
                self.tell(event)
                if cause is None and _is_cause(event):
                    cause = event
            if now is None or now.status == GONE:
                return None
            if not now.is_moving:
                if now.status not in DONE:
                    raise ChangeFailed(now.name, cause or self._never_begun(now), now)
                return now
            self.sleep(self.pause)

    def _never_begun(self, stack: StackFacts) -> EventFacts | None:
        """What is wrong of a change in which nothing has failed, for AWS has refused it as a whole."""
        why = self.stacks.refused(stack.id)
        kind = "AWS::CloudFormation::Stack"
        return EventFacts(id="", resource=stack.name, kind=kind, status="refused", reason=why) if why else None


def _is_cause(event: EventFacts) -> bool:
    return event.status.endswith("_FAILED") and not event.is_of_stack and CANCELLED not in event.reason.lower()
