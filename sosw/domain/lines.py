"""The lines of a source as values, numbered as an editor numbers them, and what is wrong with a bad one."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from sosw.domain.errors import SoswError, invalid
from sosw.domain.jsontext import MAX_PAYLOAD_BYTES, MAX_STORED_BYTES
from sosw.domain.sources import Form, Item, Source, size_of

MAX_LINE_BYTES = MAX_STORED_BYTES
_BOM = b"\xef\xbb\xbf"


class BadLine(SoswError):
    """A line that is not what its source promises."""


class Lines:
    """Reads the lines of a source; `skipped` counts those that were bad, where the job says to leave them out."""

    def __init__(self, source: Source, room: int = MAX_PAYLOAD_BYTES) -> None:
        """`room` is what a task's payload has for its lines, in bytes: one that needs more is bad."""
        self.source, self.room, self.skipped = source, room, 0

    def values(self, lines: Iterable[bytes]) -> Iterator[Item]:
        """(number of the line, its value, its size) one by one. JSON lines: any value, empty lines are left out. CSV:
        an object of texts by the names of the first line.

        `lines` are without their ends, and cut off after `MAX_LINE_BYTES` + 1. Raises `InvalidInput` that names the
        first bad line, unless they are to be skipped. The line that names the columns is never skipped.
        """
        numbered = enumerate(_without_bom(lines), start=1)
        return self._csv(numbered) if self.source.form is Form.CSV else self._json(numbered)

    def _json(self, lines: Iterator[tuple[int, bytes]]) -> Iterator[Item]:
        for number, line in lines:
            if line.strip():
                value = self._read(number, line, _json_value)
                if value is not _SKIPPED:
                    yield from self._item(number, value)

    def _csv(self, lines: Iterator[tuple[int, bytes]]) -> Iterator[Item]:
        """A quoted field may hold ends of lines: the row has the number of its first line."""
        csv.field_size_limit(max(csv.field_size_limit(), 2 * MAX_LINE_BYTES))
        names: list[str] | None = None
        for number, line in lines:
            row = self._read(number, line, lambda text: self._row(text, lines), is_header=names is None)
            if row is _SKIPPED or not row:
                continue
            if names is None:
                names = self._header(number, row)
            elif len(row) == len(names):
                yield from self._item(number, dict(zip(names, row, strict=True)))
            else:
                self._bad(number, f"has {len(row)} fields, but the first line names {len(names)}")

    def _item(self, number: int, value: Any) -> Iterator[Item]:
        """With its size; nothing where no payload could hold the value, and it is to be skipped."""
        try:
            size = size_of(number, value)
        except (ValueError, RecursionError) as error:
            self._bad(number, f"is not JSON: {error}")
            return
        if size > self.room:
            self._bad(number, f"takes {size:,} bytes of its task's payload, which has room for {self.room:,}")
            return
        yield number, value, size

    def _row(self, first: str, lines: Iterator[tuple[int, bytes]]) -> list[str]:
        """The row that begins with line `first`, taking from `lines` those into which its quoted fields go on."""
        taken = size = 0

        def text() -> Iterator[str]:
            nonlocal taken, size
            yield first + "\n"
            for _, line in lines:
                taken, size = taken + 1, size + len(line)
                if size > MAX_LINE_BYTES:
                    raise BadLine(f"opens a quote that is not closed within {MAX_LINE_BYTES:,} bytes")
                yield _text(line) + "\n"

        try:
            return next(csv.reader(text(), strict=True), [])
        except (csv.Error, BadLine) as error:
            self.skipped += taken if self.source.skips_bad_lines else 0
            raise BadLine(str(error) if isinstance(error, BadLine) else f"is not CSV: {error}") from error

    def _header(self, number: int, row: list[str]) -> list[str]:
        if len(set(row)) < len(row) or not all(row):
            raise invalid("source", self.source.url, f"line {number} must name each column once, but is {row}")
        return row

    def _read(self, number: int, line: bytes, read: Callable[[str], Any], *, is_header: bool = False) -> Any:
        try:
            return read(_text(line))
        except BadLine as error:
            if is_header:
                raise invalid("source", self.source.url, f"line {number} names the columns, but {error}") from error
            return self._bad(number, str(error))

    def _bad(self, number: int, why: str) -> Any:
        if not self.source.skips_bad_lines:
            hint = 'mend it, or say "on_bad_line": "skip"'
            raise invalid("source", self.source.url, f"line {number} {why}", hint)
        self.skipped += 1
        return _SKIPPED


_SKIPPED = object()


def _without_bom(lines: Iterable[bytes]) -> Iterator[bytes]:
    rest = iter(lines)
    for first in rest:
        yield first.removeprefix(_BOM)
        yield from rest


def _json_value(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise BadLine(f"is not JSON: {error}") from error


def _no_constant(name: str) -> Any:
    raise BadLine(f"is not JSON: {name} is no JSON value")


def _text(line: bytes) -> str:
    if len(line) > MAX_LINE_BYTES:
        raise BadLine(f"is longer than {MAX_LINE_BYTES:,} bytes")
    try:
        return line.decode()
    except UnicodeDecodeError as error:
        raise BadLine(f"is not UTF-8: {error.reason} at byte {error.start}") from error
