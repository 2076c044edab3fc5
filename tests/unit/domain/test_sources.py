"""What a job reads its work from, and the lines of it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pytest

from sosw.domain import lines as lines_module
from sosw.domain.errors import InvalidInput
from sosw.domain.jsontext import dump
from sosw.domain.lines import Lines
from sosw.domain.sources import KEYS_BYTES, Form, Source, in_batches


def a_source(key: str = "x.jsonl", **job: Any) -> Source:
    source = Source.of({"source": f"s3://bucket/{key}", **job})
    assert source is not None
    return source


def values(source: Source, *given: bytes) -> list[Any]:
    return [(number, value) for number, value, _ in Lines(source).values(given)]


@pytest.mark.parametrize(
    ("key", "form", "is_gzip"),
    [
        ("a/b.jsonl", Form.JSON_LINES, False),
        ("a.ndjson.gz", Form.JSON_LINES, True),
        ("a.json", Form.JSON_LINES, False),
        ("a.csv", Form.CSV, False),
        ("a.csv.gz", Form.CSV, True),
        ("a/", Form.OBJECTS, False),
        ("", Form.OBJECTS, False),
    ],
)
def test_the_end_of_the_key_says_how_a_source_is_read(key: str, form: Form, is_gzip: bool) -> None:  # noqa: FBT001
    source = a_source(key)
    assert (source.form, source.is_gzip, source.url) == (form, is_gzip, f"s3://bucket/{key}")
    assert (source.bucket, source.key, source.batch, source.skips_bad_lines) == ("bucket", key, 1, False)


@pytest.mark.parametrize("job", [{}, {"source": "google"}, {"source": 7, "batch": "x"}, {"batch": 7}])
def test_a_source_elsewhere_is_payload(job: dict[str, Any]) -> None:
    assert Source.of(job) is None


@pytest.mark.parametrize(
    ("job", "sentence"),
    [
        ({"source": "s3://bucket"}, "source: 's3://bucket' must be s3://bucket/key, or s3://bucket/prefix/"),
        ({"source": "s3://B/x.csv"}, "source: 's3://B/x.csv' must be s3://bucket/key"),
        ({"source": "s3://bucket/x.parquet"}, "source: 's3://bucket/x.parquet' must end in .jsonl, .ndjson, .json,"),
        ({"batch": 0}, "batch: 0 must be a whole number from 1 to 100,000"),
        ({"batch": True}, "batch: True must be a whole number"),
        ({"on_bad_line": "skp"}, "on_bad_line: 'skp' must be refuse or skip (did you mean 'skip'?)"),
        ({"on_bad_line": ["skip"]}, "on_bad_line: ['skip'] must be refuse or skip"),
        ({"batch": 0, "on_bad_line": 7}, "batch: 0 must be a whole number from 1 to 100,000; on_bad_line: 7 must be"),
    ],
)
def test_a_source_that_cannot_be_read_is_refused(job: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        Source.of({"source": "s3://bucket/x.csv", **job})
    assert sentence in str(refused.value)


def test_lines_of_json_are_numbered_and_empty_ones_are_left_out() -> None:
    given = [b'\xef\xbb\xbf{"a": "00123"}', b"", b"  ", b"[1]\r", b"null"]
    assert values(a_source(), *given) == [(1, {"a": "00123"}), (4, [1]), (5, None)]


def test_rows_of_csv_are_texts_by_the_names_of_the_first_line() -> None:
    given = [b"\xef\xbb\xbfid,name\r", b'00123,"x, y"\r', b"", b"true,\r"]
    assert values(a_source("x.csv"), *given) == [
        (2, {"id": "00123", "name": "x, y"}),
        (4, {"id": "true", "name": ""}),
    ]


def test_a_quoted_field_may_go_over_lines() -> None:
    given = [b"id,name", b'1,"a', b'b"', b"2,c"]
    assert values(a_source("x.csv"), *given) == [(2, {"id": "1", "name": "a\nb"}), (4, {"id": "2", "name": "c"})]


@pytest.mark.parametrize("given", [[], [b""], [b"id,name"]])
def test_a_source_without_rows_has_no_values(given: list[bytes]) -> None:
    assert values(a_source("x.csv"), *given) == []


BAD = [
    ("x.jsonl", [b"1", b"{"], 2, "is not JSON: Expecting property name"),
    ("x.jsonl", [b"1", b"NaN"], 2, "is not JSON: NaN is no JSON value"),
    ("x.jsonl", [b"1", b"1e999"], 2, "is not JSON: Out of range float values"),
    ("x.jsonl", [b"1", b'"\\ud800"'], 2, "is not JSON: 'utf-8' codec can't encode character '\\ud800'"),
    ("x.jsonl", [b"1", b'"' + b"x" * 262_141 + b'"'], 2, "takes 262,146 bytes of its task's payload, which has room"),
    ("x.jsonl", [b"\xff"], 1, "is not UTF-8: invalid start byte at byte 0"),
    ("x.jsonl", [b"1", b'"' + b"x" * 5_300_000 + b'"'], 2, "is longer than 5,242,880 bytes"),
    ("x.csv", [b"id", b"1", b"1,2"], 3, "has 2 fields, but the first line names 1"),
    ("x.csv", [b"id", b'"a" b'], 2, "is not CSV: "),
    ("x.csv", [b"id", b"\xff"], 2, "is not UTF-8: invalid start byte at byte 0"),
    ("x.csv", [b"id", b'"a', b"b", b"c"], 2, "is not CSV: unexpected end of data"),
    ("x.csv", [b"id", b'"a', b"\xff"], 2, "is not UTF-8"),
]


@pytest.mark.parametrize(("key", "given", "number", "why"), BAD)
def test_a_bad_line_is_refused_by_its_number(key: str, given: Iterable[bytes], number: int, why: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        values(a_source(key), *given)
    assert f"source: 's3://bucket/{key}' line {number} {why}" in str(refused.value)
    assert '(mend it, or say "on_bad_line": "skip")' in str(refused.value)


@pytest.mark.parametrize(("key", "given", "number", "why"), BAD)
def test_bad_lines_are_left_out_and_counted_where_the_job_says_so(
    key: str, given: list[bytes], number: int, why: str
) -> None:
    del why
    lines = Lines(a_source(key, on_bad_line="skip"))
    good = [at for at, _, _ in lines.values(given)]
    header = key.endswith(".csv")
    assert good == list(range(1 + header, number))
    assert lines.skipped == len(given) - header - len(good)


def test_a_quote_that_is_never_closed_takes_no_more_than_the_longest_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines_module, "MAX_LINE_BYTES", 10)
    lines = Lines(a_source("x.csv", on_bad_line="skip"))
    given = [b"id", b'"open', *[b"row"] * 10]
    assert [at for at, _, _ in lines.values(given)] == [7, 8, 9, 10, 11, 12]
    assert lines.skipped == 5


@pytest.mark.parametrize("names", [b"id,id", b"id,"])
def test_columns_have_names_of_their_own(names: bytes) -> None:
    with pytest.raises(InvalidInput, match="line 1 must name each column once, but is "):
        values(a_source("x.csv", on_bad_line="skip"), names, b"1,2")


def test_a_line_that_should_name_the_columns_and_cannot_be_read_is_refused_also_where_bad_ones_are_skipped() -> None:
    for names in (b"id,na\xffme", b'id,"na" me', b"x" * 5_300_000):
        with pytest.raises(InvalidInput, match=r"x\.csv' line 2 names the columns, but is (not|longer)"):
            values(a_source("x.csv", on_bad_line="skip"), b"", names, b"1,2")


def test_a_field_may_be_as_long_as_a_line() -> None:
    long = "y" * 200_000
    assert values(a_source("x.csv"), b"id,name", f"1,{long}".encode()) == [(2, {"id": "1", "name": long})]


@pytest.mark.parametrize("values", [["a" * 10, "ä", "", 7, {"b": [1.5, None]}], [{"id": "1"}] * 12])
def test_lines_take_as_many_bytes_of_a_payload_as_is_said(values: list[Any]) -> None:
    given = [json.dumps(value, ensure_ascii=False).encode() for value in values]
    items = list(Lines(a_source()).values(given))
    (part,) = in_batches(a_source(batch=100), items)
    spare = 2  # commas that stand only between
    assert (
        KEYS_BYTES + sum(size for _, _, size in items) == len(dump({"k": 1, **part}).encode()) - len('{"k":1}') + spare
    )


def test_a_batch_ends_before_it_is_larger_than_its_task_has_room_for() -> None:
    items = [(1, "a", 6), (3, "b", 6), (4, "c", 7), (5, "d", 6), (6, "e", 6)]
    parts = list(in_batches(a_source(batch=3), items, room=18))
    assert [part["line_numbers"] for part in parts] == [[1, 3], [4, 5], [6]]


def test_lines_come_in_batches_with_their_numbers() -> None:
    items = [(1, "a", 6), (3, "b", 6), (4, "c", 6)]
    assert list(in_batches(a_source(batch=2), items)) == [
        {"lines": ["a", "b"], "line_numbers": [1, 3]},
        {"lines": ["c"], "line_numbers": [4]},
    ]


def test_objects_come_in_batches() -> None:
    items = [(1, {"key": "a"}, 14), (2, {"key": "b"}, 14)]
    assert list(in_batches(a_source("all/", batch=5), items)) == [{"objects": [{"key": "a"}, {"key": "b"}]}]
