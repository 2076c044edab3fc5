"""What an invocation's answer means: taken, certainly not taken, or nobody knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ConnectTimeoutError, EndpointConnectionError, ReadTimeoutError

from sosw.aws.lambda_ import LambdaInvoker
from sosw.domain.errors import InvokeRefused, InvokeUncertain
from tests.unit.aws import clients

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_lambda import LambdaClient


def answering(answer: int | Exception) -> tuple[LambdaClient, list[bytes]]:
    return clients.answering("lambda", "Invoke", answer)


def test_an_event_that_lambda_accepts_is_sent_once_as_json() -> None:
    client, sent = answering(202)

    LambdaInvoker(client=client).start("worker", {"π": [1, None]})

    assert sent == ['{"π":[1,null]}'.encode()]


@pytest.mark.parametrize(("status", "is_passing"), [(429, True), (409, True), (403, False), (404, False), (413, False)])
def test_a_client_error_means_that_it_certainly_did_not_happen(status: int, is_passing: bool) -> None:  # noqa: FBT001
    client, sent = answering(status)

    with pytest.raises(InvokeRefused) as refused:
        LambdaInvoker(client=client).start("worker", {})

    assert (refused.value.function, refused.value.is_passing, len(sent)) == ("worker", is_passing, 1)


def connect_timeout() -> Exception:
    return ConnectTimeoutError(endpoint_url="https://lambda")


def refused_connection() -> Exception:
    return EndpointConnectionError(endpoint_url="https://lambda")


@pytest.mark.parametrize("error", [connect_timeout, refused_connection])
def test_without_a_connection_it_certainly_did_not_happen(error: Callable[[], Exception]) -> None:
    client, _ = answering(error())

    with pytest.raises(InvokeRefused) as refused:
        LambdaInvoker(client=client).start("worker", {})

    assert refused.value.is_passing


@pytest.mark.parametrize("answer", [500, 503, ReadTimeoutError(endpoint_url="https://lambda")])
def test_after_a_servers_error_or_no_answer_nobody_knows_and_it_is_not_sent_again(answer: int | Exception) -> None:
    client, sent = answering(answer)

    with pytest.raises(InvokeUncertain):
        LambdaInvoker(client=client).start("worker", {})

    assert len(sent) == 1
