"""Follows a change of a stack to its end."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from sosw.aws.faults import AwsFailed
from sosw.aws.stacks import Stacks
from sosw.deploy.errors import ChangeFailed, LostSight
from sosw.domain.stacks import EventFacts, StackFacts

Tell = Callable[[EventFacts], None]
"""Is told of each thing that happens, as it is known."""
DONE = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE")
GONE = "DELETE_COMPLETE"
PATIENCE = 60.0
"""Seconds in which AWS may be late to tell of what it has begun, and may not answer."""
PASSING = (
    "Throttling", "ThrottlingException", "RequestLimitExceeded", "TooManyRequestsException", "ServiceUnavailable",
    "InternalFailure", "InternalError", "EndpointConnectionError", "ConnectTimeoutError", "ReadTimeoutError",
    "ConnectionClosedError", "HTTPClientError",
)  # fmt: skip
"""Codes of failures that say nothing about the stack."""
_CONSEQUENCE = "the following resource(s) failed"


@dataclass(frozen=True)
class Follower:
    """Looks every `pause` seconds, for as long as AWS needs; whoever interrupts it stops the looking alone."""

    stacks: Stacks
    tell: Tell
    pause: float = 2.0
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic

    def to_the_end(self, stack: str, after: str | None) -> StackFacts | None:
        """The stack when AWS has left it, None when it is gone; `stack` is its id.

        A state is believed when the last event of the stack says so, too: AWS shows for a while how it was before.
        Raises `ChangeFailed`, and `LostSight` where AWS goes on but does not tell any more.
        """
        causes, told, quiet = _Causes(), "", 0.0
        while True:
            now, news = self._look(stack, after)
            for event in news:
                after, quiet, told = event.id, 0.0, event.status if event.is_of_stack else told
                self.tell(event)
                causes.see(event)
            if now is None or now.status == GONE:
                return None
            if not now.is_moving and (told == now.status or quiet >= PATIENCE):
                if now.status not in DONE:
                    raise ChangeFailed(now.name, causes.first or self._never_begun(now), now)
                return now
            self.sleep(self.pause)
            quiet += self.pause

    def _look(self, stack: str, after: str | None) -> tuple[StackFacts | None, list[EventFacts]]:
        """How it stands, and what is new; asked again and again, where AWS does not answer: that may take its time."""
        begun = self.clock()
        while True:
            try:
                return self.stacks.find(stack), self.stacks.events(stack, after)
            except AwsFailed as failed:
                if failed.code not in PASSING or self.clock() - begun >= PATIENCE:
                    raise LostSight(stack, failed) from failed
            self.sleep(self.pause)

    def _never_begun(self, stack: StackFacts) -> EventFacts | None:
        """What is wrong of a change in which nothing has failed, for AWS has refused it as a whole."""
        why = self.stacks.refused(stack.id)
        kind = "AWS::CloudFormation::Stack"
        return EventFacts(id="", resource=stack.name, kind=kind, status="refused", reason=why) if why else None


class _Causes:
    """What was the first to go wrong: of a resource, else of the stack as a whole."""

    def __init__(self) -> None:
        self._of_resource: EventFacts | None = None
        self._of_stack: EventFacts | None = None

    def see(self, event: EventFacts) -> None:
        """Whether it is the cause of all that follows."""
        has_failed = event.status.endswith("_FAILED")
        if event.is_of_stack and (has_failed or event.status.endswith("ROLLBACK_IN_PROGRESS")):
            if event.reason and _CONSEQUENCE not in event.reason.lower():
                self._of_stack = self._of_stack or event
        elif has_failed and not event.is_of_stack and not event.is_cancelled:
            self._of_resource = self._of_resource or event

    @property
    def first(self) -> EventFacts | None:
        """None where AWS has told none."""
        return self._of_resource or self._of_stack
