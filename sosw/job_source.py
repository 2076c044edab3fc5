"""What a job reads, as the parts of its tasks' payloads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sosw.domain.jsontext import MAX_PAYLOAD_BYTES
from sosw.domain.lines import Lines
from sosw.domain.sources import Form, in_batches, size_of
from sosw.ports import no_beat

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sosw.domain.sources import Item, Source
    from sosw.ports import Beat, SourceReader

LINES, LINE_BYTES = 100, 8_000_000
"""Between two beats, at most."""


class JobSource:
    """The source of one job, at its pin. `skipped` counts the bad lines that the latest reading left out."""

    def __init__(
        self,
        reader: SourceReader,
        source: Source,
        pin: str | None = None,
        *,
        taken: int = 0,
        limit: int = MAX_PAYLOAD_BYTES,
        beat: Beat = no_beat,
    ) -> None:
        """`pin` is what the job remembers; without one the source is pinned as it is now, with `beat` now and then.

        `taken` are the bytes that a payload has besides, `limit` all that it may have. Batches are made for what fits
        into the table; a line that needs more has a task of its own.
        """
        self.reader, self.source = reader, source
        self.room, self.most = MAX_PAYLOAD_BYTES - taken, limit - taken
        self.pin = reader.pin(source, beat) if pin is None else pin
        self.skipped = 0

    def parts(self, beat: Beat = no_beat) -> Iterator[dict[str, Any]]:
        """A batch each, in order, from the beginning and the same at every call: `JobRequest.tasks` takes them.

        `beat` is called at least every hundred lines, thousand objects, and 8 MB; what it raises ends the reading.
        Raises `InvalidInput` for a bad line, unless the job skips those, and for a source that is another one by now.
        """
        if self.source.form is Form.OBJECTS:
            yield from in_batches(self.source, self._objects(beat), self.room)
            return
        lines = Lines(self.source, self.most)
        values = lines.values(_beating(self.reader.lines(self.source, self.pin), beat))
        for part in in_batches(self.source, values, self.room):
            self.skipped = lines.skipped
            yield part
        self.skipped = lines.skipped

    def _objects(self, beat: Beat) -> Iterator[Item]:
        for number, found in enumerate(self.reader.objects(self.source, self.pin, beat)):
            yield number, found, size_of(number, found)


def _beating(lines: Iterable[bytes], beat: Beat) -> Iterator[bytes]:
    number = held = 0
    for line in lines:
        if number % LINES == 0 or held >= LINE_BYTES:
            beat()
            held = 0
        number, held = number + 1, held + len(line)
        yield line
