"""The stories of the crash points over real tables: what goes wrong is a call of botocore's, on its way or back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ReadTimeoutError
from botocore.httpsession import URLLib3Session

from sosw.aws.dynamodb import Database, DynamoTaskStore
from sosw.aws.dynamodb.batches import PATIENCE, Backoff
from sosw.aws.dynamodb.models import SCHEMAS, TASKS
from tests.contract.backends import REGION, Dynamo, create_tables
from tests.contract.faults import answer, body_of, on, refusal
from tests.property.crash import harness
from tests.property.crash.stories import STORIES
from tests.property.crash.story import Story
from tests.property.crash.taps import MODES, Kind, Made, Mode, Wire
from tests.property.world.stepping import Crash

KINDS: dict[str, Kind] = {
    "GetItem": Kind.READ,
    "Query": Kind.READ,
    "BatchGetItem": Kind.READ,
    "PutItem": Kind.WRITE,
    "UpdateItem": Kind.WRITE,
    "BatchExecuteStatement": Kind.OUTCOMES,
}
"""Operations of DynamoDB by what they do: what is new must be told here."""
THROTTLED = {"Error": {"Code": "ThrottlingError"}}


@dataclass(frozen=True)
class Sent:
    """A call that was sent."""

    operation: str
    statements: int

    @property
    def modes(self) -> tuple[Mode, ...]:
        """The ways in which it can go wrong."""
        halves = () if self.statements > 1 else (Mode.HALF, Mode.DIES_AMID)
        return tuple(mode for mode in MODES[KINDS[self.operation]] if mode not in halves)


class Network:
    """Between the roles and the tables: call number `at`, counted from 0, goes wrong. Without a mode, nothing does."""

    def __init__(self, at: int = -1, mode: Mode | None = None) -> None:
        self.sent: list[Sent] = []
        self.wire: Wire | None = None
        self._at, self._mode = at, mode
        self._session = URLLib3Session()
        self._throttles = 0

    def send(self, request: AWSPreparedRequest, **_: Any) -> AWSResponse | None:
        """Register it at `before-send`."""
        target: Any = request.headers["X-Amz-Target"]
        operation = (target.decode() if isinstance(target, bytes) else target).partition(".")[2]
        assert operation in KINDS, (
            f"the harness does not know {operation}: say in tests/contract/crashing.py what it does"
        )
        self.sent.append(Sent(operation, len(body_of(request).get("Statements", ()))))
        if self._throttles:
            self._throttles -= 1
            return refusal(request, "ThrottlingException", 400)
        if self._mode is None or len(self.sent) - 1 != self._at or self.wire is None:
            return None
        made = Made(self.wire.role, "database", operation, is_batch=False, moves=())
        self.wire.wrong.append((made, self._mode))
        return self._go_wrong(request, self._mode, self.wire)

    def _go_wrong(self, request: AWSPreparedRequest, mode: Mode, wire: Wire) -> AWSResponse | None:
        match mode:
            case Mode.DIES_BEFORE:
                raise Crash
            case Mode.DIES_AFTER:
                self._session.send(request)
                raise Crash
            case Mode.THROTTLED:
                self._throttles = PATIENCE.max_attempts - 1
                return refusal(request, "ThrottlingException", 400)
            case Mode.LOST:
                self._session.send(request)
                raise ReadTimeoutError(endpoint_url=request.url)
            case Mode.REPEATED:
                self._session.send(request)
                return None
            case Mode.ARRIVES_LATE:
                wire.late.append(lambda: self._session.send(request))
                raise ReadTimeoutError(endpoint_url=request.url)
            case Mode.HEARS_LATE:
                response = self._session.send(request)
                wire.sleep()
                return response
        return self._half(request, mode)

    def _half(self, request: AWSPreparedRequest, mode: Mode) -> AWSResponse:
        body = body_of(request)
        statements = body["Statements"]
        done = self._session.send(_with(request, {**body, "Statements": statements[: len(statements) // 2]}))
        if mode is Mode.DIES_AMID:
            raise Crash
        responses = _content(done)["Responses"]
        return answer(request, {"Responses": [*responses, *[THROTTLED] * (len(statements) - len(responses))]})


def _with(request: AWSPreparedRequest, body: dict[str, Any]) -> AWSPreparedRequest:
    content = json.dumps(body).encode()
    headers = HTTPHeaders.from_pairs((k, v) for k, v in request.headers.items() if k.lower() != "content-length")
    headers["Content-Length"] = str(len(content))
    return AWSPreparedRequest(request.method, request.url, headers, content, stream_output=False)


def _content(response: AWSResponse) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(response.content)
    return body


class Tables:
    """Of one environment on a real engine, emptied before each story."""

    def __init__(self, dynamo: Dynamo, prefix: str = "crashing") -> None:
        create_tables(dynamo.client("dynamodb"), prefix)
        self._dynamo, self._looking = dynamo, dynamo.world_of(prefix, dynamo.database)

    def calls(self, story: Story) -> list[Sent]:
        """That the story makes when nothing goes wrong."""
        network = Network()
        self.tell(story, network)
        return network.sent

    def tell(self, story: Story, network: Network) -> None:
        """The story, until all is at rest. Raises where an invariant breaks."""
        self._empty()
        database = Database(region=REGION, endpoint=self._dynamo.endpoint, tries=1)
        reached = self._dynamo.world_of(self._looking.prefix, database)
        backoff = Backoff(sleep=lambda _seconds: None, jitter=lambda: 0.0)
        reached.tasks = DynamoTaskStore(database.table(TASKS, self._looking.prefix), backoff=backoff)
        with on(database, "before-send.dynamodb", network.send):
            harness.tell(story, None, self._looking, reached=reached, network=network)

    def _empty(self) -> None:
        client = self._dynamo.client("dynamodb")
        for schema in SCHEMAS:
            table = schema.table_name(self._looking.prefix)
            keys = [key["AttributeName"] for key in schema.key_schema]
            for item in client.scan(TableName=table)["Items"]:
                client.delete_item(TableName=table, Key={key: item[key] for key in keys})


@dataclass(frozen=True)
class RealPoint:
    """A call of a story to a real engine, and what goes wrong with it."""

    story: Story
    number: int
    call: Sent
    mode: Mode

    def __str__(self) -> str:
        return f"{self.story.name}: call {self.number} ({self.call.operation}): {self.mode.value}"


def every_point(tables: Tables, stories: list[Story] = STORIES) -> Iterator[RealPoint]:
    for story in stories:
        for number, call in enumerate(tables.calls(story)):
            for mode in call.modes:
                yield RealPoint(story, number, call, mode)


def broken(tables: Tables, point: RealPoint) -> str:
    """What breaks from there; empty if nothing does."""
    try:
        tables.tell(point.story, Network(point.number, point.mode))
    except Exception as error:  # noqa: BLE001  (whatever it is, the point is broken)
        return f"{type(error).__name__}: {error}\n  in {point}"
    return ""
