"""docs/reference/tables.md lists the attributes of the models, with their types and keys."""

import pytest

from sosw.aws.dynamodb.models import SCHEMAS, Schema, WatchModel
from sosw.domain.slots import ROW_SLOTS
from tests.unit.docs import markdown as md

PAGE = md.page("docs/reference/tables.md")
KEYS = {"hash": "HASH", "range": "RANGE"}


@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda schema: schema.name)
def test_the_page_lists_exactly_the_attributes_of_a_table_with_their_types(schema: Schema) -> None:
    (rows,) = md.tables(PAGE, under=f"`<prefix>-{schema.name}`")
    said = {row["attribute"].strip("`"): row["type"] for row in rows}
    assert said == {a.attr_name: a.attr_type for a in schema.model.get_attributes().values()}


@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda schema: schema.name)
def test_the_page_names_the_keys_of_a_table(schema: Schema) -> None:
    (rows,) = md.tables(PAGE, under=f"`<prefix>-{schema.name}`")
    said = [{"AttributeName": r["attribute"].strip("`"), "KeyType": KEYS[r["key"]]} for r in rows if r["key"]]
    assert said == schema.key_schema


def test_the_page_says_which_attribute_ends_a_task_and_how_large_a_row_is() -> None:
    text = PAGE.read_text("utf-8")
    for schema in SCHEMAS:
        under = text.split(f"## `<prefix>-{schema.name}`")[1].split("\n## ")[0]
        assert (f"TTL: `{schema.ttl_attribute}`" in under) == (schema.ttl_attribute is not None)
    assert f"at most {ROW_SLOTS}" in text


def test_the_page_lists_exactly_the_attributes_of_a_row_of_the_archive() -> None:
    (rows,) = md.tables(PAGE, under="Rows of the archive")
    said = {row["attribute"].strip("`"): row["type"] for row in rows}
    assert said == {a.attr_name: a.attr_type for a in WatchModel.get_attributes().values()}
