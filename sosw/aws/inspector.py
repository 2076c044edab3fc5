"""Lambda, EventBridge, SQS, DynamoDB and IAM as the doctor looks at them: calls that read, and one that simulates."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from threading import Lock
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from sosw.aws.clients import Clients
from sosw.aws.dynamodb.models import SCHEMAS
from sosw.domain.surroundings import CouldNotLook, FeedFacts, FunctionFacts, QueueFacts, RuleFacts, TableFacts

TRIES, CONNECT_SECONDS, READ_SECONDS = 3, 5, 20
MISSING = ("ResourceNotFoundException", "AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist", "NoSuchEntity")
FORBIDDEN = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError")
LATEST = "$LATEST"
INVOKE = "lambda:InvokeFunction"
INVOKING = (INVOKE, "lambda:*", "lambda:Invoke*", "*")


class AwsInspector:
    """An `Inspector`. `client(service)` makes a client, once each; by default over `clients`."""

    def __init__(self, *, clients: Clients | None = None, client: Callable[[str], Any] | None = None) -> None:
        self._clients, self._make = clients or Clients(), client or self._made
        self._known, self._making = dict[str, Any](), Lock()

    def function(self, name: str) -> FunctionFacts | None:
        """See `Inspector.function`."""
        found = self._ask("lambda", "GetFunctionConfiguration", FunctionName=name)
        if found is None:
            return None
        invoked = self._invoked(name)
        failed = invoked.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination", "")
        letters = (failed, found.get("DeadLetterConfig", {}).get("TargetArn", ""))
        return FunctionFacts(
            arn=found["FunctionArn"],
            role=found["Role"],
            timeout=timedelta(seconds=found["Timeout"]),
            state=found.get("State") or "Active",
            retries=_given(invoked.get("MaximumRetryAttempts"), 2),
            max_age=timedelta(seconds=_given(invoked.get("MaximumEventAgeInSeconds"), 21_600)),
            dead_letters=tuple(arn for arn in letters if ":sqs:" in arn),
        )

    def _invoked(self, name: str) -> Mapping[str, Any]:
        """How events wait for it, and are tried again; empty where nothing was said. Of the version that is invoked."""
        function, qualifier = _parted(name)
        told = self._ask("lambda", "ListFunctionEventInvokeConfigs", FunctionName=function) or {}
        configs: dict[str, dict[str, Any]] = {
            _parted(each["FunctionArn"])[1]: each for each in told.get("FunctionEventInvokeConfigs", [])
        }
        return configs.get(qualifier, {})

    def rules(self, function: str) -> list[RuleFacts]:
        """See `Inspector.rules`."""
        names = self._ask("events", "ListRuleNamesByTarget", TargetArn=function) or {}
        found = [self._ask("events", "DescribeRule", Name=name) for name in names.get("RuleNames", [])]
        return [
            RuleFacts(
                name=rule["Name"],
                schedule=rule.get("ScheduleExpression", ""),
                is_enabled=rule.get("State", "").startswith("ENABLED"),
            )
            for rule in found
            if rule
        ]

    def feeds(self, function: str) -> list[FeedFacts]:
        """See `Inspector.feeds`."""
        found = self._ask("lambda", "ListEventSourceMappings", FunctionName=function) or {}
        return [
            FeedFacts(
                uuid=feed["UUID"],
                source=feed.get("EventSourceArn", ""),
                state=feed.get("State", ""),
                problem=_problem(feed),
            )
            for feed in found.get("EventSourceMappings", [])
        ]

    def queues(self, prefix: str) -> list[str]:
        """See `Inspector.queues`."""
        found = self._ask("sqs", "ListQueues", QueueNamePrefix=prefix, MaxResults=1000) or {}
        return list(found.get("QueueUrls", []))

    def queue(self, url_or_arn: str) -> QueueFacts | None:
        """See `Inspector.queue`."""
        url = url_or_arn
        if url.startswith("arn:"):
            *_, account, name = url.split(":")
            found = self._ask("sqs", "GetQueueUrl", QueueName=name, QueueOwnerAWSAccountId=account)
            url = found["QueueUrl"] if found else ""
        name = "ApproximateNumberOfMessages"
        told = self._ask("sqs", "GetQueueAttributes", QueueUrl=url, AttributeNames=[name]) if url else None
        if told is None:
            return None
        return QueueFacts(name=url.rpartition("/")[2], url=url, waiting=int(told.get("Attributes", {}).get(name, 0)))

    def table(self, name: str) -> TableFacts | None:
        """See `Inspector.table`."""
        found = self._ask("dynamodb", "DescribeTable", TableName=name)
        if found is None:
            return None
        table = found["Table"]
        ttl = (self._ask("dynamodb", "DescribeTimeToLive", TableName=name) or {}).get("TimeToLiveDescription", {})
        stream = table.get("StreamSpecification", {})
        is_on = ttl.get("TimeToLiveStatus") in {"ENABLED", "ENABLING"}
        return TableFacts(
            status=table.get("TableStatus", ""),
            key_schema=table["KeySchema"],
            indexes={index["IndexName"]: index for index in table.get("GlobalSecondaryIndexes", [])},
            stream=stream.get("StreamViewType") if stream.get("StreamEnabled") else None,
            ttl=ttl.get("AttributeName") if is_on else None,
        )

    def forbidden(self, role: str, actions: Sequence[str], resource: str) -> list[str]:
        """See `Inspector.forbidden`."""
        asked = {"PolicySourceArn": role, "ActionNames": list(actions), "ResourceArns": [resource]}
        found = self._ask("iam", "SimulatePrincipalPolicy", **asked)
        if found is None:
            raise CouldNotLook(role, "there is no such role")
        return [each["EvalActionName"] for each in found["EvaluationResults"] if each["EvalDecision"] != "allowed"]

    def may_invoke(self, role: str, function: FunctionFacts) -> bool:
        """See `Inspector.may_invoke`. A statement of the function's policy with a condition is not taken for enough."""
        told = self._ask("lambda", "GetPolicy", FunctionName=function.arn)
        statements = _listed(json.loads(told["Policy"]).get("Statement", [])) if told else []
        if any(_allows(statement, role) for statement in statements):
            return True
        return not self.forbidden(role, [INVOKE], function.arn)

    def here(self) -> tuple[str, str]:
        """See `Inspector.here`."""
        account: str = self._ask("sts", "GetCallerIdentity")["Account"]
        return account, self._client("sts").meta.region_name

    def table_names(self) -> list[str]:
        """See `Inspector.table_names`."""
        page = self._ask("dynamodb", "ListTables")
        names = list[str](page["TableNames"])
        while last := page.get("LastEvaluatedTableName"):
            page = self._ask("dynamodb", "ListTables", ExclusiveStartTableName=last)
            names += page["TableNames"]
        return names

    def _ask(self, service: str, operation: str, **asked: Any) -> Any:
        """The answer; None where there is no such thing. Raises `CouldNotLook`."""
        what = f"{service}:{operation}"
        try:
            return _method(self._client(service), operation)(**asked)
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "Unknown")
            if code in MISSING:
                return None
            if code in FORBIDDEN:
                raise CouldNotLook(what, f"the credentials in use do not allow it ({code})") from error
            raise CouldNotLook(what, str(error)) from error
        except BotoCoreError as error:
            raise CouldNotLook(what, str(error)) from error

    def _client(self, service: str) -> Any:
        with self._making:  # threads ask at once, and the first one makes it for all
            if service not in self._known:
                self._known[service] = self._make(service)
            return self._known[service]

    def _made(self, service: str) -> Any:
        config = Config(
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            retries={"mode": "standard", "total_max_attempts": TRIES},
        )
        return self._clients.make(service, config)


def expected_tables(prefix: str) -> dict[str, TableFacts]:
    """The tables of an environment by their names, as the stores expect them."""
    return {
        schema.table_name(prefix): TableFacts(
            status="ACTIVE",
            key_schema=schema.key_schema,
            indexes={index["IndexName"]: index for index in schema.global_secondary_indexes},
            stream=schema.stream_view_type,
            ttl=schema.ttl_attribute,
        )
        for schema in SCHEMAS
    }


def _method(client: Any, operation: str) -> Callable[..., Any]:
    name = next(python for python, aws in client.meta.method_to_api_mapping.items() if aws == operation)
    method: Callable[..., Any] = getattr(client, name)
    return method


def _parted(function: str) -> tuple[str, str]:
    """A function's name or ARN without the version or alias, and that."""
    parts = function.split(":")
    bare = 7 if parts[0] == "arn" else 3 if len(parts) > 2 else 1  # noqa: PLR2004  (ARN, account:function:name, name)
    return ":".join(parts[:bare]), (parts[bare:] or [LATEST])[0]


def _given(value: int | None, default: int) -> int:
    return default if value is None else value


def _problem(feed: Mapping[str, Any]) -> str:
    result: str = feed.get("LastProcessingResult") or ""
    return result if result.startswith("PROBLEM") else ""


def _allows(statement: Mapping[str, Any], role: str) -> bool:
    if statement.get("Effect") != "Allow" or statement.get("Condition"):
        return False
    principal = statement.get("Principal", {})
    named = _listed(principal.get("AWS", [])) if isinstance(principal, dict) else _listed(principal)
    is_meant = role in named or "*" in named
    return is_meant and any(action in INVOKING for action in _listed(statement.get("Action", [])))


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
