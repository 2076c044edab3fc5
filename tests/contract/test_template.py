"""The tables that the template creates are those that the stores expect. Static: the local stack drops some of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sosw.aws.dynamodb.models import SCHEMAS, Schema
from sosw.local.templates import read_template

ROOT = Path(__file__).parents[2]


def _tables() -> dict[str, dict[str, Any]]:
    """Properties of each table of the root template, by its name."""
    resources = read_template(ROOT / "cloudformation" / "sosw.yaml")["Resources"].values()
    found = [resource["Properties"] for resource in resources if resource["Type"] == "AWS::DynamoDB::Table"]
    return {table["TableName"]["Fn::Sub"]: table for table in found}


def _as_set(entries: list[dict[str, Any]]) -> set[str]:
    return {repr(sorted(entry.items(), key=lambda pair: pair[0])) for entry in entries}


def test_the_template_has_the_tables_of_the_stores_and_no_others() -> None:
    assert set(_tables()) == {schema.table_name("${Prefix}") for schema in SCHEMAS}


@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda schema: schema.name)
def test_a_table_of_the_template_is_as_its_store_expects(schema: Schema) -> None:
    table = _tables()[schema.table_name("${Prefix}")]
    assert table["KeySchema"] == schema.key_schema
    assert _as_set(table["AttributeDefinitions"]) == _as_set(schema.attribute_definitions)
    assert table.get("GlobalSecondaryIndexes", []) == schema.global_secondary_indexes
    assert table.get("StreamSpecification", {}).get("StreamViewType") == schema.stream_view_type
    ttl = {"AttributeName": schema.ttl_attribute, "Enabled": True} if schema.ttl_attribute else None
    assert table.get("TimeToLiveSpecification") == ttl
