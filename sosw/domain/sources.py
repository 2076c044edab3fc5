"""What a job reads its work from: the lines of an object on S3, or the objects below a prefix, in batches.

A source is pinned when its job is submitted: whoever goes on with the job later reads the same bytes, or is told that
they are gone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from sosw.domain.errors import InvalidInput, Problem, did_you_mean
from sosw.domain.jsontext import MAX_PAYLOAD_BYTES, dump

MAX_BATCH = 100_000
ON_BAD_LINE = ("refuse", "skip")
Item = tuple[int, Any, int]
"""A line or an object: its number, its value, and the bytes that both take in a payload."""
KEYS_BYTES = len(',"lines":[],"line_numbers":[]')
"""Of a payload, for what is around its items."""
_COMMAS = 2
SCHEME = "s3://"
_URL = re.compile(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/(.*)", re.DOTALL)


class Form(str, Enum):
    """How a source is read."""

    JSON_LINES = "JSON lines"
    CSV = "CSV"
    OBJECTS = "objects"


_ENDINGS = {".jsonl": Form.JSON_LINES, ".ndjson": Form.JSON_LINES, ".json": Form.JSON_LINES, ".csv": Form.CSV}


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """`source` of a job, with `batch` and `on_bad_line`."""

    bucket: str
    key: str
    """Of the object; of a prefix it ends in `/`, or is empty for the whole bucket."""
    form: Form
    is_gzip: bool = False
    batch: int = 1
    """Lines or objects of a task."""
    skips_bad_lines: bool = False
    """Bad lines are left out and counted; else the first one refuses the job."""

    @property
    def url(self) -> str:
        """As the job has it."""
        return f"{SCHEME}{self.bucket}/{self.key}"

    @classmethod
    def of(cls, job: Mapping[str, Any]) -> Source | None:
        """The source of a job; None for a job without one. Raises `InvalidInput` with all problems.

        A `source` that does not begin with `s3://` is payload, as it is in sosw, and so are then `batch` and the rest.
        """
        url = job.get("source")
        if not isinstance(url, str) or not url.startswith(SCHEME):
            return None
        problems = list(_problems(job))
        if problems:
            raise InvalidInput(problems)
        bucket, key = _parts(url)
        return cls(
            bucket=bucket,
            key=key,
            form=_form(key) or Form.OBJECTS,
            is_gzip=key.endswith(".gz"),
            batch=job.get("batch", 1),
            skips_bad_lines=job.get("on_bad_line") == "skip",
        )


def _problems(job: Mapping[str, Any]) -> Iterator[Problem]:
    url, batch, on_bad_line = job["source"], job.get("batch", 1), job.get("on_bad_line", "refuse")
    if not _URL.fullmatch(url):
        yield Problem("source", url, "must be s3://bucket/key, or s3://bucket/prefix/ for the objects below it")
    elif _form(_parts(url)[1]) is None:
        rule = "must end in .jsonl, .ndjson, .json, .csv (or these with .gz), or in / for the objects below a prefix"
        yield Problem("source", url, rule)
    if type(batch) is not int or not 1 <= batch <= MAX_BATCH:
        yield Problem("batch", batch, f"must be a whole number from 1 to {MAX_BATCH:,}")
    if on_bad_line not in ON_BAD_LINE:
        yield Problem("on_bad_line", on_bad_line, "must be refuse or skip", did_you_mean(str(on_bad_line), ON_BAD_LINE))


def _parts(url: str) -> tuple[str, str]:
    match = _URL.fullmatch(url)
    return (match[1], match[2]) if match else ("", "")


def _form(key: str) -> Form | None:
    if not key or key.endswith("/"):
        return Form.OBJECTS
    plain = key.removesuffix(".gz")
    return next((form for ending, form in _ENDINGS.items() if plain.endswith(ending)), None)


def size_of(number: int, value: Any) -> int:
    """Bytes that an item and its number take in a payload; raises `ValueError` for what is no JSON after all."""
    return len(dump(value).encode()) + len(str(number)) + _COMMAS


def in_batches(source: Source, items: Iterable[Item], room: int = MAX_PAYLOAD_BYTES) -> Iterator[dict[str, Any]]:
    """What each task's payload gets of the items: `lines` and their `line_numbers`, or `objects`.

    There are `source.batch` of them, or as many as there is `room` for, in bytes.
    """
    batch: list[Item] = []
    size = 0
    for item in items:
        if batch and size + item[2] > room:
            yield _part(source, batch)
            batch, size = [], 0
        batch.append(item)
        size += item[2]
        if len(batch) == source.batch:
            yield _part(source, batch)
            batch, size = [], 0
    if batch:
        yield _part(source, batch)


def _part(source: Source, batch: Iterable[Item]) -> dict[str, Any]:
    if source.form is Form.OBJECTS:
        return {"objects": [value for _, value, _ in batch]}
    return {"lines": [value for _, value, _ in batch], "line_numbers": [number for number, _, _ in batch]}
