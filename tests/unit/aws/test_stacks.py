"""CloudFormation as deployments see it: what it answers, what it refuses, and that no refusal leaves anything."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from sosw.aws.faults import AwsFailed
from sosw.aws.stacks import CAPABILITIES, Stacks
from sosw.domain.stacks import ChangeFacts

ID = "arn:aws:cloudformation:eu-west-1:123456789012:stack/sosw/1"
CHANGE_SET = {"StackName": "sosw", "ChangeSetName": "mine"}
_LEAVES = "DELETE_IN_PROGRESS"
MADE = {"Id": "arn:aws:cloudformation:eu-west-1:123456789012:changeSet/mine/1", "StackId": ID}


class Told:
    """Answers in order, as they are written down."""

    def __init__(self) -> None:
        client = boto3.client(
            "cloudformation", region_name="eu-west-1", aws_access_key_id="1", aws_secret_access_key="1"
        )
        self.client, self.stubber = client, Stubber(client)
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

    def proposals(self, **others: str) -> None:
        """Mine is on its way out; and `others` with their status."""
        found = [{"ChangeSetName": name, "Status": status} for name, status in (others | {"mine": _LEAVES}).items()]
        self.stubber.add_response("list_change_sets", {"Summaries": found})

    def interrupt(self) -> None:
        """Whoever waits for the change set presses Ctrl-C, once."""
        presses = iter([True])

        def pressed(**_: Any) -> None:
            if next(presses, False):
                raise KeyboardInterrupt

        self.client.meta.events.register("before-parameter-build.cloudformation.DescribeChangeSet", pressed)

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


def test_a_change_of_outputs_alone_is_one(told: Told) -> None:
    told.change_set("CREATE_COMPLETE")  # of no resource

    (found,) = told.propose()
    assert str(found) == "sosw (AWS::CloudFormation::Stack) is changed"


def test_where_it_cannot_be_looked_at_neither_change_set_nor_empty_stack_is_left(told: Told) -> None:
    told.stubber.add_response("create_change_set", MADE)
    told.stubber.add_response("describe_change_set", {"Status": "CREATE_COMPLETE"})
    told.stubber.add_client_error("describe_change_set", "AccessDenied", "not authorized")
    told.stubber.add_response("describe_change_set", {"Status": "CREATE_COMPLETE"})
    told.stubber.add_response("delete_change_set", {}, CHANGE_SET)
    told.stack("REVIEW_IN_PROGRESS")
    told.proposals()
    told.stubber.add_response("delete_stack", {}, {"StackName": "sosw"})

    with pytest.raises(AwsFailed, match="not authorized"):
        told.propose()
    told.stubber.assert_no_pending_responses()


def test_a_refused_change_set_is_told_and_neither_it_nor_its_empty_stack_is_left(told: Told) -> None:
    told.change_set("FAILED", "Transform AWS::Serverless-2016-10-31 failed with: Invalid")
    told.stubber.add_response("describe_change_set", {"Status": "FAILED"})  # nothing is being made any more
    told.stubber.add_response("delete_change_set", {}, CHANGE_SET)
    told.stack("REVIEW_IN_PROGRESS")
    told.proposals()
    told.stubber.add_response("delete_stack", {}, {"StackName": "sosw"})

    with pytest.raises(AwsFailed, match=r"AWS does not take the template of stack sosw, .* Invalid"):
        told.propose()
    told.stubber.assert_no_pending_responses()


def test_a_resource_of_which_aws_does_not_know_yet_is_told_as_one_that_may_be_replaced(told: Told) -> None:
    change = {"Action": "Modify", "LogicalResourceId": "Tasks", "ResourceType": "AWS::X", "Replacement": "Conditional"}
    told.change_set("CREATE_COMPLETE", changes=[{"Type": "Resource", "ResourceChange": change}])

    (found,) = told.propose()
    assert (found.replaces, found.may_replace) == (False, True)


def test_interrupted_while_aws_makes_it_neither_change_set_nor_empty_stack_is_left(told: Told) -> None:
    told.stubber.add_response("create_change_set", MADE)
    told.stubber.add_response("describe_change_set", {"Status": "CREATE_COMPLETE"}, CHANGE_SET)
    told.stubber.add_response("delete_change_set", {}, CHANGE_SET)
    told.stack("REVIEW_IN_PROGRESS")
    told.proposals()
    told.stubber.add_response("delete_stack", {}, {"StackName": "sosw"})
    told.interrupt()

    with pytest.raises(KeyboardInterrupt):
        told.propose()
    told.stubber.assert_no_pending_responses()


@pytest.mark.parametrize("status", ["CREATE_IN_PROGRESS", "CREATE_COMPLETE"])
def test_the_empty_stack_stays_while_somebody_else_has_a_proposal_for_it(told: Told, status: str) -> None:
    told.stubber.add_response("delete_change_set", {}, CHANGE_SET)
    told.stack("REVIEW_IN_PROGRESS")
    told.proposals(theirs=status)

    told.stacks.forget("sosw", "mine")  # a call to delete the stack would meet no answer
    told.stubber.assert_no_pending_responses()


def test_a_proposal_that_has_failed_does_not_keep_the_empty_stack(told: Told) -> None:
    told.stubber.add_response("delete_change_set", {}, CHANGE_SET)
    told.stack("REVIEW_IN_PROGRESS")
    told.proposals(theirs="FAILED")
    told.stubber.add_response("delete_stack", {}, {"StackName": "sosw"})

    told.stacks.forget("sosw", "mine")
    told.stubber.assert_no_pending_responses()


def test_whoever_may_not_read_why_aws_has_not_begun_is_still_told_that_it_failed(told: Told) -> None:
    told.stubber.add_client_error("describe_events", "AccessDenied", "not authorized")

    assert told.stacks.refused(ID) == ""


def test_a_stack_that_is_not_there_is_none(told: Told) -> None:
    told.stubber.add_client_error("describe_stacks", "ValidationError", "Stack with id sosw does not exist")

    assert told.stacks.find("sosw") is None


def test_what_nobody_imports_has_no_importers(told: Told) -> None:
    told.stubber.add_client_error("list_imports", "ValidationError", "Export 'x' is not imported by any stack.")

    assert told.stacks.importers("x") == []


def test_the_stack_that_exports_a_name_is_found_by_it(told: Told) -> None:
    told.stubber.add_response("list_exports", {"Exports": [{"Name": "sosw-SchedulerArn", "ExportingStackId": ID}]})

    assert told.stacks.exporter("sosw-SchedulerArn") == "sosw"


@pytest.mark.parametrize(("sent", "told"), [("A: !Ref B", "A: !Ref B"), ({"A": 1}, '{"A": 1}')])
def test_a_template_is_told_as_it_was_sent(sent: Any, told: str) -> None:
    asked: list[dict[str, str]] = []

    def answer(**given: str) -> dict[str, Any]:
        asked.append(given)
        return {"TemplateBody": sent}  # botocore reads JSON by itself

    client = SimpleNamespace(get_template=answer, meta=SimpleNamespace(region_name="eu-west-1"))
    assert Stacks(client=client).template("sosw") == told
    assert asked == [{"StackName": "sosw", "TemplateStage": "Original"}]


def test_resources_are_told_also_where_they_were_never_made(told: Told) -> None:
    when = {"LastUpdatedTimestamp": "2026-01-01T00:00:00Z"}
    made = {"LogicalResourceId": "A", "ResourceType": "AWS::X", "ResourceStatus": "CREATE_COMPLETE", **when}
    never = {**made, "LogicalResourceId": "B", "ResourceStatus": "CREATE_FAILED"}
    told.stubber.add_response(
        "list_stack_resources", {"StackResourceSummaries": [{**made, "PhysicalResourceId": "a-1"}, never]}
    )

    assert [(each.name, each.id) for each in told.stacks.resources("sosw")] == [("A", "a-1"), ("B", "")]


def test_a_parameter_that_stays_is_not_sent_by_its_value(told: Told) -> None:
    wanted = [{"ParameterKey": "A", "UsePreviousValue": True}, {"ParameterKey": "B", "ParameterValue": "1"}]
    expected = {**CHANGE_SET, "ChangeSetType": "UPDATE", "Parameters": wanted, "TemplateBody": "{}"}
    expected["Capabilities"] = CAPABILITIES
    told.stubber.add_response("create_change_set", MADE, expected)
    for _ in range(2):
        told.stubber.add_response("describe_change_set", {"Status": "CREATE_COMPLETE", "Changes": []})
    body = {"TemplateBody": "{}"}
    parameters = {"A": None, "B": "1"}

    told.stacks.propose("sosw", "mine", body, parameters, creates=False, takes_over=False)
    told.stubber.assert_no_pending_responses()


def test_a_stack_that_was_there_before_stays_when_a_plan_is_forgotten(told: Told) -> None:
    told.stubber.add_response("delete_change_set", {}, CHANGE_SET)

    told.stacks.forget("sosw", "mine", is_ours=False)
    told.stubber.assert_no_pending_responses()


def test_what_happened_last_is_asked_for_once_and_what_came_after_it_is_news(told: Told) -> None:
    events = [
        {
            "StackId": ID, "StackName": "sosw", "EventId": name, "LogicalResourceId": "A", "ResourceType": "AWS::X",
            "ResourceStatus": "CREATE_COMPLETE", "Timestamp": "2026-01-01T00:00:00Z",
        }
        for name in ("third", "second", "first")
    ]  # fmt: skip
    told.stubber.add_response("describe_stack_events", {"StackEvents": events[2:], "NextToken": "older"})
    told.stubber.add_response("describe_stack_events", {"StackEvents": []})
    told.stubber.add_response("describe_stack_events", {"StackEvents": events, "NextToken": "older"})

    assert [told.stacks.last_event(ID), told.stacks.last_event(ID)] == ["first", None]
    assert [each.id for each in told.stacks.events(ID, "first")] == ["second", "third"]
    told.stubber.assert_no_pending_responses()
