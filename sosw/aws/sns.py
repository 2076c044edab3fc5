"""SNS as a `Notifier`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from sosw.aws.clients import Clients
from sosw.domain.errors import InvokeUncertain

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient


class SnsNotifier:
    """Publishes to one topic. botocore repeats what failed in passing: if a reply was lost, a message comes twice."""

    def __init__(self, topic_arn: str, *, clients: Clients | None = None, client: SNSClient | None = None) -> None:
        self._topic_arn, self._clients, self._client = topic_arn, clients or Clients(), client

    def publish(self, subject: str, text: str) -> None:
        """See `Notifier.publish`."""
        try:
            self.client.publish(TopicArn=self._topic_arn, Subject=subject, Message=text)
        except (BotoCoreError, ClientError) as error:
            raise InvokeUncertain(self._topic_arn, str(error)) from error

    @property
    def client(self) -> SNSClient:
        """Made at the first call."""
        if self._client is None:
            config = Config(connect_timeout=5, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 3})
            self._client = self._clients.make("sns", config)
        return self._client
