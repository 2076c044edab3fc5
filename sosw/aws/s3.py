"""S3 as a `SourceReader`: lines and objects in constant memory, and always those of the moment of the pin."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError

from sosw.aws.clients import Clients
from sosw.domain.errors import InvalidInput, SoswError, SourceUnavailable, invalid
from sosw.domain.lines import MAX_LINE_BYTES
from sosw.domain.sources import Form, Source
from sosw.ports import Beat, no_beat

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

CHUNK = 256 * 1024
TRIES = 5
"""So often a reading that broke off is taken up again where it broke."""
_VERSION, _ETAG, _LIST = "version:", "etag:", "list:"
_FORBIDDEN, _NOT_FOUND = 403, 404
_GZIP = 16 + zlib.MAX_WBITS


class S3Sources:
    """Reads sources from S3, over one client that is made at the first call."""

    def __init__(self, *, clients: Clients | None = None, client: S3Client | None = None) -> None:
        self._clients, self._client = clients or Clients(), client

    def pin(self, source: Source, beat: Beat = no_beat) -> str:
        """See `SourceReader.pin`: an object's version, or its ETag where the bucket keeps no versions; a digest of a
        list of objects.
        """
        if source.form is Form.OBJECTS:
            return _LIST + _digest(self._listed(source, beat))
        head = self._asked(source, lambda: self.client.head_object(Bucket=source.bucket, Key=source.key))
        version = head.get("VersionId", "null")
        return f"{_ETAG}{head['ETag']}" if version == "null" else f"{_VERSION}{version}"

    def lines(self, source: Source, pin: str) -> Iterator[bytes]:
        """See `SourceReader.lines`."""
        content = self._content(source, pin)
        return split_lines(unzipped(content, source) if source.is_gzip else content)

    def objects(self, source: Source, pin: str, beat: Beat = no_beat) -> Iterator[dict[str, Any]]:
        """See `SourceReader.objects`. The list is gone through twice: before the first object is told, and after."""
        if _LIST + _digest(self._listed(source, beat)) != pin:
            raise _changed(source)
        digest = hashlib.sha256()
        for found in self._listed(source, beat):
            digest.update(_line(found))
            yield found
        if _LIST + digest.hexdigest() != pin:
            raise _changed(source)

    @property
    def client(self) -> S3Client:
        """The one client: safe to share among threads."""
        if self._client is None:
            config = Config(connect_timeout=5, read_timeout=30, retries={"mode": "standard", "total_max_attempts": 5})
            self._client = self._clients.make("s3", config)
        return self._client

    def _content(self, source: Source, pin: str) -> Iterator[bytes]:
        """The bytes of the pinned object; a connection that breaks is taken up again where it broke."""
        read, tries = 0, TRIES
        while True:
            body = self._opened(source, pin, read)
            if body is None:
                return
            try:
                for chunk in body.iter_chunks(CHUNK):
                    read += len(chunk)
                    tries = TRIES
                    yield chunk
            except (HTTPClientError, BotoCoreError) as error:
                tries -= 1
                if not tries:
                    raise SourceUnavailable(source.url, f"cannot be read now: {error}") from error
            else:
                return
            finally:
                body.close()

    def _opened(self, source: Source, pin: str, start: int) -> Any:
        """The body from byte `start` on; None where it ends there."""
        which = {"VersionId": pin[len(_VERSION) :]} if pin.startswith(_VERSION) else {"IfMatch": pin[len(_ETAG) :]}
        where = {"Range": f"bytes={start}-"} if start else {}
        get: Any = self.client.get_object
        try:
            return self._asked(source, lambda: get(Bucket=source.bucket, Key=source.key, **which, **where))["Body"]
        except SourceUnavailable as error:
            cause = error.__cause__
            if isinstance(cause, ClientError) and cause.response["Error"]["Code"] in {"InvalidRange", "416"}:
                return None
            raise

    def _listed(self, source: Source, beat: Beat = no_beat) -> Iterator[dict[str, Any]]:
        """Objects below the prefix in order of their keys; names that end in `/` stand for folders and are left out."""
        token: dict[str, str] = {}
        call: Any = self.client.list_objects_v2
        while True:
            beat()
            page = self._asked(source, lambda t=token: call(Bucket=source.bucket, Prefix=source.key, **t))  # type: ignore[misc]
            for found in page.get("Contents", []):
                if not found["Key"].endswith("/"):
                    yield {
                        "bucket": source.bucket,
                        "key": found["Key"],
                        "size": found["Size"],
                        "etag": found["ETag"].strip('"'),
                    }
            if not page.get("IsTruncated"):
                return
            token = {"ContinuationToken": page["NextContinuationToken"]}

    def _asked(self, source: Source, call: Callable[[], Any]) -> Any:
        try:
            return call()
        except ClientError as error:
            raise _refused(source, error) from error
        except BotoCoreError as error:
            raise SourceUnavailable(source.url, f"cannot be read now: {error}") from error


def _refused(source: Source, error: ClientError) -> SoswError:
    """For good only where the source is gone, or is another one: all else may pass, or be allowed."""
    code, status = error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]
    if code in {"PreconditionFailed", "412", "NoSuchVersion"}:
        return _changed(source)
    if status == _NOT_FOUND:
        return invalid("source", source.url, "is not there")
    if status == _FORBIDDEN:
        rule = "may not be read: the Scheduler's role needs s3:GetObject and s3:ListBucket"
        return SourceUnavailable(source.url, rule)
    return SourceUnavailable(source.url, f"cannot be read now: {error}")


def _changed(source: Source) -> InvalidInput:
    return invalid(
        "source", source.url, "is no longer what it was when the job was submitted", "submit it as a new job"
    )


def _digest(objects: Iterable[dict[str, Any]]) -> str:
    digest = hashlib.sha256()
    for found in objects:
        digest.update(_line(found))
    return digest.hexdigest()


def _line(found: dict[str, Any]) -> bytes:
    return f"{len(found['key'])}:{found['key']}:{found['etag']}:{found['size']}\n".encode()


def unzipped(content: Iterable[bytes], source: Source) -> Iterator[bytes]:
    """What gzip packed, a piece at a time, of one member or of several."""
    unzip = zlib.decompressobj(_GZIP)
    try:
        for packed in content:
            rest = packed
            while rest:
                if unzip.eof:
                    unzip = zlib.decompressobj(_GZIP)
                yield unzip.decompress(rest, CHUNK)
                rest = unzip.unused_data if unzip.eof else unzip.unconsumed_tail
    except zlib.error as error:
        raise invalid("source", source.url, f"is not gzip, as its name says: {error}") from error
    if not unzip.eof:
        raise invalid("source", source.url, "ends in the middle of its gzip data")


def split_lines(content: Iterable[bytes]) -> Iterator[bytes]:
    """Lines without their ends, each cut off after `MAX_LINE_BYTES` + 1."""
    kept = b""
    for chunk in content:
        first, *more = chunk.split(b"\n")
        kept = (kept + first)[: MAX_LINE_BYTES + 1]
        for line in more:
            yield kept
            kept = line[: MAX_LINE_BYTES + 1]
    if kept:
        yield kept
