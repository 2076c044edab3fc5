"""A stack of CloudFormation, as far as somebody who deploys it wants to know, and what its state allows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from sosw.domain.errors import SoswError

IN_PROGRESS = "_IN_PROGRESS"


@dataclass(frozen=True, slots=True, kw_only=True)
class StackFacts:
    """A stack that is there."""

    name: str
    id: str
    """Its ARN: with it a deleted one can be asked for, too."""
    status: str
    reason: str = ""
    description: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)
    exports: tuple[str, ...] = ()
    """Names under which other stacks import its outputs."""

    @property
    def is_moving(self) -> bool:
        """AWS is at it."""
        return self.status.endswith(IN_PROGRESS) and self.status != REVIEW

    @property
    def was_whole(self) -> bool:
        """Its creation has not failed: something may have been in it, and in use."""
        return self.status not in _NEVER_MADE


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeFacts:
    """What a change set would do with one resource."""

    action: str
    """`Add`, `Modify`, `Remove` or `Import`."""
    resource: str
    """Its name in the template."""
    kind: str
    """Such as `AWS::DynamoDB::Table`."""
    replaces: bool = False
    """It is made anew, and what it held is not in the new one."""
    may_replace: bool = False
    """AWS will know only when it is at it whether that is so."""

    @property
    def loses(self) -> bool:
        """Something goes with it, or may go, that a new one does not have: a function's name, what a table holds."""
        may_lose = self.may_replace and self.kind.startswith(_HOLDING_DATA)
        return may_lose or ((self.replaces or self.action == "Remove") and not self.kind.startswith(_HOLDING_NOTHING))

    def __str__(self) -> str:
        word = "replaced" if self.replaces else _WORDS.get(self.action, self.action.lower())
        return f"{self.resource} ({self.kind}) is {word}{', perhaps by a new one' * self.may_replace}"


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFacts:
    """Something that happened to a resource, or to the stack itself."""

    id: str
    resource: str
    kind: str
    status: str
    reason: str = ""
    is_of_stack: bool = False

    @property
    def is_cancelled(self) -> bool:
        """It did not fail by itself: something else had failed."""
        return "cancelled" in self.reason.lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceFacts:
    """A resource that a stack has."""

    name: str
    """In the template."""
    kind: str
    id: str
    """What AWS knows it by: of a function its name; empty for what was never made."""
    status: str


class Way(Enum):
    """How a stack comes to what is wanted."""

    CREATE = "created"
    UPDATE = "updated"
    ANEW = "deleted, for its last change has failed, and created anew"


class StackBlocked(SoswError):
    """The state of a stack lets nobody change it now."""

    def __init__(self, stack: StackFacts, why: str, step: str) -> None:
        self.stack, self.step = stack, step
        super().__init__(f"stack {stack.name} is {stack.status}: {why}: {step}")


REVIEW = "REVIEW_IN_PROGRESS"
"""There is nothing of it yet but a proposal that nobody has carried out."""
UPDATE_FAILED = "UPDATE_FAILED"
"""An update that whoever made it did not let AWS take back."""
_WORDS = {"Add": "created", "Modify": "changed", "Remove": "removed", "Import": "taken over"}
_HOLDING_NOTHING = (
    "AWS::IAM::", "AWS::CloudWatch::", "AWS::Events::", "AWS::Scheduler::", "AWS::Lambda::Permission",
    "AWS::Lambda::Version", "AWS::Lambda::LayerVersion", "AWS::Lambda::EventInvokeConfig",
    "AWS::Lambda::EventSourceMapping", "AWS::ApiGateway::Deployment", "AWS::ApiGatewayV2::Deployment",
    "AWS::SQS::QueuePolicy", "AWS::S3::BucketPolicy", "AWS::SNS::TopicPolicy", "AWS::SNS::Subscription",
)  # fmt: skip
"""Kinds of which a new one is as good as the old; of some there is a new one with each deployment."""
_HOLDING_DATA = (
    "AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable", "AWS::S3::Bucket", "AWS::SQS::Queue", "AWS::RDS::DB",
    "AWS::EFS::FileSystem", "AWS::Kinesis::Stream", "AWS::SecretsManager::Secret", "AWS::Cognito::UserPool",
)  # fmt: skip
"""Kinds that may hold what nothing brings back."""
_NO_PART_OF_A_NAME = re.compile(r"[^A-Za-z0-9-]+")
_SOUND = (
    "CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE", "IMPORT_ROLLBACK_COMPLETE",
)  # fmt: skip
_NEVER_MADE = ("CREATE_FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED")
_USELESS = (*_NEVER_MADE, "DELETE_FAILED")


def stack_name(text: str) -> str:
    """A name that a stack may have, of that of a folder or a function; empty where nothing of it can be used."""
    name = _NO_PART_OF_A_NAME.sub("-", text).strip("-")[:128]
    return name if not name or name[0].isalpha() else f"worker-{name}"


def way(stack: StackFacts | None) -> Way:
    """How to deploy over it. Raises `StackBlocked`."""
    if stack is None or stack.status == REVIEW:
        return Way.CREATE
    if stack.status in _SOUND:
        return Way.UPDATE
    if stack.status in _USELESS:
        return Way.ANEW
    raise blocked(stack)


def blocked(stack: StackFacts) -> StackBlocked:
    """Why nothing can be done with it, and the next step."""
    if stack.is_moving:
        return StackBlocked(stack, "somebody is changing it", "wait until that has ended, then try again")
    if stack.status == UPDATE_FAILED:
        why = f"an update failed, and stands as it was then ({stack.reason or 'no reason is told'})"
        step = f"let AWS go back: aws cloudformation rollback-stack --stack-name {stack.name}"
        return StackBlocked(stack, why, step)
    return StackBlocked(
        stack,
        f"an update failed, and going back failed too ({stack.reason or 'no reason is told'})",
        f"mend that, then let AWS go on with it: aws cloudformation continue-update-rollback --stack-name {stack.name}",
    )
