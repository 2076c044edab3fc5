"""What is deployed comes from buckets of the account itself, and what is to go goes whole."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from sosw.aws.belongings import Belongings
from sosw.aws.faults import AwsFailed

ACCOUNT = "123456789012"
OURS = {"Bucket": "mine", "ExpectedBucketOwner": ACCOUNT}
TABLE = {"TableName": "sosw-tasks"}


class Told:
    """Answers of each service in order, as they are written down."""

    def __init__(self) -> None:
        self.stubbers: dict[str, Stubber] = {}
        self.belongings = Belongings(region="eu-west-1", clients=lambda service: self[service].client)
        self["sts"].add_response("get_caller_identity", {"Account": ACCOUNT})

    def __getitem__(self, service: str) -> Stubber:
        if service not in self.stubbers:
            made: Any = boto3.client  # of any service
            client = made(service, region_name="eu-west-1", aws_access_key_id="1", aws_secret_access_key="1")
            self.stubbers[service] = Stubber(client)
            self.stubbers[service].activate()
        return self.stubbers[service]

    def table(self, status: str, *, is_protected: bool = False) -> None:
        found = {"TableStatus": status, "DeletionProtectionEnabled": is_protected}
        self["dynamodb"].add_response("describe_table", {"Table": found}, TABLE)

    def no_table(self) -> None:
        self["dynamodb"].add_client_error("describe_table", "ResourceNotFoundException", expected_params=TABLE)

    def contents(self, **found: Any) -> None:
        self["s3"].add_response("list_object_versions", found, {**OURS, "MaxKeys": 1000})

    def nothing_is_left(self) -> None:
        for service in self.stubbers.keys() - {"sts"}:
            self[service].assert_no_pending_responses()


@pytest.fixture
def told() -> Told:
    return Told()


def test_a_bucket_of_another_account_is_not_used_though_it_lets_us_in(told: Told) -> None:
    told["s3"].add_client_error("head_bucket", "403", "Forbidden", 403, expected_params=OURS)

    with pytest.raises(AwsFailed, match=r"bucket mine cannot be used \(403\): it is not of account 123456789012"):
        told.belongings.has_bucket("mine")


def test_a_bucket_that_cannot_be_looked_at_otherwise_is_told_as_it_is(told: Told) -> None:
    told["s3"].add_client_error("head_bucket", "SlowDown", "Reduce your rate")

    with pytest.raises(AwsFailed, match=r"\(SlowDown\): Reduce your rate"):
        told.belongings.has_bucket("mine")


def test_whose_bucket_it_is_is_asked_of_everything_that_is_done_with_it(told: Told) -> None:
    told["s3"].add_response("head_bucket", {}, OURS)
    told["s3"].add_client_error("head_object", "404", expected_params={**OURS, "Key": "a.zip"})
    told["s3"].add_response("put_object", {}, {**OURS, "Key": "a.zip", "Body": b"content"})
    told["s3"].add_response("delete_object", {}, {**OURS, "Key": "a.zip"})

    assert told.belongings.has_bucket("mine")
    assert not told.belongings.has_object("mine", "a.zip")
    url = told.belongings.upload("mine", "a.zip", b"content")
    told.belongings.delete_object("mine", "a.zip")
    assert url == "https://s3.eu-west-1.amazonaws.com/mine/a.zip"  # the region's: younger ones know no other
    told.nothing_is_left()


def test_a_bucket_that_was_half_made_is_completed(told: Told) -> None:
    where = {"Bucket": "mine", "CreateBucketConfiguration": {"LocationConstraint": "eu-west-1"}}
    told["s3"].add_client_error("create_bucket", "BucketAlreadyOwnedByYou", expected_params=where)
    told["s3"].add_response("put_public_access_block", {})
    told["s3"].add_response("put_bucket_policy", {})

    told.belongings.make_bucket("mine", "eu-west-1")
    told.nothing_is_left()


def test_a_bucket_goes_with_its_older_versions_and_what_marks_the_deleted(told: Told) -> None:
    told.contents(Versions=[{"Key": "a", "VersionId": "null"}], DeleteMarkers=[{"Key": "b", "VersionId": "2"}])
    gone = {"Objects": [{"Key": "a", "VersionId": "null"}, {"Key": "b", "VersionId": "2"}], "Quiet": True}
    told["s3"].add_response("delete_objects", {}, {**OURS, "Delete": gone})
    told["s3"].add_response("delete_bucket", {}, OURS)

    told.belongings.delete_bucket("mine")
    told.nothing_is_left()


def test_an_object_that_does_not_go_is_told(told: Told) -> None:
    told.contents(Versions=[{"Key": "a", "VersionId": "1"}])
    told["s3"].add_response("delete_objects", {"Errors": [{"Key": "a", "Code": "AccessDenied", "Message": "locked"}]})

    with pytest.raises(AwsFailed, match=r"bucket mine could not be deleted \(AccessDenied\): a stays: locked"):
        told.belongings.delete_bucket("mine")


def test_a_protected_table_is_unprotected_and_deleted(told: Told) -> None:
    told.table("ACTIVE", is_protected=True)
    told.table("ACTIVE", is_protected=True)
    told["dynamodb"].add_response("update_table", {}, {**TABLE, "DeletionProtectionEnabled": False})
    told.table("ACTIVE")
    told["dynamodb"].add_response("delete_table", {}, TABLE)
    told.no_table()

    told.belongings.delete_table("sosw-tasks")
    told.nothing_is_left()


def test_nothing_is_asked_of_a_table_that_is_not_protected_but_to_go(told: Told) -> None:
    told.table("ACTIVE")
    told.table("ACTIVE")
    told["dynamodb"].add_response("delete_table", {}, TABLE)
    told.no_table()

    told.belongings.delete_table("sosw-tasks")
    told.nothing_is_left()


def test_a_table_that_is_gone_or_going_is_what_was_wanted(told: Told) -> None:
    told.no_table()
    told.belongings.delete_table("sosw-tasks")
    told.table("DELETING")
    told.no_table()
    told.belongings.delete_table("sosw-tasks")

    told.nothing_is_left()
