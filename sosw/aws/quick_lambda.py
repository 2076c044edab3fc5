"""Lambda as an `Invoker` for a cold start: one signed request, by the standard library alone.

botocore and its client of Lambda take 0.4 s of CPU to load, and a Worker needs one small request of them: its
report. Where the environment is not just that of a Lambda function (no credentials in it, a proxy, an endpoint of
another kind), botocore does it: see `possible`.
"""

from __future__ import annotations

import json
import os
import ssl
import time
from dataclasses import dataclass
from datetime import timedelta
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from random import random
from threading import Lock
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from sosw.aws.signature import Credentials, Post, signed
from sosw.clock import SystemClock
from sosw.domain import jsontext
from sosw.domain.errors import InvokeRefused, InvokeUncertain
from sosw.domain.retry import RetryPolicy

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sosw.ports import Clock, Invoker

HEADERS = {"Content-Type": "application/json", "X-Amz-Invocation-Type": "Event"}
ACCEPTED, CONFLICT, THROTTLED, SERVER = 202, 409, 429, 500
CONNECT_TIMEOUT, READ_TIMEOUT = 5.0, 10.0
"""Seconds."""
OTHER_ROUTES = (
    "HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy",
    "AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT",
)  # fmt: skip
"""What sends a request elsewhere, or by other rules."""
SUFFIXES = {"cn": "amazonaws.com.cn"}
PARTITIONS_OF_THEIR_OWN = ("us-iso", "eu-isoe", "eusc")


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Where requests go, and who sends them."""

    credentials: Credentials
    region: str
    endpoint: str
    """`https://lambda.eu-west-1.amazonaws.com`."""
    certificates: str | None = None
    """A file of those that are trusted; None for the system's."""


def possible(environment: Mapping[str, str] = os.environ) -> Route | None:
    """The way to Lambda that the environment of a function tells; None where botocore must find it."""
    key, secret = environment.get("AWS_ACCESS_KEY_ID"), environment.get("AWS_SECRET_ACCESS_KEY")
    region = environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION")
    is_plain = not any(environment.get(name) for name in OTHER_ROUTES)
    if not (key and secret and region and is_plain) or region.startswith(PARTITIONS_OF_THEIR_OWN):
        return None
    suffix = SUFFIXES.get(region.split("-")[0], "amazonaws.com")
    own = environment.get("AWS_ENDPOINT_URL_LAMBDA") or environment.get("AWS_ENDPOINT_URL")
    return Route(
        credentials=Credentials(
            access_key=key, secret_key=secret, token=environment.get("AWS_SESSION_TOKEN") or None
        ),
        region=region,
        endpoint=(own or f"https://lambda.{region}.{suffix}").rstrip("/"),
        certificates=environment.get("AWS_CA_BUNDLE") or environment.get("REQUESTS_CA_BUNDLE") or None,
    )  # fmt: skip


def reporter(tries: int) -> Invoker:
    """The lightest `Invoker` that the environment allows, for messages that do no harm when they come twice."""
    route = possible()
    if route:
        return QuickInvoker(route, tries=tries)
    from sosw.aws.lambda_ import LambdaInvoker  # noqa: PLC0415  (botocore only where it is needed)

    return LambdaInvoker(tries=tries)


class QuickInvoker:
    """Starts functions asynchronously, over one connection that is made at the first call. Threads may share it.

    What failed in passing is sent again, up to `tries` times in all, with full jitter from 100 ms up to 2 s: for
    messages that do no harm when they come twice.
    """

    def __init__(
        self, route: Route, *, tries: int, clock: Clock | None = None, sleep: Callable[[float], None] = time.sleep,
        jitter: Callable[[], float] = random,
    ) -> None:  # fmt: skip
        """`sleep` takes seconds, `jitter` gives a number in [0, 1)."""
        self._route, self._clock, self._sleep, self._jitter = route, clock or SystemClock(), sleep, jitter
        self._policy = RetryPolicy(max_attempts=tries, base=timedelta(milliseconds=100), cap=timedelta(seconds=2))
        self._lock = Lock()
        self._line: HTTPConnection | None = None

    def start(self, function: str, event: Mapping[str, Any]) -> None:
        """See `Invoker.start`. Errors mean what those of `LambdaInvoker` mean."""
        body = jsontext.dump(dict(event)).encode()
        for number in range(1, self._policy.max_attempts + 1):
            try:
                return self._send(function, body)
            except (InvokeRefused, InvokeUncertain) as error:
                is_passing = isinstance(error, InvokeUncertain) or error.is_passing
                if not is_passing or number == self._policy.max_attempts:
                    raise
            self._sleep((self._policy.ceiling(number) * self._jitter()).total_seconds())
        return None  # pragma: no cover  (the last try returns or raises)

    def close(self) -> None:
        """End the connection; the next call makes another one."""
        with self._lock:
            self._hang_up()

    def _send(self, function: str, body: bytes) -> None:
        with self._lock:
            status, answer = self._answer(function, body)
        if status == ACCEPTED:
            return
        reason = f"Lambda answered {status}: {_message(answer)}"
        if status >= SERVER:
            raise InvokeUncertain(function, reason)
        raise InvokeRefused(function, reason, is_passing=status in {THROTTLED, CONFLICT})

    def _answer(self, function: str, body: bytes) -> tuple[int, bytes]:
        """Status and content. The connection is kept for the next call, unless something went wrong with it."""
        route, parts = self._route, urlsplit(self._route.endpoint)
        path = f"{parts.path}/2015-03-31/functions/{quote(function, safe='')}/invocations"
        post = Post(host=parts.netloc, path=path, headers=HEADERS, body=body)
        headers = signed(post, route.credentials, service="lambda", region=route.region, now=self._clock.now())
        line = self._connected(function)
        try:
            line.request("POST", path, body, headers)
            response = line.getresponse()
            answer = response.read()
        except (OSError, HTTPException) as error:
            self._hang_up()
            raise InvokeUncertain(function, f"{type(error).__name__}: {error}") from error
        if response.will_close:
            self._hang_up()
        return response.status, answer

    def _connected(self, function: str) -> HTTPConnection:
        """Raises `InvokeRefused` when there is no way to Lambda: then nothing was sent for certain."""
        if self._line is None:
            try:
                self._line = _connection(self._route)
                self._line.connect()
            except OSError as error:
                self._hang_up()
                raise InvokeRefused(function, f"{type(error).__name__}: {error}", is_passing=True) from error
            self._line.sock.settimeout(READ_TIMEOUT)
        return self._line

    def _hang_up(self) -> None:
        line, self._line = self._line, None
        if line:
            line.close()


def _connection(route: Route) -> HTTPConnection:
    parts = urlsplit(route.endpoint)
    host = parts.hostname or ""
    if parts.scheme == "http":
        return HTTPConnection(host, parts.port, timeout=CONNECT_TIMEOUT)
    context = ssl.create_default_context(cafile=route.certificates)
    return HTTPSConnection(host, parts.port, timeout=CONNECT_TIMEOUT, context=context)


def _message(answer: bytes) -> str:
    """What AWS says of the error, or the beginning of whatever it is."""
    try:
        told = json.loads(answer)
        return str(told.get("Message") or told.get("message") or told)
    except (ValueError, AttributeError):
        return answer[:200].decode("utf-8", "replace")
