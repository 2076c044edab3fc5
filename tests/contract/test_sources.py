"""Readers of sources, alike in memory and on S3: the same bytes for whoever goes on with a job, or a sentence."""

from __future__ import annotations

import gzip
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from sosw.aws.s3 import CHUNK, S3Sources
from sosw.domain.errors import InvalidInput
from sosw.domain.lines import MAX_LINE_BYTES
from sosw.domain.sources import Source
from sosw.local.clients import make_client
from sosw.testing.sources import InMemorySources


@dataclass(frozen=True)
class World:
    """A reader, and the bucket that it reads."""

    reader: S3Sources | InMemorySources
    bucket: str
    put: Callable[[str, bytes], Any]
    delete: Callable[[str], Any]

    def source(self, key: str, **job: Any) -> Source:
        source = Source.of({"source": f"s3://{self.bucket}/{key}", **job})
        assert source is not None
        return source

    def lines(self, key: str) -> list[bytes]:
        source = self.source(key)
        return list(self.reader.lines(source, self.reader.pin(source)))


@pytest.fixture(params=["memory", "ministack", "ministack with versions"])
def world(request: pytest.FixtureRequest) -> World:
    bucket = f"sources-{uuid.uuid4().hex}"
    if request.param == "memory":
        memory = InMemorySources()

        def keep(key: str, body: bytes) -> None:
            memory.stored[f"s3://{bucket}/{key}"] = body

        return World(memory, bucket, keep, lambda key: memory.stored.pop(f"s3://{bucket}/{key}"))
    endpoint = request.getfixturevalue("servers")["ministack"].endpoint
    client = make_client("s3", endpoint=endpoint, region="us-east-1")
    client.create_bucket(Bucket=bucket)
    if "versions" in request.param:
        client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    return World(
        S3Sources(client=client),
        bucket,
        lambda key, body: client.put_object(Bucket=bucket, Key=key, Body=body),
        lambda key: client.delete_object(Bucket=bucket, Key=key),
    )


@pytest.mark.parametrize(
    ("content", "lines"),
    [(b"", []), (b"a", [b"a"]), (b"a\n", [b"a"]), (b"a\n\nb\r\n", [b"a", b"", b"b\r"]), (b"\n", [b""])],
)
def test_lines_are_what_stands_between_their_ends(world: World, content: bytes, lines: list[bytes]) -> None:
    world.put("x.jsonl", content)
    assert world.lines("x.jsonl") == lines


def test_a_large_object_is_read_whole(world: World) -> None:
    lines = [f"{number:0100d}".encode() for number in range(20_000)]
    assert len(lines) * 100 > 7 * CHUNK
    world.put("x.jsonl", b"\n".join(lines))
    assert world.lines("x.jsonl") == lines


def test_what_gzip_packed_is_unpacked_whole_in_one_member_or_several(world: World) -> None:
    lines = [b"x" * 1_000 for _ in range(2_000)]
    world.put("x.csv.gz", gzip.compress(b"\n".join(lines) + b"\n") + gzip.compress(b"last"))
    assert world.lines("x.csv.gz") == [*lines, b"last"]


def test_a_line_too_long_to_be_a_payload_is_cut_off(world: World) -> None:
    world.put("x.jsonl", b"x" * (3 * MAX_LINE_BYTES) + b"\nb")
    assert [len(line) for line in world.lines("x.jsonl")] == [MAX_LINE_BYTES + 1, 1]


def test_objects_below_a_prefix_come_in_order_of_their_keys(world: World) -> None:
    for key in ("in/b", "in/a/c", "out/d", "in/"):
        world.put(key, key.encode())
    source = world.source("in/")
    found = list(world.reader.objects(source, world.reader.pin(source)))
    assert [(item["bucket"], item["key"], item["size"]) for item in found] == [
        (world.bucket, "in/a/c", 6),
        (world.bucket, "in/b", 4),
    ]
    assert all(item["etag"] for item in found)


def test_a_list_longer_than_a_page_is_told_whole(world: World) -> None:
    for number in range(1_003):
        world.put(f"in/{number:04}", b"")
    source = world.source("in/")
    beats: list[None] = []
    pin = world.reader.pin(source, lambda: beats.append(None))
    assert beats
    beats.clear()
    listed = world.reader.objects(source, pin, lambda: beats.append(None))
    first = next(listed)["key"]
    assert beats  # also while nothing is told yet
    assert [first, *(item["key"] for item in listed)] == [f"in/{number:04}" for number in range(1_003)]


@pytest.mark.parametrize("change", ["more", "other", "less"])
def test_objects_that_changed_after_the_pin_are_refused(world: World, change: str) -> None:
    world.put("in/a", b"a")
    world.put("in/b", b"b")
    source = world.source("in/")
    pin = world.reader.pin(source)
    match change:
        case "more":
            world.put("in/c", b"c")
        case "other":
            world.put("in/b", b"d")
        case _:
            world.delete("in/b")
    with pytest.raises(InvalidInput, match="is no longer what it was when the job was submitted"):
        list(world.reader.objects(source, pin))


def test_a_pinned_object_gives_its_own_bytes_or_a_sentence(world: World) -> None:
    world.put("x.jsonl", b"1\n2\n")
    source = world.source("x.jsonl")
    pin = world.reader.pin(source)
    world.put("x.jsonl", b"3\n")
    if pin.startswith("version:"):
        assert list(world.reader.lines(source, pin)) == [b"1", b"2"]
    else:
        with pytest.raises(InvalidInput, match=r"no longer what it was .*submit it as a new job"):
            list(world.reader.lines(source, pin))


def test_the_same_bytes_have_the_same_pin(world: World) -> None:
    world.put("x.jsonl", b"1\n")
    source = world.source("x.jsonl")
    assert world.reader.pin(source) == world.reader.pin(source)


def test_what_is_not_there_is_refused_by_its_name(world: World) -> None:
    with pytest.raises(InvalidInput, match=rf"source: 's3://{world.bucket}/y.jsonl' is not there"):
        world.reader.pin(world.source("y.jsonl"))


def test_a_prefix_without_objects_has_none(world: World) -> None:
    source = world.source("empty/")
    assert list(world.reader.objects(source, world.reader.pin(source))) == []
