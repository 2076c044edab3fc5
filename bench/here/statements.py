"""What statements of PartiQL cost: DynamoDB Local does not bill them, so they are billed by the rule of item sizes.

A statement is heard as it is sent. What it made of its item is seen afterwards, in the stream of the table: nothing is
asked of the server meanwhile, so times stay what they are.
"""

from __future__ import annotations

import json
import re
import threading
from collections import Counter
from typing import Any

from bench.here.units import KB, size, write_units
from bench.phases import CLAIM, CREATE
from sosw.aws.dynamodb.models import TASKS, Item

_ID = re.compile(r"""WHERE "id"=\?|'id': \?""")
_BATCH = "BatchExecuteStatement"


class StatementMeter:
    """Of tasks that are created and claimed once."""

    def __init__(self) -> None:
        self._of_thread, self._adding = threading.local(), threading.Lock()
        self._heard: list[tuple[str, str]] = []
        self._seen: dict[tuple[str, str], int] = {}

    def before(self, model: Any, params: Any, **_: Any) -> None:
        """At botocore's `before-call`."""
        if model.name == _BATCH:
            self._of_thread.statements = json.loads(params["body"])["Statements"]

    def after(self, model: Any, parsed: dict[str, Any], **_: Any) -> None:
        """At `after-call`."""
        if model.name != _BATCH:
            return
        if any("Error" in answer for answer in parsed["Responses"]):
            raise ValueError(f"a statement was refused, and there is no rule for what that costs: {parsed}")
        with self._adding:
            self._heard += [_move(statement) for statement in self._of_thread.statements]

    def see(self, record: Any) -> None:
        """A record of the stream."""
        new, old = record["dynamodb"].get("NewImage", {}), record["dynamodb"].get("OldImage", {})
        states = [item.get("state", {}).get("S") for item in (old, new)]
        move = CREATE if not old else CLAIM if states == ["queued", "running"] else None
        if move:
            self._seen[move, new["id"]["S"]] = changing(old, new)

    def units(self) -> Counter[str]:
        """Of all statements, by their phase. `KeyError`: the stream has not told of one."""
        total: Counter[str] = Counter()
        for heard in self._heard:
            total[heard[0]] += self._seen[heard]
        return total


def changing(before: Item, after: Item) -> int:
    """Units of making `after` of `before` (`{}`: none): of the larger one, and of each place in line left or taken."""
    table = -(-max(size(before), size(after), 1) // KB)
    places = [write_units(item, TASKS) - -(-size(item) // KB) for item in (before, after) if item]
    line = [{name: item.get(name) for name in ("queue", "rank")} for item in (before, after)]
    return table + (sum(places) if line[0] != line[1] else 0)


def _move(statement: dict[str, Any]) -> tuple[str, str]:
    """The phase of an insert or of an update, and the id in it: the value of its placeholder."""
    text = statement["Statement"]
    found = _ID.search(text)
    if found is None:
        raise ValueError(f"{text}: no rule for statements of this form")
    key = str(statement["Parameters"][text[: found.start()].count("?")]["S"])
    return CREATE if text.startswith("INSERT") else CLAIM, key
