"""Wakes that wait in a queue."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from sosw.aws.sqs import SqsReminder, received
from sosw.domain.errors import InvokeUncertain
from sosw.domain.messages import Wake
from sosw.domain.task import LabourerName, TaskId
from sosw.testing import FakeClock
from tests.unit.aws.clients import answering

WAKE = Wake(ended={LabourerName("sales"): {}})


def reminder(answer: int | Exception) -> tuple[SqsReminder, list[bytes], FakeClock]:
    clock = FakeClock()
    client, sent = answering("sqs", "SendMessageBatch", answer)
    return SqsReminder("https://sqs.eu-west-1.amazonaws.com/1/wakes", clock=clock, client=client), sent, clock


def test_a_wake_is_held_back_until_its_moment_or_for_as_long_as_the_queue_can() -> None:
    each, sent, clock = reminder(200)
    now = clock.now()
    clock.advance(seconds=0.5)

    each.remind([(now, WAKE), (now.replace(second=3), WAKE), (now.replace(hour=23), WAKE)])

    (entries,) = (json.loads(body)["Entries"] for body in sent)
    assert [entry["DelaySeconds"] for entry in entries] == [0, 3, 900]
    assert json.loads(entries[0]["MessageBody"]) == {"wake": {"sales": {}}}


def test_more_than_ten_go_in_several_calls() -> None:
    each, sent, clock = reminder(200)
    each.remind([(clock.now(), WAKE)] * 11)

    assert [len(json.loads(body)["Entries"]) for body in sent] == [10, 1]


@pytest.mark.parametrize("answer", [400, ReadTimeoutError(endpoint_url="https://sqs")])
def test_a_queue_that_does_not_take_it_is_said(answer: int | Exception) -> None:
    each, _, clock = reminder(answer)

    with pytest.raises(InvokeUncertain):
        each.remind([(clock.now(), WAKE)])


def test_messages_that_come_together_make_one_wake() -> None:
    wakes = [Wake(ended={LabourerName("a"): {TaskId("j#1"): 2}}), Wake(ended={LabourerName("a"): {}}), WAKE]
    event: dict[str, Any] = {"Records": [{"body": json.dumps(wake.to_event())} for wake in wakes]}

    assert received(event) == {"wake": {"a": {"j#1": 2}, "sales": {}}}
