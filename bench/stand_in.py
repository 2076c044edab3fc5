"""Stands in for the services that creating tasks only touches: Lambda takes what is invoked, S3 takes files, Glue knows
no table. Real clients talk to it over HTTP. The standard library alone: both sides use it.
"""

from __future__ import annotations

import json
import os
import re
import threading
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

_INVOKED = re.compile(r"/2015-03-31/functions/([^/]+)/invocations")


class StandIn:
    """Serves on a free port of 127.0.0.1 for the length of a `with` block.

    `invoked` holds Lambda's new events, `stored` S3's files.
    """

    def __init__(self) -> None:
        self.invoked: deque[tuple[str, Any]] = deque()
        self.stored: dict[str, bytes] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"stand_in": self}))
        self._server.daemon_threads = True

    def __enter__(self) -> StandIn:  # noqa: PYI034  (Self is of Python 3.11)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        for service in ("LAMBDA", "S3", "GLUE"):
            os.environ[f"AWS_ENDPOINT_URL_{service}"] = f"http://127.0.0.1:{self._server.server_port}"
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    stand_in: StandIn

    def do_GET(self) -> None:
        """A function's configuration, of Lambda; no other is asked for."""
        self._answer(200, b'{"Timeout": 900}')

    def do_POST(self) -> None:
        body = self._body()
        if invoked := _INVOKED.fullmatch(self.path):
            self.stand_in.invoked.append((invoked[1], json.loads(body)))
            self._answer(202)
        else:
            self._answer(400, b'{"__type": "EntityNotFoundException", "Message": "no such table"}')

    def do_PUT(self) -> None:
        self.stand_in.stored[self.path] = self._body()
        self._answer(200)

    def do_DELETE(self) -> None:
        self._answer(204)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  (the name is that of the parent's)
        """Says nothing."""

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def _answer(self, status: int, body: bytes = b"") -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
