"""Large values as a Worker sees them, over HTTP."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from http.client import HTTPResponse, IncompleteRead
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from sosw.domain.jsontext import MAX_EVENT_BYTES, dump, load
from sosw.large import TRIES, ValueUnreachable, light, whole

RESULT = {"x": "ü" * MAX_EVENT_BYTES}
EVENT: dict[str, Any] = {
    "task_id": "j#0", "labourer_id": "sales", "sosw": {"attempt": 2, "payload_is_stored": True, "job_id": "j"},
}  # fmt: skip
REPORT = {"action": "complete", "task_id": "j#0", "attempt": 2, "labourer": "sales", "result": RESULT}


class Bucket:
    """Serves what was put; the first `failing` calls are answered by an error."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.calls: list[str] = []
        self.failing = 0
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler_of(self))
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.asked: list[Mapping[str, Any]] = []

    def lend(self, event: Mapping[str, Any]) -> Any:
        """The WorkerAssistant's part."""
        self.asked.append(event)
        return {"url": f"{self.url}/{event['action']}"}


def handler_of(bucket: Bucket) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.is_well():
                bucket.objects[self.path] = body
                self.answer(b"")

        def do_GET(self) -> None:
            if self.is_well():
                self.answer(bucket.objects[self.path])

        def is_well(self) -> bool:
            bucket.calls.append(self.command)
            bucket.failing -= 1
            if bucket.failing >= 0:
                self.send_error(503)
            return bucket.failing < 0

        def answer(self, body: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    return Handler


@pytest.fixture
def bucket() -> Iterator[Bucket]:
    made = Bucket()
    made.thread.start()
    yield made
    made.server.shutdown()
    made.thread.join()
    made.server.server_close()


def nobody(_event: Mapping[str, Any]) -> Any:
    raise AssertionError("was asked")


def test_a_stored_payload_comes_into_the_event_as_if_it_had_come_with_it(bucket: Bucket) -> None:
    payload = {"labourer_id": "mine", "data": "ü", "n": 1.0}
    bucket.objects["/fetch"] = dump(payload).encode()
    event = whole(EVENT, bucket.lend)
    assert event == {**EVENT, **payload}
    assert (type(event["n"]), bucket.asked) == (float, [{"action": "fetch", "task_id": "j#0", "attempt": 2}])


@pytest.mark.parametrize("event", [None, {}, {"sosw": 1}, {"task_id": "j#0", "sosw": {"attempt": 1}}, ["x"]])
def test_any_other_event_stays_as_it_is(event: Any) -> None:
    assert whole(event, nobody) is event


def test_a_large_result_is_put_and_its_report_says_so(bucket: Bucket) -> None:
    event = light(REPORT, bucket.lend)
    assert event == {key: value for key, value in REPORT.items() if key != "result"} | {"result_is_stored": True}
    assert load(bucket.objects["/store"].decode()) == RESULT
    assert bucket.asked == [{"action": "store", "task_id": "j#0", "attempt": 2}]


@pytest.mark.parametrize("report", [{**REPORT, "result": 1}, {"action": "heartbeat", "task_id": "j#0", "attempt": 2}])
def test_any_other_report_goes_as_it_is(report: dict[str, Any]) -> None:
    assert light(report, nobody) == report


@pytest.mark.parametrize("answer", [{"url": None}, {}, None])
def test_where_there_is_no_bucket_a_result_becomes_a_note_and_a_payload_is_an_error(answer: Any) -> None:
    assert light(REPORT, lambda _: answer)["result"] == {"sosw_dropped": "1,800,008 bytes, over 65,536"}
    with pytest.raises(ValueUnreachable, match="the payload of task j#0 cannot be read"):
        whole(EVENT, lambda _: answer)


def test_a_payload_that_is_not_lent_says_why() -> None:
    with pytest.raises(ValueUnreachable, match="the payload of task j#0 cannot be read: it is done, attempt 1"):
        whole(EVENT, lambda _: {"url": None, "why": "it is done, attempt 1"})


def test_an_answer_that_breaks_off_is_asked_for_again(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    bucket.objects["/fetch"] = dump({"data": 1}).encode()
    read, broken = HTTPResponse.read, [IncompleteRead(b"{")]

    def breaks_off(self: HTTPResponse, *how: Any) -> bytes:
        if broken:
            raise broken.pop()
        return read(self, *how)

    monkeypatch.setattr(HTTPResponse, "read", breaks_off)
    assert whole(EVENT, bucket.lend)["data"] == 1
    assert bucket.calls == ["GET", "GET"]


def test_what_fails_in_passing_is_tried_again(bucket: Bucket) -> None:
    bucket.failing = TRIES - 1
    light(REPORT, bucket.lend)
    assert bucket.calls == ["PUT"] * TRIES


def test_what_keeps_failing_is_an_error(bucket: Bucket) -> None:
    bucket.failing = TRIES
    with pytest.raises(ValueUnreachable, match=f"GET of a large value failed {TRIES} times: HTTP Error 503"):
        whole(EVENT, bucket.lend)
    assert bucket.calls == ["GET"] * TRIES


def test_a_server_that_is_not_there_is_an_error_too() -> None:
    with pytest.raises(ValueUnreachable, match="refused"):
        whole(EVENT, lambda _: {"url": "http://127.0.0.1:9/fetch"})
