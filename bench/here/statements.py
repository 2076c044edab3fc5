"""What statements of PartiQL cost: DynamoDB Local does not bill them, so they are billed by the rule of item sizes."""

from __future__ import annotations

import json
import re
import threading
from typing import Any

from bench.here.units import KB, size, write_units
from sosw.aws.dynamodb.models import TASKS, Item

_ID = re.compile(r"""WHERE "id"=\?|'id': \?""")


class StatementMeter:
    """Looks at each item before and after; in `units` the sum. The time that this takes is nobody's figure."""

    def __init__(self, client: Any, table: str) -> None:
        self._client, self._table = client, table
        self._of_thread, self._adding = threading.local(), threading.Lock()
        self.units = 0

    def before(self, model: Any, params: Any, **_: Any) -> None:
        """At botocore's `before-call`."""
        if model.name == "BatchExecuteStatement":
            statements = json.loads(params["body"])["Statements"]
            self._of_thread.before = self._items(list(map(_key, statements)))

    def after(self, model: Any, **_: Any) -> None:
        """At `after-call`. A statement that changed nothing costs what the item's size is, too."""
        if model.name == "BatchExecuteStatement":
            before: dict[str, Item] = self._of_thread.before
            after = self._items(list(before))
            with self._adding:
                self.units += sum(changing(item, after[key]) for key, item in before.items())

    def _items(self, keys: list[str]) -> dict[str, Item]:
        wanted = [{"id": {"S": key}} for key in keys]
        asked = {self._table: {"Keys": wanted, "ConsistentRead": True}}
        found = self._client.batch_get_item(RequestItems=asked)["Responses"][self._table]
        return {key: {} for key in keys} | {item["id"]["S"]: item for item in found}


def changing(before: Item, after: Item) -> int:
    """Units of making `after` of `before` (`{}`: none): of the larger one, and of each place in line left or taken."""
    table = -(-max(size(before), size(after), 1) // KB)
    places = [write_units(item, TASKS) - -(-size(item) // KB) for item in (before, after) if item]
    line = [{name: item.get(name) for name in ("queue", "rank")} for item in (before, after)]
    return table + (sum(places) if line[0] != line[1] else 0)


def _key(statement: dict[str, Any]) -> str:
    """The id in an update or an insert: the value of its placeholder."""
    text = statement["Statement"]
    found = _ID.search(text)
    if found is None:
        raise ValueError(f"{text}: no rule for statements of this form")
    return str(statement["Parameters"][text[: found.start()].count("?")]["S"])
