"""What a stack is made from and what it leaves behind: packages in a bucket, kept tables, the bucket of the archive."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3

from sosw.aws.faults import AwsFailed, asking

FIRST_REGION = "us-east-1"
"""Where a bucket is made that says no region."""
MISSING = ("404", "NoSuchBucket", "NotFound", "ResourceNotFoundException")
DELETED_AT_ONCE = 1000
"""Objects, S3's most."""


class Belongings:
    """Of one account and region."""

    def __init__(self, *, region: str | None = None, endpoint: str | None = None, clients: Any = None) -> None:
        self._region, self._endpoint = region, endpoint
        self._make, self._made = clients or self._client, dict[str, Any]()

    def account(self) -> str:
        """Its number; this call needs no right."""
        with asking("the AWS account could not be told", region=self._region):
            number: str = self._of("sts").get_caller_identity()["Account"]
            return number

    def has_bucket(self, name: str) -> bool:
        """Raises `AwsFailed` where it is somebody else's."""
        return self._is_there(f"bucket {name} cannot be used", "s3", "head_bucket", Bucket=name)

    def make_bucket(self, name: str, region: str) -> None:
        """A private one that is reached over TLS alone."""
        s3 = self._of("s3")
        where = {} if region == FIRST_REGION else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        blocked = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
        with asking(f"bucket {name} could not be made", region=self._region):
            s3.create_bucket(Bucket=name, **where)
            s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=dict.fromkeys(blocked, True))
            s3.put_bucket_policy(Bucket=name, Policy=json.dumps(_over_tls_alone(name, region)))

    def has_object(self, bucket: str, key: str) -> bool:
        """Whether it was uploaded before."""
        what = f"object {key} of bucket {bucket} cannot be looked at"
        return self._is_there(what, "s3", "head_object", Bucket=bucket, Key=key)

    def upload(self, bucket: str, key: str, content: bytes) -> str:
        """Put it there; answers its URL, without the right to read it."""
        s3 = self._of("s3")
        with asking(f"object {key} could not be put into bucket {bucket}", region=self._region):
            s3.put_object(Bucket=bucket, Key=key, Body=content)
            url: str = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": key})
        return url.partition("?")[0]

    def table_is_there(self, name: str) -> bool:
        """In any state."""
        return self._is_there(f"table {name} could not be looked at", "dynamodb", "describe_table", TableName=name)

    def delete_table(self, name: str) -> None:
        """With all that is in it, protected or not; returns when it is gone."""
        dynamodb = self._of("dynamodb")
        with asking(f"table {name} could not be deleted", region=self._region):
            dynamodb.update_table(TableName=name, DeletionProtectionEnabled=False)
            dynamodb.get_waiter("table_exists").wait(TableName=name)
            dynamodb.delete_table(TableName=name)
            dynamodb.get_waiter("table_not_exists").wait(TableName=name)

    def delete_bucket(self, name: str) -> None:
        """With all that is in it."""
        s3 = self._of("s3")
        with asking(f"bucket {name} could not be deleted", region=self._region):
            for keys in self._keys(name):
                s3.delete_objects(Bucket=name, Delete={"Objects": keys, "Quiet": True})
            s3.delete_bucket(Bucket=name)

    def _keys(self, bucket: str) -> Iterator[list[dict[str, str]]]:
        pages = self._of("s3").get_paginator("list_objects_v2").paginate(
            Bucket=bucket, PaginationConfig={"PageSize": DELETED_AT_ONCE}
        )  # fmt: skip
        for page in pages:
            keys = [{"Key": each["Key"]} for each in page.get("Contents", [])]
            if keys:
                yield keys

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
        return boto3.Session().client(service, region_name=self._region, endpoint_url=self._endpoint)  # type: ignore[call-overload]


def _over_tls_alone(bucket: str, region: str) -> dict[str, Any]:
    arn = f"arn:{boto3.Session().get_partition_for_region(region)}:s3:::{bucket}"
    denied = {
        "Sid": "OnlyOverTls", "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": [arn, f"{arn}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }  # fmt: skip
    return {"Version": "2012-10-17", "Statement": [denied]}
