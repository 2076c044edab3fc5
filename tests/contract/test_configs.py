"""Stored configuration, in sosw's own form."""

from __future__ import annotations

from typing import Any

import pytest

from sosw.aws.dynamodb import DynamoConfigSource
from sosw.domain.errors import InvalidInput, StaleConfig
from sosw.domain.stored import StoredConfig
from tests.contract.backends import Dynamo, DynamoWorld, World
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


def test_what_was_never_stored_is_seen_as_nothing_and_can_be_replaced_once(world: World) -> None:
    name = f"{world.labourer}_config"
    seen = world.config.look(name)
    assert seen == StoredConfig(name=name)
    world.config.replace(seen, {"a": "ü"})
    assert world.config.get(name) == {"a": "ü"}
    with pytest.raises(StaleConfig, match=f"configuration {name} was changed by somebody else"):
        world.config.replace(seen, {"a": 2})
    assert world.config.get(name) == {"a": "ü"}


def test_a_configuration_is_replaced_by_who_has_seen_its_latest(world: World) -> None:
    name = f"{world.labourer}_config"
    world.config.replace(world.config.look(name), {"n": 1, "b": [True, None]})
    seen = world.config.look(name)
    assert seen.value == {"n": 1, "b": [True, None]}
    world.config.replace(seen, {"n": 2})
    with pytest.raises(StaleConfig):
        world.config.replace(seen, {"n": 3})
    world.config.replace(world.config.look(name), {"n": 4})
    assert world.config.get(name) == {"n": 4}


@pytest.mark.parametrize("value", [float("nan"), "x" * 300_000], ids=["NaN", "too large"])
def test_what_cannot_be_stored_replaces_nothing(world: World, value: Any) -> None:
    name = f"{world.labourer}_config"
    world.config.replace(world.config.look(name), {"a": 1})
    with pytest.raises(InvalidInput, match=name):
        world.config.replace(world.config.look(name), {"a": value})
    assert world.config.get(name) == {"a": 1}


def test_a_replacement_that_is_repeated_for_its_lost_reply_has_succeeded(world: World) -> None:
    name = f"{world.labourer}_config"
    for value in (1, 2):
        seen = world.config.look(name)
        for _ in range(2):
            world.config.replace(seen, {"a": value})
        assert world.config.get(name) == {"a": value}


def test_a_row_that_somebody_removed_meanwhile_is_not_written(dynamo: Dynamo, dynamo_world: DynamoWorld) -> None:
    dynamo_world.config.put("gone_config", {"a": 1})
    seen = dynamo_world.config.look("gone_config")
    key = {"env": {"S": "production"}, "config_name": {"S": "gone_config"}}
    dynamo.client("dynamodb").delete_item(TableName=f"{dynamo_world.prefix}-config", Key=key)
    with pytest.raises(StaleConfig):
        dynamo_world.config.replace(seen, {"a": 2})
    assert dynamo_world.config.get("gone_config") is None
