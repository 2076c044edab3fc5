"""The backends. What one of them needs and cannot have is a skip for a newcomer and a failure in CI."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from sosw.local import LocalStackError, local_stack
from sosw.local.dynamodb_local import SWITCH, dynamodb_local
from tests.contract.backends import Backend, Dynamo, DynamoWorld, Memory, World
from tests.tiers import in_ci, require, require_dynamodb_local, switched_on

ROOT = Path(__file__).parents[2]
SERVERS = ["ministack", "dynamodb-local"] if in_ci() or switched_on(SWITCH) else ["ministack"]
"""A tier that is off shows as a few skipped tests (`metered`), not as every test once more."""


@pytest.fixture(scope="session")
def servers() -> Iterator[dict[str, Dynamo]]:
    """Those started so far: each is started when the first test wants it, and lives as long as the session."""
    with contextlib.ExitStack() as stack:
        started = _Servers(stack)
        yield started


class _Servers(dict[str, Dynamo]):
    def __init__(self, stack: contextlib.ExitStack) -> None:
        super().__init__()
        self._stack = stack

    def __missing__(self, name: str) -> Dynamo:
        try:
            if name == "ministack":
                endpoint = self._stack.enter_context(local_stack(ROOT, name="contract")).endpoint
            else:
                endpoint = self._stack.enter_context(_briefly(dynamodb_local(ROOT)))
        except LocalStackError as error:
            require(condition=False, reason=str(error))
            raise
        self[name] = Dynamo(endpoint)
        return self[name]


@contextlib.contextmanager
def _briefly(server: AbstractContextManager[str]) -> Iterator[str]:
    """With a Java that translates once and for all: it takes half the processor's time, for minutes of work."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JAVA_TOOL_OPTIONS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
        with server as endpoint:
            yield endpoint


def _server(name: str, servers: dict[str, Dynamo]) -> Dynamo:
    if name == "dynamodb-local":
        require_dynamodb_local()
    return servers[name]


@pytest.fixture(scope="session", params=["memory", *SERVERS])
def shared_world(request: pytest.FixtureRequest, servers: dict[str, Dynamo]) -> World:
    backend: Backend = Memory() if request.param == "memory" else _server(request.param, servers)
    return backend.world()


@pytest.fixture
def world(shared_world: World) -> World:
    """Stores of every backend in turn, with a labourer of the test's own."""
    return shared_world.fresh()


@pytest.fixture(scope="session", params=SERVERS)
def dynamo(request: pytest.FixtureRequest, servers: dict[str, Dynamo]) -> Dynamo:
    """Every server in turn, for what is true of DynamoDB alone."""
    return _server(request.param, servers)


@pytest.fixture(scope="session")
def shared_dynamo_world(dynamo: Dynamo) -> DynamoWorld:
    return dynamo.world()


@pytest.fixture
def dynamo_world(shared_dynamo_world: DynamoWorld) -> DynamoWorld:
    return shared_dynamo_world.fresh()


@pytest.fixture(scope="session")
def metered(servers: dict[str, Dynamo]) -> Dynamo:
    """The server that tells what a call costs."""
    return _server("dynamodb-local", servers)
