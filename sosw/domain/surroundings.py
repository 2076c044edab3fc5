"""What sosw stands on in AWS, as far as somebody who examines it wants to know."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sosw.domain.errors import SoswError


class CouldNotLook(SoswError):
    """It is not known how something stands: a right is missing, or AWS did not answer."""

    def __init__(self, what: str, why: str) -> None:
        self.what, self.why = what, why
        super().__init__(f"{what}: {why}")


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionFacts:
    """A Lambda function."""

    arn: str
    role: str
    """Its ARN."""
    timeout: timedelta
    state: str = "Active"
    """`Pending`, `Active`, `Inactive` or `Failed`."""
    retries: int = 2
    """How often Lambda itself repeats an asynchronous invocation that failed."""
    max_age: timedelta = timedelta(hours=6)
    """How long an event may wait for it in Lambda's own queue."""
    dead_letters: tuple[str, ...] = ()
    """ARNs of queues to which events go that it could not handle."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleFacts:
    """A rule of EventBridge that starts a function."""

    name: str
    schedule: str
    """Such as `rate(1 minute)`; empty for a rule about events."""
    is_enabled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedFacts:
    """What Lambda feeds a function from: a stream or a queue."""

    uuid: str
    source: str
    """Its ARN."""
    state: str
    """`Enabled`, `Disabled`, or on the way to either."""
    problem: str = ""
    """What Lambda said of the last batch, where that was a problem."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueFacts:
    """A queue of SQS."""

    name: str
    url: str
    waiting: int
    """Messages, about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableFacts:
    """A table of DynamoDB, in the words of DescribeTable."""

    status: str
    key_schema: list[dict[str, str]]
    indexes: dict[str, dict[str, Any]]
    """By name: `KeySchema` and `Projection`."""
    stream: str | None
    """What the stream shows of an item; None where it is off."""
    ttl: str | None
    """The attribute that ends an item; None where that is off."""
