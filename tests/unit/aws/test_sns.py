"""Messages to a topic."""

from __future__ import annotations

from urllib.parse import parse_qs

import pytest
from botocore.exceptions import ReadTimeoutError

from sosw.aws.sns import SnsNotifier
from sosw.domain.errors import InvokeUncertain
from tests.unit.aws.clients import answering

TOPIC = "arn:aws:sns:eu-west-1:123456789012:sosw-dead"


def test_a_message_is_published_with_its_subject() -> None:
    client, sent = answering("sns", "Publish", 200)
    SnsNotifier(TOPIC, client=client).publish("2 tasks died", "sales 2")

    (body,) = map(parse_qs, map(str, sent))
    assert (body["TopicArn"], body["Subject"], body["Message"]) == ([TOPIC], ["2 tasks died"], ["sales 2"])


@pytest.mark.parametrize("answer", [403, ReadTimeoutError(endpoint_url="https://sns")])
def test_a_topic_that_does_not_take_it_is_said(answer: int | Exception) -> None:
    client, _ = answering("sns", "Publish", answer)

    with pytest.raises(InvokeUncertain, match="sosw-dead"):
        SnsNotifier(TOPIC, client=client).publish("s", "t")
