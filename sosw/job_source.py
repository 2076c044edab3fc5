"""What a job reads, as the parts of its tasks' payloads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sosw.domain.lines import Lines
from sosw.domain.sources import Form, in_batches

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sosw.domain.sources import Source
    from sosw.ports import SourceReader


class JobSource:
    """The source of one job, at its pin. `skipped` counts the bad lines that the latest reading left out."""

    def __init__(self, reader: SourceReader, source: Source, pin: str | None = None) -> None:
        """`pin` is what the job remembers; without one the source is pinned as it is now."""
        self.reader, self.source = reader, source
        self.pin = reader.pin(source) if pin is None else pin
        self.skipped = 0

    def parts(self) -> Iterator[dict[str, Any]]:
        """A batch each, in order, from the beginning and the same at every call: `JobRequest.tasks` takes them.

        Raises `InvalidInput` for a bad line, unless the job skips those, and for a source that is another one by now.
        """
        if self.source.form is Form.OBJECTS:
            yield from in_batches(self.source, enumerate(self.reader.objects(self.source, self.pin)))
            return
        lines = Lines(self.source)
        for part in in_batches(self.source, lines.values(self.reader.lines(self.source, self.pin))):
            self.skipped = lines.skipped
            yield part
        self.skipped = lines.skipped
