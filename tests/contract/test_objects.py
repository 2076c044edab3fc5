"""A bucket, alike in memory and on S3."""

from __future__ import annotations

import urllib.request
import uuid
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from sosw.aws.objects import S3Objects
from sosw.local.clients import make_client
from sosw.storage import ObjectsFailed
from sosw.testing import InMemoryObjects

HOUR = timedelta(hours=1)
Objects = S3Objects | InMemoryObjects


def on_s3(servers: Any) -> S3Objects:
    client = make_client("s3", endpoint=servers["ministack"].endpoint, region="us-east-1")
    bucket = f"objects-{uuid.uuid4().hex}"
    client.create_bucket(Bucket=bucket)
    return S3Objects(bucket, client=client)


@pytest.fixture(params=["memory", "ministack"])
def objects(request: pytest.FixtureRequest) -> Objects:
    return InMemoryObjects() if request.param == "memory" else on_s3(request.getfixturevalue("servers"))


def test_an_object_comes_back_as_it_was_written(objects: Objects) -> None:
    body = bytes(range(256)) * 5000
    objects.put("archive/labourer=a b/date=2026-01-01/ü.jsonl.gz", body, kind="application/gzip")
    assert objects.get("archive/labourer=a b/date=2026-01-01/ü.jsonl.gz") == body


def test_an_object_written_again_is_the_later_one(objects: Objects) -> None:
    for body in (b"1", b"2"):
        objects.put("k", body, kind="text/plain")
    assert (objects.get("k"), list(objects.keys(""))) == (b"2", ["k"])


def test_what_is_not_there_is_none(objects: Objects) -> None:
    assert objects.get("nothing") is None


def test_keys_are_listed_in_order_below_their_beginning_however_many(objects: Objects) -> None:
    for n in range(1005):
        objects.put(f"a/{n:04}", b"", kind="text/plain")
    objects.put("b/1", b"", kind="text/plain")
    assert list(objects.keys("a/")) == [f"a/{n:04}" for n in range(1005)]
    assert list(objects.keys("c/")) == []


def test_a_signed_url_lends_the_right_to_one_object(servers: Any) -> None:
    objects, body = on_s3(servers), b'{"n":"\xc3\xbc"}'
    put = urllib.request.Request(objects.to_put("results/j/0/1", HOUR), data=body, method="PUT")  # noqa: S310
    with urllib.request.urlopen(put, timeout=10) as answer:  # noqa: S310  (of the local stack)
        assert answer.status == 200
    assert objects.get("results/j/0/1") == body
    with urllib.request.urlopen(objects.to_get("results/j/0/1", HOUR), timeout=10) as answer:  # noqa: S310  (as above)
        assert answer.read() == body


class Refusing:
    def __init__(self, error: Exception) -> None:
        self.error = error

    def __getattr__(self, name: str) -> Any:
        def call(*_: Any, **__: Any) -> Any:
            raise self.error

        return call


def refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "as S3 says"}}, "GetObject")


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (refusal("AccessDenied"), "do not allow it: give the role the rights that the template gives"),
        (refusal("NoSuchBucket"), "there is no such bucket: deploy the stack, which creates it"),
        (refusal("SlowDown"), "as S3 says"),
        (EndpointConnectionError(endpoint_url="s3"), "Could not connect"),
    ],
)
def test_what_s3_refuses_is_said_by_the_bucket_and_what_was_done(error: Exception, sentence: str) -> None:
    client: Any = Refusing(error)
    objects = S3Objects("b", client=client)
    for call, doing in (
        (lambda: objects.put("k", b"", kind=""), "writing k"),
        (lambda: objects.get("k"), "reading k"),
        (lambda: list(objects.keys("k")), "listing k"),
    ):
        with pytest.raises(ObjectsFailed) as failed:
            call()
        assert str(failed.value).startswith(f"bucket b: {doing} failed: ")
        assert sentence in str(failed.value)


def test_a_signature_that_cannot_be_made_is_said() -> None:
    error = EndpointConnectionError(endpoint_url="s3")
    client: Any = Refusing(error)
    with pytest.raises(ObjectsFailed, match="signing for k"):
        S3Objects("b", client=client).to_get("k", HOUR)
