"""S3 when it fails: what is taken up again, and what is said."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ResponseStreamingError

from sosw.aws import s3
from sosw.aws.s3 import S3Sources
from sosw.domain.errors import InvalidInput, SourceUnavailable
from sosw.domain.sources import Source

CONTENT = b"one\ntwo\nthree\n"
JOB = {"source": "s3://bucket/x.jsonl"}


class Body:
    """Gives `content` a piece at a time, and breaks off after `whole` pieces."""

    def __init__(self, content: bytes, whole: int) -> None:
        self.content, self.whole, self.is_closed = content, whole, False

    def iter_chunks(self, _size: int) -> Iterator[bytes]:
        for number, begin in enumerate(range(0, len(self.content), 4)):
            if number == self.whole:
                raise ResponseStreamingError(error="broken off")
            yield self.content[begin : begin + 4]
        if self.whole > len(self.content):
            raise ResponseStreamingError(error="broken off")

    def close(self) -> None:
        self.is_closed = True


class Bucket:
    """A client of S3 whose bodies break off after `whole` pieces each."""

    def __init__(self, *whole: int) -> None:
        self.whole, self.asked, self.bodies = list(whole), list[dict[str, Any]](), list[Body]()

    def get_object(self, **asked: Any) -> dict[str, Any]:
        self.asked.append(asked)
        start = int(asked.get("Range", "bytes=0-")[len("bytes=") : -1])
        if start >= len(CONTENT):
            raise refusal("InvalidRange", 416)
        self.bodies.append(Body(CONTENT[start:], self.whole.pop(0)))
        return {"Body": self.bodies[-1]}


class Refusing:
    def __init__(self, error: Exception) -> None:
        self.error = error

    def __getattr__(self, name: str) -> Any:
        def call(**_asked: Any) -> Any:
            raise self.error

        return call


def refusal(code: str, status: int) -> ClientError:
    return ClientError({"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}, "GetObject")  # type: ignore[typeddict-item]


def a_source() -> Source:
    source = Source.of(JOB)
    assert source is not None
    return source


def reader(client: Any) -> S3Sources:
    return S3Sources(client=client)


def test_a_reading_that_breaks_off_is_taken_up_where_it_broke() -> None:
    bucket = Bucket(1, 1, 99)
    assert list(reader(bucket).lines(a_source(), "etag:e")) == [b"one", b"two", b"three"]
    assert [asked.get("Range") for asked in bucket.asked] == [None, "bytes=4-", "bytes=8-", "bytes=14-"]
    assert {asked["IfMatch"] for asked in bucket.asked} == {"e"}
    assert all(body.is_closed for body in bucket.bodies)


def test_a_version_is_asked_for_by_its_id() -> None:
    bucket = Bucket(9)
    list(reader(bucket).lines(a_source(), "version:v7"))
    assert bucket.asked == [{"Bucket": "bucket", "Key": "x.jsonl", "VersionId": "v7"}]


def test_a_reading_that_gets_nowhere_is_given_up() -> None:
    with pytest.raises(SourceUnavailable, match=r"cannot be read now: .*broken off"):
        list(reader(Bucket(*[0] * s3.TRIES)).lines(a_source(), "etag:e"))


@pytest.mark.parametrize(
    ("error", "is_for_good", "sentence"),
    [
        (refusal("403", 403), False, "may not be read: the Scheduler's role needs s3:GetObject and s3:ListBucket"),
        (refusal("NoSuchBucket", 404), True, "is not there"),
        (refusal("PreconditionFailed", 412), True, "is no longer what it was when the job was submitted"),
        (refusal("NoSuchVersion", 404), True, "is no longer what it was when the job was submitted"),
        (refusal("SlowDown", 503), False, "cannot be read now: An error occurred (SlowDown)"),
        (refusal("KMS.DisabledException", 400), False, "cannot be read now: An error occurred (KMS.DisabledException)"),
        (EndpointConnectionError(endpoint_url="s3"), False, "cannot be read now: Could not connect"),
    ],
)
def test_what_s3_refuses_is_said_by_the_name_of_the_source_and_whether_it_may_pass(
    error: Exception, sentence: str, *, is_for_good: bool
) -> None:
    for call in (lambda s: s.pin(a_source()), lambda s: list(s.lines(a_source(), "etag:e"))):
        with pytest.raises(InvalidInput if is_for_good else SourceUnavailable) as refused:
            call(reader(Refusing(error)))
        assert "source: 's3://bucket/x.jsonl' " in str(refused.value)
        assert sentence in str(refused.value)


@pytest.mark.parametrize("content", [b"no gzip", b"\x1f\x8b\x08\x00"])
def test_what_is_not_whole_gzip_is_refused(content: bytes) -> None:
    source = Source.of({"source": "s3://bucket/x.csv.gz"})
    assert source is not None
    with pytest.raises(InvalidInput, match=r"is not gzip, as its name says|ends in the middle of its gzip data"):
        list(s3.unzipped([content], source))


def test_the_client_is_made_once() -> None:
    sources = S3Sources()
    assert sources.client is sources.client
