"""Lambda functions as one calls a function: the answer, or why there is none."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from sosw.aws.call_errors import CallFailed, FunctionFailed
from sosw.aws.clients import Clients
from sosw.domain import jsontext

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_lambda import LambdaClient

TRIES, CONNECT_SECONDS, READ_SECONDS = 3, 5, 300
"""Gateways forget a connection that is silent for 350 s; three tries last as long as a function may run."""
_THIS_MACHINE = ("127.0.0.1", "::1", "localhost")


class LambdaCaller:
    """Calls functions over one client, made at the first call; threads may share it.

    What failed in passing is sent again, and so is what was not answered within five minutes: only for calls that may
    be made twice.
    """

    def __init__(self, *, clients: Clients | None = None, client: LambdaClient | None = None) -> None:
        self._clients, self._client = clients or Clients(), client

    def call(self, function: str, event: Mapping[str, Any]) -> Any:
        """The function's answer; raises `FunctionFailed` for what it raised, `CallFailed` for all else."""
        payload = jsontext.dump(dict(event)).encode()
        try:
            answer = self.client.invoke(FunctionName=function, Payload=payload)
            said = json.loads(answer["Payload"].read())
        except ClientError as error:
            facts = error.response.get("Error", {})
            raise CallFailed.of(function, facts.get("Code", "Unknown"), facts.get("Message", str(error))) from error
        except BotoCoreError as error:
            raise CallFailed(function, type(error).__name__, str(error)) from error
        if answer.get("FunctionError"):
            told = said if isinstance(said, dict) else {}
            raise FunctionFailed(function, told.get("errorType", "Unhandled"), told.get("errorMessage", str(said)))
        return said

    @property
    def region(self) -> str:
        """That it calls functions in; raises botocore's error where none is set."""
        name: str = self.client.meta.region_name
        return name

    @property
    def is_on_this_machine(self) -> bool:
        """It calls a local stack, which no console of AWS shows."""
        return urlsplit(self.client.meta.endpoint_url).hostname in _THIS_MACHINE

    @property
    def client(self) -> LambdaClient:
        """The one client."""
        if self._client is None:
            config = Config(
                connect_timeout=CONNECT_SECONDS,
                read_timeout=READ_SECONDS,
                retries={"mode": "standard", "total_max_attempts": TRIES},
            )
            self._client = self._clients.make("lambda", config)
        return self._client
