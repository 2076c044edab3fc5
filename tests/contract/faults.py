"""What a network and a busy service do to calls, by botocore's own events: no code of ours is patched."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ReadTimeoutError

from sosw.aws.dynamodb import Database
from tests.contract.backends import Dynamo

Body = dict[str, Any]


class _Raw:
    """The body of an answer, as botocore reads it."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self._content


def answer(request: Any, body: Body, status: int = 200) -> AWSResponse:
    """An answer that no server gave."""
    content = json.dumps(body).encode()
    headers = HTTPHeaders.from_dict({"content-type": "application/x-amz-json-1.0"})
    return AWSResponse(request.url, status, headers, _Raw(content))


def refusal(request: Any, code: str, status: int) -> AWSResponse:
    """Of the whole call."""
    kind = f"com.amazonaws.dynamodb.v20120810#{code}"
    return answer(request, {"__type": kind, "message": f"injected {code}"}, status)


@contextmanager
def on(database: Database, event: str, handler: Callable[..., Any]) -> Iterator[None]:
    """`handler` is asked at every `event`, such as `before-send.dynamodb.Query`."""
    events = database.client.meta.events
    events.register(event, handler)
    try:
        yield
    finally:
        events.unregister(event, handler)


class Instead:
    """Answers the first `times` calls instead of the server; counts all. Register it at `before-send`."""

    def __init__(self, respond: Callable[[Any], AWSResponse], times: int) -> None:
        self._respond, self.times, self.calls = respond, times, 0

    def __call__(self, request: Any, **_: Any) -> AWSResponse | None:
        self.calls += 1
        return self._respond(request) if self.calls <= self.times else None


class LostReply:
    """The first `times` calls take effect, but nobody hears of it. Register it at `after-call`."""

    def __init__(self, times: int) -> None:
        self.times, self.calls = times, 0

    def __call__(self, **_: Any) -> None:
        self.calls += 1
        if self.calls <= self.times:
            raise ReadTimeoutError(endpoint_url="http://127.0.0.1")


def body_of(request: Any) -> Body:
    """What was sent."""
    body: Body = json.loads(request.body)
    return body


def row_of(dynamo: Dynamo, table: str, key: Body) -> Body | None:
    """As it stands in the table."""
    item: Body | None = dynamo.client("dynamodb").get_item(TableName=table, Key=key, ConsistentRead=True).get("Item")
    return item
