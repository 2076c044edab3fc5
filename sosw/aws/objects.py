"""A bucket of S3 as an `ObjectStore`."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from sosw.aws.clients import Clients
from sosw.storage import ObjectsFailed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import timedelta

    from mypy_boto3_s3 import S3Client

ABSENT = ("NoSuchKey", "404")
_FORBIDDEN = "the credentials in use do not allow it: give the role the rights that the template gives"
_ADVICE = {
    "AccessDenied": _FORBIDDEN,
    "403": _FORBIDDEN,
    "NoSuchBucket": "there is no such bucket: deploy the stack, which creates it",
    "NoCredentialsError": "there are no AWS credentials: set them in the environment, or name a profile in AWS_PROFILE",
}


class S3Objects:
    """Over one client, made at the first call; threads may share it. botocore repeats what failed in passing."""

    def __init__(self, bucket: str, *, clients: Clients | None = None, client: S3Client | None = None) -> None:
        self.bucket, self._clients, self._client, self._lock = bucket, clients or Clients(), client, Lock()

    def put(self, key: str, body: bytes, *, kind: str) -> None:
        """See `ObjectStore.put`. The bucket encrypts it."""
        try:
            self.client.put_object(Bucket=self.bucket, Key=key, Body=body, ContentType=kind)
        except (ClientError, BotoCoreError) as error:
            raise self._failed(f"writing {key}", error) from error

    def get(self, key: str) -> bytes | None:
        """See `ObjectStore.get`."""
        try:
            return self.client.get_object(Bucket=self.bucket, Key=key)["Body"].read()
        except ClientError as error:
            if error.response["Error"]["Code"] in ABSENT:
                return None
            raise self._failed(f"reading {key}", error) from error
        except BotoCoreError as error:
            raise self._failed(f"reading {key}", error) from error

    def keys(self, prefix: str) -> Iterator[str]:
        """See `ObjectStore.keys`. A call for each 1,000."""
        try:
            for page in self.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix):
                yield from (found["Key"] for found in page.get("Contents", []))
        except (ClientError, BotoCoreError) as error:
            raise self._failed(f"listing {prefix}", error) from error

    def to_get(self, key: str, life: timedelta) -> str:
        """See `UrlSigner.to_get`."""
        return self._sign("get_object", key, life)

    def to_put(self, key: str, life: timedelta) -> str:
        """See `UrlSigner.to_put`."""
        return self._sign("put_object", key, life)

    @property
    def client(self) -> S3Client:
        """The one client."""
        with self._lock:
            if self._client is None:
                config = Config(
                    connect_timeout=5,
                    read_timeout=30,
                    signature_version="s3v4",
                    retries={"mode": "standard", "total_max_attempts": 4},
                )
                # Left to itself, botocore signs URLs for the endpoint that all regions share, which serves no region
                # younger than 2019, and of the older ones no new bucket.
                self._client = self._clients.make("s3", config.merge(Config(s3={"addressing_style": "virtual"})))
                if ".amazonaws." not in (urlsplit(self._client.meta.endpoint_url).hostname or ""):
                    self._client = self._clients.make("s3", config)  # no bucket is a name before that of one's own
            return self._client

    def _sign(self, operation: str, key: str, life: timedelta) -> str:
        where = {"Bucket": self.bucket, "Key": key}
        try:
            return self.client.generate_presigned_url(operation, Params=where, ExpiresIn=int(life.total_seconds()))
        except BotoCoreError as error:
            raise self._failed(f"signing for {key}", error) from error

    def _failed(self, what: str, error: ClientError | BotoCoreError) -> ObjectsFailed:
        code = error.response["Error"]["Code"] if isinstance(error, ClientError) else type(error).__name__
        return ObjectsFailed(self.bucket, what, _ADVICE.get(code, str(error)))
