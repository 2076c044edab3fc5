"""What the tests of the local stack share: waiting for a condition, and reading what the probe function wrote down."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from sosw.local import LocalStack
from sosw.local.environment import ensure_environment

FOLDER = Path(__file__).parent
ROOT = FOLDER.parents[2]
TEMPLATE = FOLDER / "template.yaml"

T = TypeVar("T")


def eventually(read: Callable[[], T], *, within: float = 20.0) -> T:
    """The first answer that is true; the last one, whatever it is, after `within` seconds."""
    deadline = time.monotonic() + within
    while not (answer := read()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return answer


def times_seen(stack: LocalStack, key: str, table: str = "probe-seen") -> int:
    """How often the probe function ran to the point of writing `key` down."""
    item = stack.client("dynamodb").get_item(TableName=table, Key={"id": {"S": key}}).get("Item", {})
    return int(item["times"]["N"]) if item else 0


def seen_at(stack: LocalStack, key: str) -> float:
    """When it last did, s since epoch; 0 if never."""
    item = stack.client("dynamodb").get_item(TableName="probe-seen", Key={"id": {"S": key}}).get("Item", {})
    return float(item["written"]["N"]) if item else 0.0


def make_project(folder: Path) -> Path:
    """An empty project with a state folder of its own, in which nothing needs to be installed again."""
    ensure_environment(ROOT)
    state = folder / ".sosw"
    state.mkdir()
    for shared in ("ministack", "runtime", "uv", "dist"):
        (state / shared).symlink_to(ROOT / ".sosw" / shared)
    return folder
