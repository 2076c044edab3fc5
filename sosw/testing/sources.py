"""Sources in memory."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterator
from typing import Any

from sosw.domain.errors import invalid
from sosw.domain.lines import MAX_LINE_BYTES
from sosw.domain.sources import Form, Source
from sosw.ports import Beat, no_beat


class InMemorySources:
    """A `SourceReader` of `stored`: what lies under each `s3://bucket/key`. Write to it as to a bucket."""

    def __init__(self, stored: dict[str, bytes] | None = None) -> None:
        self.stored = dict(stored or {})

    def pin(self, source: Source, beat: Beat = no_beat) -> str:
        """See `SourceReader.pin`."""
        beat()
        if source.form is Form.OBJECTS:
            return _digest(repr(self._listed(source)).encode())
        if source.url not in self.stored:
            raise invalid("source", source.url, "is not there")
        return _digest(self.stored[source.url])

    def lines(self, source: Source, pin: str) -> Iterator[bytes]:
        """See `SourceReader.lines`."""
        self._check(source, pin)
        content = self.stored[source.url]
        lines = (gzip.decompress(content) if source.is_gzip else content).split(b"\n")
        yield from (line[: MAX_LINE_BYTES + 1] for line in (lines if lines[-1] else lines[:-1]))

    def objects(self, source: Source, pin: str, beat: Beat = no_beat) -> Iterator[dict[str, Any]]:
        """See `SourceReader.objects`."""
        beat()
        self._check(source, pin)
        yield from self._listed(source)

    def _check(self, source: Source, pin: str) -> None:
        if self.pin(source) != pin:
            rule = "is no longer what it was when the job was submitted"
            raise invalid("source", source.url, rule, "submit it as a new job")

    def _listed(self, source: Source) -> list[dict[str, Any]]:
        skipped = len(f"s3://{source.bucket}/")
        return [
            {"bucket": source.bucket, "key": url[skipped:], "size": len(content), "etag": _digest(content)}
            for url, content in sorted(self.stored.items())
            if url.startswith(source.url) and not url.endswith("/")
        ]


def _digest(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()
