"""CloudFormation as deployments see it: what it answers, what it refuses, and that no refusal leaves anything."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from sosw.aws.faults import AwsFailed
from sosw.aws.stacks import Stacks
from sosw.domain.stacks import ChangeFacts

ID = "arn:aws:cloudformation:eu-west-1:123456789012:stack/sosw/1"
CHANGE_SET = {"StackName": "sosw", "ChangeSetName": "mine"}
MADE = {"Id": "arn:aws:cloudformation:eu-west-1:123456789012:changeSet/mine/1", "StackId": ID}


class Told:
    """Answers in order, as they are written down."""

    def __init__(self) -> None:
        client = boto3.client(
            "cloudformation", region_name="eu-west-1", aws_access_key_id="1", aws_secret_access_key="1"
        )
        self.stubber = Stubber(client)
        self.stacks = Stacks(client=client)
        self.stubber.activate()

    def stack(self, status: str) -> None:
        found = {"StackName": "sosw", "StackId": ID, "StackStatus": status, "CreationTime": "2026-01-01T00:00:00Z"}
        self.stubber.add_response("describe_stacks", {"Stacks": [found]})

    def change_set(self, status: str, reason: str = "", changes: Any = ()) -> None:
        self.stubber.add_response("create_change_set", MADE)
        for _ in range(2):  # once for the waiter
            self.stubber.add_response(
                "describe_change_set", {"Status": status, "StatusReason": reason, "Changes": list(changes)}
            )

    def propose(self) -> list[ChangeFacts]:
        return self.stacks.propose("sosw", "mine", {"TemplateBody": "{}"}, {}, creates=True, takes_over=False)


@pytest.fixture
def told() -> Told:
    return Told()


def test_what_a_change_set_would_do_is_told(told: Told) -> None:
    change = {"Action": "Modify", "LogicalResourceId": "Tasks", "ResourceType": "AWS::X", "Replacement": "True"}
    told.change_set("CREATE_COMPLETE", changes=[{"Type": "Resource", "ResourceChange": change}])

    assert told.propose() == [ChangeFacts(action="Modify", resource="Tasks", kind="AWS::X", replaces=True)]


def test_a_change_set_that_would_do_nothing_is_no_error(told: Told) -> None:
    told.change_set("FAILED", "The submitted information didn't contain changes.")

    assert told.propose() == []


def test_a_refused_change_set_is_told_and_neither_it_nor_its_empty_stack_is_left(told: Told) -> None:
    told.change_set("FAILED", "Transform AWS::Serverless-2016-10-31 failed with: Invalid")
    told.stubber.add_response("delete_change_set", {}, CHANGE_SET)
    told.stack("REVIEW_IN_PROGRESS")
    told.stubber.add_response("delete_stack", {}, {"StackName": "sosw"})

    with pytest.raises(AwsFailed, match=r"AWS does not take the template of stack sosw, .* Invalid"):
        told.propose()
    told.stubber.assert_no_pending_responses()


def test_a_stack_that_is_not_there_is_none(told: Told) -> None:
    told.stubber.add_client_error("describe_stacks", "ValidationError", "Stack with id sosw does not exist")

    assert told.stacks.find("sosw") is None


def test_what_nobody_imports_has_no_importers(told: Told) -> None:
    told.stubber.add_client_error("list_imports", "ValidationError", "Export 'x' is not imported by any stack.")

    assert told.stacks.importers("x") == []


def test_the_stack_that_exports_a_name_is_found_by_it(told: Told) -> None:
    told.stubber.add_response("list_exports", {"Exports": [{"Name": "sosw-SchedulerArn", "ExportingStackId": ID}]})

    assert told.stacks.exporter("sosw-SchedulerArn") == "sosw"
