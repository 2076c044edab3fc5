"""The chaos test's overtaken reports arrive when a later attempt of their task runs, and all arrive in the end."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest

from tests.e2e.chaos.faults import Call, Dice, Fault
from tests.e2e.chaos.overtaken import AT_LEAST, Overtaken

RUNNING = {"accepted": False, "state": "running"}


def invocation(function: str, event: Any, kind: str = "Event") -> Call:
    path = f"/2015-03-31/functions/{function}/invocations"
    return Call("POST", path, {"X-Amz-Invocation-Type": kind}, json.dumps(event).encode())


def end(task: str = "j#0", attempt: int = 1, action: str = "complete") -> Call:
    return invocation("sosw-worker-assistant", {"action": action, "task_id": task, "attempt": attempt})


def start(task: str = "j#0", attempt: int = 2) -> Call:
    return invocation("worker", {"task_id": task, "sosw": {"attempt": attempt}})


class Assistant:
    """Answers as it is told, and keeps what came."""

    def __init__(self, said: Any = RUNNING) -> None:
        self.said, self.heard = json.dumps(said).encode(), list[Call]()
        self.has_heard = threading.Event()
        self.overtaken = Overtaken(self.deliver)

    def deliver(self, call: Call) -> bytes:
        self.heard.append(call)
        self.has_heard.set()
        return self.said


def test_a_report_arrives_right_after_the_start_of_a_later_attempt_of_its_task() -> None:
    there = Assistant()
    there.overtaken.hold(end())
    for other in (start("j#1"), start(attempt=1), end("j#0", 2)):
        there.overtaken.passed(other)
    assert there.heard == []
    there.overtaken.passed(start())
    assert there.has_heard.wait(5)
    there.overtaken.let_arrive()
    (call,) = there.heard
    assert (call.body, call.headers["X-Amz-Invocation-Type"]) == (end().body, "RequestResponse")
    assert there.overtaken.met == {"complete": 1}


@pytest.mark.parametrize(
    ("said", "has_met"),
    [
        (RUNNING, True),
        ({"accepted": True, "state": "done"}, True),
        ({"accepted": False, "state": "done"}, False),
        ({"errorMessage": "killed"}, False),
        (None, False),
    ],
)
def test_only_what_found_a_later_attempt_at_work_or_changed_it_counts(said: Any, has_met: bool) -> None:  # noqa: FBT001
    there = Assistant(said)
    there.overtaken.hold(end())
    there.overtaken.passed(start())
    there.overtaken.let_arrive()
    assert there.overtaken.met.total() == has_met


def test_what_nothing_overtakes_arrives_in_the_end_and_does_not_count() -> None:
    there = Assistant()
    there.overtaken.hold(end())
    there.overtaken.let_arrive()
    assert (len(there.heard), there.overtaken.met.total()) == (1, 0)


def test_what_met_nothing_is_owed_again() -> None:
    there = Assistant({"accepted": False, "state": "done"})
    for number in range(AT_LEAST):
        there.overtaken.hold(end(f"j#{number}"))
    there.overtaken.passed(start("j#0"))
    there.overtaken.let_arrive()
    assert there.overtaken.is_owed(end("j#9"))


def test_what_nothing_overtakes_arrives_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.e2e.chaos.overtaken.PATIENCE", 0.0)
    there = Assistant()
    there.overtaken.hold(end())
    assert there.has_heard.wait(5)


def test_some_of_each_kind_are_owed_whatever_the_dice_say() -> None:
    overtaken = Assistant().overtaken
    for number in range(AT_LEAST):
        assert overtaken.is_owed(end(f"j#{number}"))
        overtaken.hold(end(f"j#{number}"))
    assert not overtaken.is_owed(end("j#9"))
    assert overtaken.is_owed(end("j#9", action="fail"))
    overtaken.let_arrive()


@pytest.mark.parametrize(
    "call",
    [
        start(),
        end(action="heartbeat"),
        invocation("sosw-scavenger", {}),
        invocation("sosw-scavenger", ["?"]),
        invocation("sosw-worker-assistant", {"action": "complete"}, "RequestResponse"),
        Call("POST", "/", {"X-Amz-Target": "DynamoDB_20120810.UpdateItem"}, b"{}"),
    ],
)
def test_nothing_is_overtaken_but_the_report_of_an_end(call: Call) -> None:
    dice = Dice(1, spared="worker", rates={Fault.OVERTAKEN: 1.0})
    dice.is_armed = True
    assert dice.next(call) is None
    assert dice.next(end()) is Fault.OVERTAKEN
    assert not Assistant().overtaken.is_owed(call)
