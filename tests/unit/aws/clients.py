"""Clients of AWS whose requests never leave this process."""

from __future__ import annotations

from typing import Any

import boto3
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.config import Config

JSON = b'{"Type": "User", "message": "as the test says"}'
XML = b"<Answer><PublishResult/><Error><Code>User</Code><Message>as the test says</Message></Error></Answer>"


class Body:
    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self, **_: Any) -> list[bytes]:
        return [self._content]


def answering(service: Any, operation: str, answer: int | Exception) -> tuple[Any, list[bytes]]:
    """A client that gets `answer` (a status, or an error of the network) to each call; and the bodies that it sent."""
    client = boto3.client(
        service,
        region_name="eu-west-1",
        aws_access_key_id="none",
        aws_secret_access_key="none",
        config=Config(retries={"mode": "standard", "total_max_attempts": 1}),
    )
    sent: list[bytes] = []

    def reply(request: Any, **_: Any) -> AWSResponse:
        sent.append(request.body)
        if isinstance(answer, Exception):
            raise answer
        return AWSResponse(request.url, answer, HTTPHeaders(), Body(XML if service == "sns" else JSON))

    client.meta.events.register(f"before-send.{service}.{operation}", reply)
    return client, sent
