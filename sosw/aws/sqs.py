"""SQS as a `Reminder`: a queue whose messages are delivered to the Orchestrator when their delay has passed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from sosw.aws.clients import Clients
from sosw.domain import jsontext
from sosw.domain.errors import InvokeUncertain

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import SendMessageBatchRequestEntryTypeDef

    from sosw.domain.messages import Wake
    from sosw.ports import Clock

MAX_DELAY = 900
"""Seconds that SQS holds a message back at most."""
BATCH = 10


class SqsReminder:
    """Sends a wake as a message whose delay ends at its moment. A message may come twice: a wake does no harm."""

    def __init__(
        self, queue_url: str, *, clock: Clock, clients: Clients | None = None, client: SQSClient | None = None
    ) -> None:
        self._queue_url, self._clock, self._clients, self._client = queue_url, clock, clients or Clients(), client

    def remind(self, wakes: Sequence[tuple[datetime, Wake]]) -> None:
        """See `Reminder.remind`."""
        entries = [self._entry(number, at, wake) for number, (at, wake) in enumerate(wakes)]
        try:
            for start in range(0, len(entries), BATCH):
                answer = self.client.send_message_batch(
                    QueueUrl=self._queue_url, Entries=entries[start : start + BATCH]
                )
                for failed in answer.get("Failed", []):
                    raise InvokeUncertain(self._queue_url, failed.get("Message", failed["Code"]))
        except (BotoCoreError, ClientError) as error:
            raise InvokeUncertain(self._queue_url, str(error)) from error

    def _entry(self, number: int, at: datetime, wake: Wake) -> SendMessageBatchRequestEntryTypeDef:
        delay = -int((self._clock.now() - at).total_seconds() // 1)  # rounded up: never before the moment
        return {
            "Id": str(number),
            "MessageBody": jsontext.dump(wake.to_event()),
            "DelaySeconds": max(0, min(delay, MAX_DELAY)),
        }

    @property
    def client(self) -> SQSClient:
        """Made at the first call."""
        if self._client is None:
            config = Config(connect_timeout=5, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 3})
            self._client = self._clients.make("sqs", config)
        return self._client


def received(event: dict[str, Any]) -> dict[str, Any]:
    """One event of a wake for all messages of a Lambda's SQS event: a labourer that is named twice is woken once."""
    labourers: dict[str, dict[str, int]] = {}
    for record in event["Records"]:
        for labourer, ended in jsontext.load(record["body"])["wake"].items():
            labourers.setdefault(labourer, {}).update(ended)
    return {"wake": labourers}
