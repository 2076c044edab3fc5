"""What a network and a busy service do to calls: which fault meets which call, and the answers that AWS gives then."""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from threading import Lock
from typing import Any, Final

from sosw.domain.report import COMPLETE, FAIL

Body = dict[str, Any]

_INVOKE = re.compile(r"/2015-03-31/functions/([^/]+)/invocations")
_DYNAMODB = "com.amazonaws.dynamodb.v20120810#"
BUSY: Final = "ProvisionedThroughputExceeded"
TOO_MUCH: Final = "The level of configured provisioned throughput for the table was exceeded."
ENDS: Final = (COMPLETE, FAIL)
JSON: Final = {"Content-Type": "application/x-amz-json-1.0"}


class Fault(str, Enum):
    """What happens to one call."""

    THROTTLED = "throttled"
    """Refused: it has no effect."""
    FAILED = "failed"
    """Answered by a server's error, 500: it may have had its effect, or not."""
    LOST = "lost"
    """It has its effect, and the connection ends without an answer."""
    UNHEARD = "unheard"
    """The connection ends before the service has heard it."""
    SLOW = "slow"
    """It is answered, after a while."""
    HALVED = "halved"
    """Of a batch: one half is done, the other left over."""
    LATE = "late"
    """Of an asynchronous invocation: accepted at once, begun so late that a lease may have ended."""
    DOUBLED = "doubled"
    """Of a message among the Essentials and from a Worker: accepted once, delivered twice."""
    OVERTAKEN = "overtaken"
    """Of the report that an attempt ended: accepted at once, delivered when the next attempt of its task runs."""


RATES: Final[Mapping[Fault, float]] = {
    Fault.THROTTLED: 0.02,
    Fault.FAILED: 0.015,
    Fault.LOST: 0.015,
    Fault.UNHEARD: 0.01,
    Fault.SLOW: 0.02,
    Fault.HALVED: 0.1,
    Fault.LATE: 0.02,
    Fault.DOUBLED: 0.03,
    Fault.OVERTAKEN: 0.01,
}
"""Shares of the calls that each can meet. What is overtaken costs a lease, and the slot for so long."""


@dataclass(frozen=True)
class Call:
    """A request to AWS."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def function(self) -> str | None:
        """Which it invokes."""
        found = _INVOKE.fullmatch(self.path.partition("?")[0])
        return found[1] if found else None

    @property
    def is_message(self) -> bool:
        """Whether it invokes a function without waiting for the answer."""
        return self.function is not None and self.headers.get("X-Amz-Invocation-Type") == "Event"

    @property
    def end(self) -> Body | None:
        """The report that it brings to the WorkerAssistant, if that tells how an attempt ended."""
        event = self._event
        return event if event.get("action") in ENDS else None

    @property
    def assignment(self) -> Body | None:
        """The event that it starts an attempt with."""
        event = self._event
        return event if isinstance(event.get("sosw"), dict) else None

    @property
    def _event(self) -> Body:
        event = json.loads(self.body) if self.is_message else None
        return event if isinstance(event, dict) else {}

    @property
    def operation(self) -> str:
        """Of DynamoDB or SQS, such as `DynamoDB_20120810.UpdateItem`."""
        return self.headers.get("X-Amz-Target", "")

    @property
    def is_s3(self) -> bool:
        return "/s3/aws4_request" in self.headers.get("Authorization", "")

    @property
    def has_known_errors(self) -> bool:
        """Whether we know how its service refuses: Lambda, S3, DynamoDB, SQS."""
        return bool(self.function or self.is_s3 or self.operation)

    @property
    def is_batch(self) -> bool:
        return self.operation.partition(".")[2] in {"BatchExecuteStatement", "BatchGetItem"}


class Dice:
    """Says by a seed which call meets which fault, and counts. None before it is armed; threads may share it."""

    def __init__(self, seed: int, *, spared: str, rates: Mapping[Fault, float] = RATES) -> None:
        """`spared`: the function whose events are delivered once, as MiniStack's own queue does."""
        self._random, self._lock, self._rates, self._spared = random.Random(seed), Lock(), rates, spared
        self.met: Counter[Fault] = Counter()
        self.calls, self.is_armed = 0, False

    def next(self, call: Call) -> Fault | None:
        with self._lock:
            self.calls += self.is_armed
            left = self._random.random()
            for fault, rate in self._rates.items():
                if not self.is_armed or not self._can_meet(fault, call):
                    continue
                left -= rate
                if left < 0:
                    self.met[fault] += 1
                    return fault
            return None

    def between(self, low: float, high: float) -> float:
        """A number by chance."""
        with self._lock:
            return self._random.uniform(low, high)

    def _can_meet(self, fault: Fault, call: Call) -> bool:
        if fault in {Fault.THROTTLED, Fault.FAILED}:
            return call.has_known_errors
        if fault is Fault.HALVED:
            return call.is_batch
        if fault is Fault.LATE:
            return call.is_message
        if fault is Fault.DOUBLED:
            return call.is_message and call.function != self._spared
        if fault is Fault.OVERTAKEN:
            return call.end is not None
        return True


def refusal(call: Call) -> tuple[int, dict[str, str], bytes]:
    """How AWS says: too much."""
    if call.is_s3:
        return _in_xml(503, "SlowDown", "Please reduce your request rate.")
    if call.function:
        said = {"Reason": "ConcurrentInvocationLimitExceeded", "Type": "User", "message": "Rate Exceeded."}
        return _answer(429, said, "TooManyRequestsException")
    if call.operation.startswith("DynamoDB"):
        return _answer(400, {"__type": f"{_DYNAMODB}{BUSY}Exception", "message": TOO_MUCH})
    return _answer(400, {"__type": "ThrottlingException", "message": "Rate exceeded"})


def failure(call: Call) -> tuple[int, dict[str, str], bytes]:
    """How AWS says: it is our fault."""
    if call.is_s3:
        return _in_xml(500, "InternalError", "We encountered an internal error.")
    if call.function:
        return _answer(500, {"Type": "Service", "message": "An internal error occurred."}, "ServiceException")
    kind = f"{_DYNAMODB}InternalServerError" if call.operation.startswith("DynamoDB") else "InternalFailure"
    return _answer(500, {"__type": kind, "message": "The request processing has failed"})


def halved(call: Call) -> tuple[bytes | None, Body]:
    """The first half of the batch, None where there is nothing in it; and what is left."""
    body: Body = json.loads(call.body)
    if "Statements" in body:
        asked = body["Statements"]
        half = len(asked) // 2
        return _dump({**body, "Statements": asked[:half]}) if half else None, {"Statements": asked[half:]}
    ((table, wanted),) = body["RequestItems"].items()
    half = len(wanted["Keys"]) // 2
    kept = {table: {**wanted, "Keys": wanted["Keys"][:half]}}
    return _dump({**body, "RequestItems": kept}) if half else None, {table: {**wanted, "Keys": wanted["Keys"][half:]}}


def with_rest(answer: bytes | None, left: Body) -> bytes:
    """The answer to the half, with what was left of the batch said as DynamoDB says it."""
    body: Body = json.loads(answer) if answer else {}
    if "Statements" in left:
        refused = {"Error": {"Code": BUSY, "Message": TOO_MUCH}}
        return _dump({**body, "Responses": [*body.get("Responses", []), *[refused] * len(left["Statements"])]})
    return _dump({"Responses": {}, **body, "UnprocessedKeys": left})


def _answer(status: int, said: Body, kind: str = "") -> tuple[int, dict[str, str], bytes]:
    return status, {**JSON, **({"x-amzn-ErrorType": kind} if kind else {})}, _dump(said)


def _in_xml(status: int, code: str, message: str) -> tuple[int, dict[str, str], bytes]:
    said = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    return status, {"Content-Type": "application/xml"}, said.encode()


def _dump(body: Body) -> bytes:
    return json.dumps(body).encode()
