"""A proxy on 127.0.0.1 between the functions and the local AWS, that does to their calls what the dice say."""

from __future__ import annotations

import http.client
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import urlsplit

from tests.e2e.chaos.faults import JSON, Call, Dice, Fault, failure, halved, refusal, with_rest
from tests.e2e.chaos.overtaken import Overtaken

Answer = tuple[int, dict[str, str], bytes]

SLOW = (0.1, 2.0)
LATE = (1.0, 26.0)
"""Seconds: some longer than a lease."""
_OF_ONE_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "expect", "date", "server"}
_PATIENCE = 60.0


class Proxy(ThreadingHTTPServer):
    """Starts with `serving`; `target` is set once the local AWS is there."""

    daemon_threads, request_queue_size = True, 128

    def __init__(self, dice: Dice) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.dice, self.target = dice, ""
        self._timers: list[threading.Timer] = []
        self.overtaken = Overtaken(lambda call: self.forward(call)[2])

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def answer(self, call: Call) -> Answer | None:
        """What the caller hears; None: the connection ends."""
        is_owed = self.dice.is_armed and self.overtaken.is_owed(call)
        fault = Fault.OVERTAKEN if is_owed else self.dice.next(call)
        if fault is None:
            return self.forward(call)
        return self._ANSWERS[fault](self, call)

    def _throttle(self, call: Call) -> Answer:
        return refusal(call)

    def _fail(self, call: Call) -> Answer:
        if self.dice.between(0, 1) < 0.5:
            self.forward(call)
        return failure(call)

    def _lose(self, call: Call) -> None:
        self.forward(call)

    def _ignore(self, call: Call) -> None:
        """Nobody has heard it."""

    def _slow_down(self, call: Call) -> Answer:
        time.sleep(self.dice.between(*SLOW))
        return self.forward(call)

    def _double(self, call: Call) -> Answer:
        self.forward(call)
        return self.forward(call)

    def _halve(self, call: Call) -> Answer:
        body, left = halved(call)
        if body is None:
            return 200, JSON, with_rest(None, left)
        status, headers, said = self.forward(call, body)
        return (status, _without_sum(headers), with_rest(said, left)) if status == 200 else (status, headers, said)

    def _delay(self, call: Call) -> Answer:
        timer = threading.Timer(self.dice.between(*LATE), self._forward_late, [call])
        timer.daemon = True
        self._timers.append(timer)
        timer.start()
        return 202, {}, b""

    def _have_overtaken(self, call: Call) -> Answer:
        self.overtaken.hold(call)
        return 202, {}, b""

    def forward(self, call: Call, body: bytes | None = None) -> Answer:
        """To the local AWS."""
        sent = call.body if body is None else body
        connection = http.client.HTTPConnection(urlsplit(self.target).netloc, timeout=_PATIENCE)
        try:
            headers = {name: value for name, value in call.headers.items() if name.lower() not in _OF_ONE_HOP}
            connection.request(call.method, call.path, sent, headers)
            answer = connection.getresponse()
            kept = {name: value for name, value in answer.getheaders() if name.lower() not in _OF_ONE_HOP}
            said = answer.read()
        finally:
            connection.close()
        self.overtaken.passed(call)
        return answer.status, kept, said

    def _forward_late(self, call: Call) -> None:
        try:
            self.forward(call)
        except OSError:  # the local AWS has ended before
            return

    _ANSWERS: Final[Mapping[Fault, Callable[[Proxy, Call], Answer | None]]] = {
        Fault.THROTTLED: _throttle,
        Fault.FAILED: _fail,
        Fault.LOST: _lose,
        Fault.UNHEARD: _ignore,
        Fault.SLOW: _slow_down,
        Fault.HALVED: _halve,
        Fault.LATE: _delay,
        Fault.DOUBLED: _double,
        Fault.OVERTAKEN: _have_overtaken,
    }

    def let_arrive(self) -> None:
        """Returns when all that was late has been delivered."""
        for timer in self._timers:
            timer.join()
        self.overtaken.let_arrive()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Killed functions end their connections in the middle; anything else is told."""
        if not isinstance(sys.exception() if hasattr(sys, "exception") else sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


@contextmanager
def serving(dice: Dice) -> Iterator[Proxy]:
    """A proxy for the length of the block."""
    with Proxy(dice) as proxy:
        thread = threading.Thread(target=proxy.serve_forever, daemon=True, name="chaos-proxy")
        thread.start()
        try:
            yield proxy
        finally:
            proxy.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm, wbufsize = True, -1
    server: Proxy

    def handle_call(self) -> None:
        size = int(self.headers.get("Content-Length") or 0)
        call = Call(
            self.command,
            self.path,
            {name.title(): value for name, value in self.headers.items()},
            self.rfile.read(size),
        )
        answer = self.server.answer(call)
        if answer is None:
            self.close_connection = True
            return
        status, headers, body = answer
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def handle_expect_100(self) -> bool:
        """The caller waits for this before it sends the body."""
        is_welcome = super().handle_expect_100()
        self.wfile.flush()
        return is_welcome

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = handle_call  # noqa: N815  (the names that http.server calls)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Nobody reads a line for each call."""


def _without_sum(headers: dict[str, str]) -> dict[str, str]:
    """DynamoDB's answers carry a checksum of their body."""
    return {name: value for name, value in headers.items() if name.lower() != "x-amz-crc32"}
