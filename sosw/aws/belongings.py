"""What a stack is made from and what it leaves behind: packages in a bucket, kept tables, the bucket of the archive."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import boto3

from sosw.aws.faults import FORBIDDEN, PATIENT, AwsFailed, asking

FIRST_REGION = "us-east-1"
"""Where a bucket is made that says no region."""
MISSING = ("404", "NoSuchBucket", "NotFound", "ResourceNotFoundException")
DELETED_AT_ONCE = 1000
"""Objects, S3's most."""
NOT_OURS = "it is not of account {account}, or the credentials in use may not look at it: name a bucket of that account"


class Belongings:
    """Of one account and region. A bucket of another account counts as none of ours, whatever that one lets us do: what
    is deployed from it could be exchanged there.
    """

    def __init__(self, *, region: str | None = None, endpoint: str | None = None, clients: Any = None) -> None:
        self._region, self._endpoint = region, endpoint
        self._make, self._made = clients or self._client, dict[str, Any]()
        self._number = ""

    def account(self) -> str:
        """Its number; this call needs no right."""
        if not self._number:
            with asking("the AWS account could not be told", region=self._region):
                self._number = self._of("sts").get_caller_identity()["Account"]
        return self._number

    def has_bucket(self, name: str) -> bool:
        """Raises `AwsFailed` where it is somebody else's."""
        what = f"bucket {name} cannot be used"
        try:
            return self._is_there(what, "s3", "head_bucket", **self._ours(name))
        except AwsFailed as failed:
            if failed.code not in FORBIDDEN:
                raise
            raise AwsFailed(what, failed.code, NOT_OURS.format(account=self.account())) from failed

    def make_bucket(self, name: str, region: str) -> None:
        """A private one that is reached over TLS alone. One that was half made is completed."""
        s3, ours = self._of("s3"), self._ours(name)
        where = {} if region == FIRST_REGION else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        blocked = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
        with asking(f"bucket {name} could not be made", region=self._region):
            with suppress(s3.exceptions.BucketAlreadyOwnedByYou):
                s3.create_bucket(Bucket=name, **where)
            s3.put_public_access_block(**ours, PublicAccessBlockConfiguration=dict.fromkeys(blocked, True))
            s3.put_bucket_policy(**ours, Policy=json.dumps(_over_tls_alone(name, region)))

    def has_object(self, bucket: str, key: str) -> bool:
        """Whether it was uploaded before."""
        what = f"object {key} of bucket {bucket} cannot be looked at"
        return self._is_there(what, "s3", "head_object", **self._ours(bucket), Key=key)

    def upload(self, bucket: str, key: str, content: bytes) -> str:
        """Put it there; answers its URL at the region's own endpoint, without the right to read it."""
        s3 = self._of("s3")
        with asking(f"object {key} could not be put into bucket {bucket}", region=self._region):
            s3.put_object(**self._ours(bucket), Key=key, Body=content)
        return f"{s3.meta.endpoint_url}/{bucket}/{key}"

    def delete_object(self, bucket: str, key: str) -> None:
        """One that is gone is right."""
        with asking(f"object {key} of bucket {bucket} could not be deleted", region=self._region):
            self._of("s3").delete_object(**self._ours(bucket), Key=key)

    def table_is_there(self, name: str) -> bool:
        """In any state."""
        return self._is_there(f"table {name} could not be looked at", "dynamodb", "describe_table", TableName=name)

    def delete_table(self, name: str) -> None:
        """With all that is in it, protected or not; returns when it is gone. One that is gone, or going, is right."""
        dynamodb = self._of("dynamodb")
        with asking(f"table {name} could not be deleted", region=self._region):
            try:
                found = dynamodb.describe_table(TableName=name)["Table"]
            except dynamodb.exceptions.ResourceNotFoundException:
                return
            if found["TableStatus"] != "DELETING":
                dynamodb.get_waiter("table_exists").wait(TableName=name)  # one that changes takes no orders
                if found.get("DeletionProtectionEnabled"):
                    dynamodb.update_table(TableName=name, DeletionProtectionEnabled=False)
                    dynamodb.get_waiter("table_exists").wait(TableName=name)
                dynamodb.delete_table(TableName=name)
            dynamodb.get_waiter("table_not_exists").wait(TableName=name)

    def delete_bucket(self, name: str) -> None:
        """With all that is in it, older versions too."""
        s3, what = self._of("s3"), f"bucket {name} could not be deleted"
        with asking(what, region=self._region):
            for found in self._versions(name):
                answer = s3.delete_objects(**self._ours(name), Delete={"Objects": found, "Quiet": True})
                for each in answer.get("Errors", []):
                    raise AwsFailed(what, each["Code"], f"{each['Key']} stays: {each.get('Message', 'no reason')}")
            s3.delete_bucket(**self._ours(name))

    def _versions(self, bucket: str) -> Iterator[list[dict[str, str]]]:
        """All objects, as many as are deleted at once; where versions are kept, with those that were replaced or
        deleted, without which a bucket is not empty.
        """
        pages = self._of("s3").get_paginator("list_object_versions").paginate(
            **self._ours(bucket), PaginationConfig={"PageSize": DELETED_AT_ONCE}
        )  # fmt: skip
        for page in pages:
            found = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
            if found:
                yield [{"Key": each["Key"], "VersionId": each["VersionId"]} for each in found]

    def _ours(self, bucket: str) -> dict[str, str]:
        """How S3 is told of which bucket we speak."""
        return {"Bucket": bucket, "ExpectedBucketOwner": self.account()}

    def _is_there(self, what: str, service: str, look: str, **named: str) -> bool:
        """`what` is said of a look that fails otherwise than by finding nothing."""
        try:
            with asking(what, region=self._region):
                getattr(self._of(service), look)(**named)
        except AwsFailed as failed:
            if failed.code in MISSING:
                return False
            raise
        return True

    def _of(self, service: str) -> Any:
        if service not in self._made:
            with asking(f"{service} could not be asked", region=self._region):
                self._made[service] = self._make(service)
        return self._made[service]

    def _client(self, service: str) -> Any:
        return boto3.Session().client(  # type: ignore[call-overload]
            service, region_name=self._region, endpoint_url=self._endpoint, config=PATIENT
        )


def _over_tls_alone(bucket: str, region: str) -> dict[str, Any]:
    arn = f"arn:{boto3.Session().get_partition_for_region(region)}:s3:::{bucket}"
    denied = {
        "Sid": "OnlyOverTls", "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": [arn, f"{arn}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }  # fmt: skip
    return {"Version": "2012-10-17", "Statement": [denied]}
