"""Large values as a Worker sees them: fetched from, and put to, URLs that the WorkerAssistant lends it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sosw.domain import jsontext
from sosw.domain.errors import SoswError
from sosw.domain.jsontext import MAX_EVENT_BYTES, MAX_RESULT_BYTES, reportable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Call = Callable[[Mapping[str, Any]], Any]
    """Asks the WorkerAssistant, and awaits its answer."""

SECONDS = 60.0
TRIES = 3


class ValueUnreachable(SoswError):
    """A large payload could not be read, or a large result not be written."""


def whole(event: Any, call: Call) -> Any:
    """The event with its payload, where that is too large to come with it."""
    ours = event.get("sosw") if isinstance(event, dict) else None
    if not isinstance(ours, dict) or ours.get("payload_is_stored") is not True:
        return event
    lent, why = _url(call, "fetch", event, ours)
    if lent is None:
        raise ValueUnreachable(f"the payload of task {event['task_id']} cannot be read: {why}")
    payload = jsontext.load(_http("GET", lent).decode())
    return {**event, **payload, "task_id": event["task_id"], "sosw": ours}


def light(report: Mapping[str, Any], call: Call) -> dict[str, Any]:
    """The event of a report as Lambda takes it: a result that is too large for it is put where the URL leads to."""
    event = dict(report)
    if "result" not in event or len(jsontext.dump(event).encode()) <= MAX_EVENT_BYTES:
        return event
    result = event.pop("result")
    lent, _ = _url(call, "store", event, event)
    if lent is None:
        return event | {"result": reportable(result, MAX_RESULT_BYTES)}  # a note
    _http("PUT", lent, jsontext.dump(result).encode())
    return event | {"result_is_stored": True}


def _url(call: Call, action: str, task: Mapping[str, Any], attempt: Mapping[str, Any]) -> tuple[str | None, str]:
    """The URL, or why there is none."""
    said = call({"action": action, "task_id": task["task_id"], "attempt": attempt["attempt"]})
    told = said if isinstance(said, dict) else {}
    found = told.get("url")
    return found if isinstance(found, str) else None, str(told.get("why", "sosw has no bucket any more"))


def _http(method: str, url: str, body: bytes | None = None) -> bytes:
    """Tried again when the network or the server fails."""
    import http.client  # noqa: PLC0415  (as below)
    import urllib.error  # noqa: PLC0415  (the standard library's client is heavy, and large values are rare)
    import urllib.request  # noqa: PLC0415  (as above)

    last: Exception | None = None
    for _ in range(TRIES):
        request = urllib.request.Request(url, data=body, method=method)  # noqa: S310  (the WorkerAssistant made it)
        try:
            with urllib.request.urlopen(request, timeout=SECONDS) as answer:  # noqa: S310  (as above)
                content: bytes = answer.read()
                return content
        except (OSError, http.client.HTTPException) as error:
            last = error
            if isinstance(error, urllib.error.HTTPError):
                error.close()  # it holds the connection
    raise ValueUnreachable(f"{method} of a large value failed {TRIES} times: {last}") from last
