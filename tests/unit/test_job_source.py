"""What a job reads becomes its tasks."""

from __future__ import annotations

import gzip

import pytest

from sosw.domain.errors import InvalidInput
from sosw.domain.request import JobRequest
from sosw.domain.settings import EssentialSettings
from sosw.domain.sources import Source
from sosw.job_source import JobSource
from sosw.testing import InMemorySources
from tests.factories import LABOURER, NOW

SETTINGS = EssentialSettings.from_mapping(
    {"task_config": {"labourers": {LABOURER: {"max_simultaneous_invocations": 1}}}}
)
CONTENT = b'{"id": 1}\n{"id": 2}\noops\n{"id": 3}\n'


def a_source(**job: object) -> Source:
    source = Source.of({"source": "s3://bucket/x.jsonl", **job})
    assert source is not None
    return source


def test_lines_become_tasks_and_a_job_goes_on_where_it_stopped() -> None:
    reader = InMemorySources({"s3://bucket/x.jsonl": CONTENT})
    event = {"lambda_name": LABOURER, "source": "s3://bucket/x.jsonl", "batch": 2, "on_bad_line": "skip"}
    request = JobRequest.from_event(event, SETTINGS, NOW)
    assert request.source is not None
    source, job = JobSource(reader, request.source), request.job("r", NOW)
    first = list(request.tasks(job, NOW, parts=source.parts()))
    assert [(task.id, task.payload["lines"], task.payload["line_numbers"]) for task in first] == [
        ("r#0", [{"id": 1}, {"id": 2}], [1, 2]),
        ("r#1", [{"id": 3}], [4]),
    ]
    assert source.skipped == 1
    later = JobSource(reader, request.source, source.pin)
    assert list(request.tasks(job, NOW, start=1, parts=later.parts())) == first[1:]


def test_a_bad_line_refuses_the_job_by_its_number() -> None:
    source = JobSource(InMemorySources({"s3://bucket/x.jsonl": CONTENT}), a_source())
    with pytest.raises(InvalidInput, match=r"line 3 is not JSON: .*on_bad_line"):
        list(source.parts())


def test_a_source_that_changed_is_not_gone_on_with() -> None:
    reader = InMemorySources({"s3://bucket/x.jsonl": CONTENT})
    pin = JobSource(reader, a_source()).pin
    reader.stored["s3://bucket/x.jsonl"] = b"1\n"
    with pytest.raises(InvalidInput, match="is no longer what it was when the job was submitted"):
        list(JobSource(reader, a_source(), pin).parts())


def test_packed_rows_are_unpacked() -> None:
    reader = InMemorySources({"s3://bucket/x.csv.gz": gzip.compress(b"id\n00123\n")})
    (part,) = JobSource(reader, a_source(source="s3://bucket/x.csv.gz")).parts()
    assert part == {"lines": [{"id": "00123"}], "line_numbers": [2]}


def test_objects_become_tasks_by_batches() -> None:
    reader = InMemorySources({f"s3://bucket/in/{name}": b"" for name in "abc"})
    parts = list(JobSource(reader, a_source(source="s3://bucket/in/", batch=2)).parts())
    assert [[item["key"] for item in part["objects"]] for part in parts] == [["in/a", "in/b"], ["in/c"]]


def test_whoever_reads_long_lines_is_asked_as_often_as_with_short_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sosw.job_source.LINE_BYTES", 40)
    beats: list[None] = []
    source = JobSource(InMemorySources({"s3://bucket/x.jsonl": b'"0123456789"\n' * 40}), a_source())
    list(source.parts(lambda: beats.append(None)))
    assert len(beats) == 10
