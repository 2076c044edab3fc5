"""What DynamoDB answers, in our words: one table of error codes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NoConnection

from sosw.domain.errors import NotThere, SoswError
from sosw.ports import Outcome

if TYPE_CHECKING:
    from sosw.aws.dynamodb.models import Item

CONDITION_FAILED = ("ConditionalCheckFailed", "ConditionalCheckFailedException")
THROTTLED = ("ProvisionedThroughputExceeded", "RequestLimitExceeded", "Throttling", "ThrottlingError")
DUPLICATE_ITEM = "DuplicateItem"
SERVER = 500

_BUSY = "DynamoDB is too busy, or slow to answer: begin again in a while"
_ABSENT = "there is no such table in this account and region: deploy the stack, or set SOSW_PREFIX to its prefix"
_FORBIDDEN = "the credentials in use do not allow it: give the role the rights that the template gives"
_UNKNOWN_CALLER = "there are no valid AWS credentials: set them in the environment, or in a profile"
_ADVICE = {
    "ProvisionedThroughputExceeded": _BUSY,
    "RequestLimitExceeded": _BUSY,
    "Throttling": _BUSY,
    "ThrottlingError": _BUSY,
    "TransactionConflict": _BUSY,
    "InternalServerError": _BUSY,
    "ServiceUnavailable": _BUSY,
    "UnprocessedKeys": _BUSY,
    "ResourceNotFound": _ABSENT,
    "AccessDenied": _FORBIDDEN,
    "UnrecognizedClient": _UNKNOWN_CALLER,
    "InvalidSignature": _UNKNOWN_CALLER,
    "ExpiredToken": _UNKNOWN_CALLER,
    "NoCredentialsError": _UNKNOWN_CALLER,
    "NoRegionError": "no AWS region is set: set AWS_REGION",
}


class TableFailed(SoswError):
    """A table could not be used. When `is_passing`, a write may have taken effect all the same; else it has not."""

    def __init__(self, table: str, operation: str, code: str, reason: str, *, is_passing: bool) -> None:
        self.table, self.operation, self.code, self.is_passing = table, operation, code, is_passing
        self.is_throttled = code.removesuffix("Exception") in THROTTLED
        """It certainly did not happen: the table was asked too much."""
        super().__init__(f"table {table}: {operation} failed ({code}): {reason}")

    @classmethod
    def of(cls, table: str, operation: str, code: str, message: str, *, is_passing: bool = False) -> TableFailed:
        """For an error code of DynamoDB's; `message` is told where we have no better advice."""
        advice = _ADVICE.get(code.removesuffix("Exception"), message)
        kind = TableAbsent if advice is _ABSENT else cls
        return kind(table, operation, code, advice, is_passing=is_passing or advice is _BUSY)


class TableAbsent(TableFailed, NotThere):
    """There is no such table."""


class ConditionFailed(Exception):
    """The item is not as the condition wants it. `item` is what it is, or None when there is none."""

    def __init__(self, item: Item | None) -> None:
        self.item = item
        super().__init__("the condition does not hold")


def from_aws(error: Exception, table: str, operation: str) -> TableFailed | ConditionFailed:
    """Ours for an error of botocore, or of PynamoDB around one."""
    cause = getattr(error, "cause", None) or error
    if isinstance(cause, ClientError):
        return _from_client(cause, table, operation)
    code = type(cause).__name__
    if isinstance(cause, (HTTPClientError, NoConnection)):
        return TableFailed(table, operation, code, f"no answer from DynamoDB: {cause}", is_passing=True)
    return TableFailed.of(table, operation, code, str(cause))


def _from_client(error: ClientError, table: str, operation: str) -> TableFailed | ConditionFailed:
    # PynamoDB raises an error of its own from botocore's, without the item and the status.
    source = error.__cause__ if isinstance(error.__cause__, ClientError) else error
    response: dict[str, Any] = dict(source.response)
    facts = response.get("Error", {})
    code = facts.get("Code", "Unknown")
    if code in CONDITION_FAILED:
        return ConditionFailed(response.get("Item"))
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return TableFailed.of(table, operation, code, facts.get("Message", str(error)), is_passing=status >= SERVER)


def outcome(refusal: TableFailed | None) -> Outcome:
    """Of one statement of a batch, by what refused it."""
    if refusal is None:
        return Outcome.APPLIED
    return Outcome.STALE if refusal.code in CONDITION_FAILED else Outcome.UNCERTAIN
