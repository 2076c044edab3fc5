"""Stored configuration, in sosw's own form."""

from __future__ import annotations

from typing import Any

import pytest

from sosw.aws.dynamodb import DynamoConfigSource
from sosw.domain.errors import InvalidInput
from tests.contract.backends import Dynamo, DynamoWorld
from tests.contract.faults import row_of


def test_a_name_under_which_nothing_is_stored_is_none(dynamo_world: DynamoWorld) -> None:
    assert dynamo_world.config.get("nothing_config") is None


def test_a_configuration_comes_out_as_it_went_in_and_is_replaced_as_a_whole(dynamo_world: DynamoWorld) -> None:
    first: dict[str, Any] = {"b": {"ü": [1, 1.5, None, True, "01"]}, "a": {}}
    dynamo_world.config.put("sosw_essential_config", first)
    found = dynamo_world.config.get("sosw_essential_config")
    assert found == first
    assert list(found) == ["b", "a"]
    dynamo_world.config.put("sosw_essential_config", {"c": 1})
    assert dynamo_world.config.get("sosw_essential_config") == {"c": 1}


def test_the_row_is_that_of_sosw(dynamo: Dynamo, dynamo_world: DynamoWorld) -> None:
    dynamo_world.config.put("some_config", {"a": "ü"})
    key = {"env": {"S": "production"}, "config_name": {"S": "some_config"}}
    assert row_of(dynamo, f"{dynamo_world.prefix}-config", key) == {**key, "config_value": {"S": '{"a":"ü"}'}}


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"S": '{"a": 1,}'}, "broken_config: '{\"a\": 1,}' is not JSON"),
        ({"S": "[]"}, "broken_config: [] must be a JSON object"),
        ({"M": {"a": {"N": "1"}}}, "must have the JSON of an object as its config_value"),
        (None, "must have the JSON of an object as its config_value"),
    ],
)
def test_what_is_no_json_object_is_told_with_the_name_of_its_row(
    dynamo: Dynamo, dynamo_world: DynamoWorld, value: Any, said: str
) -> None:
    item = {"env": {"S": "production"}, "config_name": {"S": "broken_config"}}
    item |= {} if value is None else {"config_value": value}
    dynamo.client("dynamodb").put_item(TableName=f"{dynamo_world.prefix}-config", Item=item)
    with pytest.raises(InvalidInput) as refused:
        dynamo_world.config.get("broken_config")
    assert said in str(refused.value)


@pytest.mark.parametrize("value", [float("nan"), {1, 2}, "x" * 300_000], ids=["NaN", "set", "too large"])
def test_what_is_no_json_or_too_large_is_not_stored(dynamo_world: DynamoWorld, value: Any) -> None:
    dynamo_world.config.put("kept_config", {"a": 1})
    with pytest.raises(InvalidInput, match="kept_config"):
        dynamo_world.config.put("kept_config", {"a": value})
    assert dynamo_world.config.get("kept_config") == {"a": 1}


def test_a_source_over_its_own_connection_reads_the_same_rows(dynamo: Dynamo, dynamo_world: DynamoWorld) -> None:
    dynamo_world.config.put("shared_config", {"a": 1})
    alone = DynamoConfigSource.for_prefix(dynamo_world.prefix, region="us-east-1", endpoint=dynamo.endpoint)
    assert alone.get("shared_config") == {"a": 1}
