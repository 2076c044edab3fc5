"""What the state of a stack lets one do with it."""

from __future__ import annotations

import pytest

from sosw.domain.stacks import ChangeFacts, StackBlocked, StackFacts, Way, stack_name, way


def stack(status: str, reason: str = "") -> StackFacts:
    return StackFacts(name="sosw", id="arn", status=status, reason=reason)


def test_where_nothing_is_or_was_carried_out_it_is_created() -> None:
    assert way(None) is Way.CREATE
    assert way(stack("REVIEW_IN_PROGRESS")) is Way.CREATE


@pytest.mark.parametrize(
    "status",
    ["CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE", "IMPORT_ROLLBACK_COMPLETE"],
)
def test_what_is_sound_is_updated(status: str) -> None:
    assert way(stack(status)) is Way.UPDATE


@pytest.mark.parametrize("status", ["CREATE_FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED"])
def test_what_nobody_can_update_is_made_anew(status: str) -> None:
    assert way(stack(status)) is Way.ANEW


@pytest.mark.parametrize("status", ["CREATE_IN_PROGRESS", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "DELETE_IN_PROGRESS"])
def test_what_somebody_else_is_at_is_waited_for(status: str) -> None:
    with pytest.raises(StackBlocked, match=f"stack sosw is {status}: somebody is changing it: wait"):
        way(stack(status))


@pytest.mark.parametrize(("reason", "said"), [("no rights", r"\(no rights\)"), ("", r"\(no reason is told\)")])
def test_what_could_not_go_back_is_told_with_the_command_that_goes_on(reason: str, said: str) -> None:
    with pytest.raises(StackBlocked, match=said) as blocked:
        way(stack("UPDATE_ROLLBACK_FAILED", reason))

    assert "aws cloudformation continue-update-rollback --stack-name sosw" in blocked.value.step


@pytest.mark.parametrize(
    ("action", "replaces", "said"),
    [
        ("Add", False, "created"), ("Modify", False, "changed"), ("Modify", True, "replaced"),
        ("Remove", False, "removed"), ("Import", False, "taken over"), ("Dynamic", False, "dynamic"),
    ],
)  # fmt: skip
def test_a_change_is_told_in_words(action: str, said: str, *, replaces: bool) -> None:
    change = ChangeFacts(action=action, resource="Tasks", kind="AWS::DynamoDB::Table", replaces=replaces)

    assert str(change) == f"Tasks (AWS::DynamoDB::Table) is {said}"
    assert change.loses is (said in {"replaced", "removed"})


@pytest.mark.parametrize("kind", ["AWS::Events::Rule", "AWS::ApiGateway::Deployment", "AWS::S3::BucketPolicy"])
def test_what_holds_nothing_is_no_loss(kind: str) -> None:
    assert not ChangeFacts(action="Remove", resource="Rule", kind=kind).loses


@pytest.mark.parametrize(("kind", "loses"), [("AWS::RDS::DBInstance", True), ("AWS::Lambda::Url", False)])
def test_what_holds_data_may_be_lost_where_aws_does_not_know_yet(kind: str, *, loses: bool) -> None:
    assert ChangeFacts(action="Modify", resource="A", kind=kind, may_replace=True).loses is loses


def test_an_update_that_was_left_half_done_is_told_with_the_way_back() -> None:
    with pytest.raises(StackBlocked, match=r"stands as it was then .*: let AWS go back: aws cloudformation r"):
        way(stack("UPDATE_FAILED"))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("orders-sync", "orders-sync"), ("orders_sync", "orders-sync"), ("7up", "worker-7up"), ("_a b!", "a-b"),
        ("x" * 200, "x" * 128), ("…", ""),
    ],
)  # fmt: skip
def test_a_stack_has_a_name_like_its_folder(text: str, name: str) -> None:
    assert stack_name(text) == name


def test_a_change_of_which_aws_does_not_know_yet_is_told_as_one_that_may_make_it_anew() -> None:
    change = ChangeFacts(action="Modify", resource="Tasks", kind="AWS::DynamoDB::Table", may_replace=True)

    assert str(change) == "Tasks (AWS::DynamoDB::Table) is changed, perhaps by a new one"
