"""What a written item costs by DynamoDB's published rule, for what DynamoDB Local does not bill: statements of PartiQL.

An item's size is that of its attributes' names (UTF-8) and values; a write unit is 1 KB of it, rounded up; an index of
keys alone is billed for the keys it holds. `check` asks the server whether the rule is right.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from bench.meter import units_told
from sosw.aws.dynamodb.models import Item, Schema

KB = 1024
_PER_CONTAINER, _PER_ENTRY = 3, 1
_INDEX_KEYS = "KEYS_ONLY"


def write_units(item: Item, schema: Schema) -> int:
    """Of putting `item` where there was none, with its places in the indexes."""
    return _units(item) + sum(_units(keys) for keys in _in_indexes(item, schema))


def size(item: Mapping[str, Mapping[str, Any]]) -> int:
    """Bytes."""
    return sum(len(name.encode()) + _value_size(value) for name, value in item.items())


def check(client: Any, schema: Schema, table: str, items: Iterable[Item]) -> list[tuple[int, float]]:
    """The rule's units and the server's for a PutItem of each, a copy under another key that is as long."""
    told = []
    for item in items:
        copy = {**item, "id": {"S": item["id"]["S"].translate(_OTHER_LETTERS)}}
        answer = client.put_item(TableName=table, Item=copy, ReturnConsumedCapacity="TOTAL")
        client.delete_item(TableName=table, Key={"id": copy["id"]})
        told.append((write_units(item, schema), units_told(answer)))
    return told


_OTHER_LETTERS = str.maketrans("abcdefghijklm", "nopqrstuvwxyz")


def _units(item: Mapping[str, Mapping[str, Any]]) -> int:
    return -(-size(item) // KB)


def _in_indexes(item: Item, schema: Schema) -> Iterable[Item]:
    """What each index holds of the item. Sparse: an item without the index's keys is not in it."""
    table_keys = [key["AttributeName"] for key in schema.key_schema]
    for index in schema.global_secondary_indexes:
        if index["Projection"]["ProjectionType"] != _INDEX_KEYS:
            raise ValueError(f"{index['IndexName']}: no rule for the size of indexes that hold more than keys")
        keys = [key["AttributeName"] for key in index["KeySchema"]]
        if all(key in item for key in keys):
            yield {key: item[key] for key in dict.fromkeys([*table_keys, *keys])}


def _value_size(value: Mapping[str, Any]) -> int:
    ((kind, content),) = value.items()
    match kind:
        case "S":
            return len(content.encode())
        case "N":
            return _number_size(content)
        case "M":
            return _PER_CONTAINER + len(content) * _PER_ENTRY + size(content)
        case "L":
            return _PER_CONTAINER + sum(_PER_ENTRY + _value_size(entry) for entry in content)
        case "BOOL" | "NULL":
            return 1
        case _:
            raise ValueError(f"{kind}: no rule for the size of values of this type")


def _number_size(text: str) -> int:
    """A byte for every pair of digits, counted off from the point, less the pairs of zeros at both ends; one more, and
    one for the sign of a negative one.
    """
    whole, _, part = text.lstrip("-").partition(".")
    digits = "0" * (len(whole) % 2) + whole + part + "0" * (len(part) % 2)
    pairs = [digits[at : at + 2] for at in range(0, len(digits), 2)]
    counting = [at for at, pair in enumerate(pairs) if pair != "00"]
    return (counting[-1] - counting[0] + 1 if counting else 0) + 1 + text.startswith("-")
