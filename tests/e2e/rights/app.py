"""A function that tries what it is told, by the role that it was given, and says how each call was answered."""

from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

ONCE = Config(retries={"total_max_attempts": 1})


def lambda_handler(event: list[dict[str, Any]], _context: Any) -> list[str]:
    return [_tried(**each) for each in event]


def _tried(service: str, call: str, asked: dict[str, Any]) -> str:
    """`allowed`, or the code of the refusal; what is allowed and cannot be done is allowed."""
    client = boto3.client(service, config=ONCE)  # type: ignore[call-overload]  # its type knows services by literal names
    try:
        getattr(client, call)(**asked)
    except ClientError as error:
        code: str = error.response["Error"]["Code"]
        return code if "Denied" in code or code == "AuthorizationError" else "allowed"
    return "allowed"
