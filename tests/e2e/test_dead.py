"""Dead letters, as people use them, on the deployed templates: told, listed, replayed, discarded."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from sosw import Client
from sosw.domain.dead_orders import Fate
from tests.e2e.conftest import run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.conftest import Deployment


@pytest.fixture
def inbox(deployment: Deployment) -> Iterator[_Inbox]:
    """Reads what a subscriber of the topic of the dead receives; a queue stands for a person's mail."""
    sns, sqs = deployment.stack.client("sns"), deployment.stack.client("sqs")
    outputs = deployment.stack.client("cloudformation").describe_stacks(StackName="sosw")["Stacks"][0]["Outputs"]
    (topic,) = (each["OutputValue"] for each in outputs if each["OutputKey"] == "DeadTopic")
    url = sqs.create_queue(QueueName="mail")["QueueUrl"]
    queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    allowed = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage"}
    policy = {"Statement": [{**allowed, "Resource": queue, "Condition": {"ArnEquals": {"aws:SourceArn": topic}}}]}
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(policy)})
    subscribed = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue, ReturnSubscriptionArn=True)
    yield _Inbox(sqs, url)
    sns.unsubscribe(SubscriptionArn=subscribed["SubscriptionArn"])
    sqs.delete_queue(QueueUrl=url)


class _Inbox(list[dict[str, Any]]):
    """Filled when it is looked at."""

    def __init__(self, sqs: Any, url: str) -> None:
        super().__init__()
        self._sqs, self._url = sqs, url

    def look(self) -> _Inbox:
        got = self._sqs.receive_message(QueueUrl=self._url, MaxNumberOfMessages=10, WaitTimeSeconds=0)
        self.extend(json.loads(message["Body"]) for message in got.get("Messages", []))
        for message in got.get("Messages", []):
            self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])
        return self


def _bury(deployment: Deployment, count: int) -> dict[str, Any]:
    shops = [f"shop-{number}" for number in range(count)]
    job = {"job_schema_name": "by_shop", "isolate_shops": True, "shops": shops, "plan": ["raise"] * 3 + ["return"]}
    said = deployment.submit({"lambda_name": "obedient", **job})
    deployment.closed(said)
    return said


def test_a_person_who_has_subscribed_is_told_of_the_dead_in_one_message(deployment: Deployment, inbox: _Inbox) -> None:
    said = _bury(deployment, 3)

    def is_told() -> bool:
        deployment.invoke(deployment.names.scavenger, {})  # as its minute rule does
        return any(said["job_id"] in message["Message"] for message in inbox.look())

    deployment.wait_for(is_told, patience=150)
    (message,) = (each for each in inbox if said["job_id"] in each["Message"])
    assert "obedient" in message["Subject"]
    assert "3  obedient  ValueError" in message["Message"]
    assert "sosw dead list --since" in message["Message"]


def test_the_dead_are_listed_replayed_and_end_well(deployment: Deployment, client: Client) -> None:
    said = _bury(deployment, 3)
    job = ("--job", said["job_id"])
    listed = run(deployment, "dead", "list", *job)
    assert listed.stdout.splitlines()[1].split() == ["obedient", "ValueError", "3"]
    shown = run(deployment, "dead", "show", f"{said['job_id']}#1")
    assert ("3 of 3 attempts failed" in shown.stdout, shown.stdout.count("was told to raise")) == (True, 3)

    replayed = run(deployment, "dead", "replay", *job, "--why", "mended", "--yes")
    assert (replayed.returncode, replayed.stdout) == (0, "3 replayed\n")
    tasks = deployment.closed(said)
    assert [(task.state.value, task.replays, task.attempt > 3) for task in tasks] == [("done", 1, True)] * 3
    deployment.wait_for(lambda: deployment.totals(said).dead == 0 and deployment.totals(said).done == 3)
    assert run(deployment, "dead", "list", *job).stdout == "no dead tasks\n"
    assert "mended" in client.log("obedient")[0].said


def test_the_dead_of_a_cancelled_job_are_not_replayed_and_may_be_discarded(
    deployment: Deployment, client: Client
) -> None:
    said = _bury(deployment, 2)
    client.job(said["job_id"]).cancel(why="wrong")
    deployment.wait_for(lambda: client.job(said["job_id"]).status().is_settled)
    kept = client.dead.replay(job=said["job_id"], why="mended")
    assert kept.fates == {Fate.JOB_CANCELLED: 2}
    assert client.dead.discard(job=said["job_id"], why="wrong").moved == 2
    assert [task.state.value for task in deployment.tasks_of(said)] == ["cancelled"] * 2
    deployment.wait_for(lambda: deployment.totals(said).cancelled == 2)
