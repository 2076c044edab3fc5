"""Lambda as an `Invoker`."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Any

from botocore.config import Config
from botocore.exceptions import ClientError, ConnectTimeoutError, EndpointConnectionError, HTTPClientError

from sosw.aws.clients import Clients
from sosw.domain import jsontext
from sosw.domain.errors import InvokeRefused, InvokeUncertain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_lambda import LambdaClient

THROTTLED, CONFLICT, SERVER = 429, 409, 500
MAX_CONNECTIONS = 32


class LambdaInvoker:
    """Starts functions asynchronously, over one client that is made at the first call.

    `tries`: with 1 an event is sent once, and an unclear reply is left unclear: what must not run twice is started so.
    With more, botocore repeats what failed in passing: for messages that do no harm when they come twice.
    """

    def __init__(self, *, tries: int = 1, clients: Clients | None = None, client: LambdaClient | None = None) -> None:
        self._tries, self._clients, self._client, self._lock = tries, clients or Clients(), client, Lock()

    def start(self, function: str, event: Mapping[str, Any]) -> None:
        """See `Invoker.start`. Throttled, or in deployment: refused in passing; any other 4xx: refused for good."""
        payload = jsontext.dump(dict(event)).encode()
        try:
            self.client.invoke(FunctionName=function, InvocationType="Event", Payload=payload)
        except ClientError as error:
            status, reason = error.response["ResponseMetadata"]["HTTPStatusCode"], str(error)
            if status >= SERVER:
                raise InvokeUncertain(function, reason) from error
            raise InvokeRefused(function, reason, is_passing=status in {THROTTLED, CONFLICT}) from error
        except (EndpointConnectionError, ConnectTimeoutError) as error:
            raise InvokeRefused(function, str(error), is_passing=True) from error
        except HTTPClientError as error:
            raise InvokeUncertain(function, str(error)) from error

    @property
    def client(self) -> LambdaClient:
        """The one client: safe to share among threads."""
        with self._lock:  # threads ask at once, and the first one makes it for all
            if self._client is None:
                config = Config(
                    connect_timeout=5,
                    read_timeout=10,
                    max_pool_connections=MAX_CONNECTIONS,
                    retries={"mode": "standard", "total_max_attempts": self._tries},
                )
                self._client = self._clients.make("lambda", config)
            return self._client
