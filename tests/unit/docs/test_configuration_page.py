"""The tables of docs/reference/configuration.md list what the code takes: no key more, none less, with its bounds."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from sosw.domain.errors import InvalidInput
from sosw.domain.settings import _LABOURER_KEYS, EssentialSettings
from tests.unit.docs import markdown as md
from tests.unit.docs.markdown import Row

PAGE = md.page("docs/reference/configuration.md")
LABOURER, RETRY = md.tables(PAGE, under="A labourer")
TOP = md.tables(PAGE, under="Top level")[0]
SCHEMA = md.tables(PAGE, under="A job schema")[0]
VARIABLES = md.tables(PAGE, under="Environment variables")[0]
PARAMETERS = md.tables(PAGE, under="Parameters of the template")[0]
BOUNDED = [
    pytest.param(inner, row, id=_id)
    for inner, table in (("", LABOURER), ("retry", RETRY))
    for row in table
    if (_id := row["key"].strip("`")) and row["from"]
]


def _keys(table: list[Row], column: str = "key") -> set[str]:
    return {row[column].strip("`") for row in table}


def _known_keys(configuration: dict[str, Any]) -> set[str]:
    """What the reader of a configuration says that it knows, when asked for a key far from any."""
    with pytest.raises(InvalidInput) as refused:
        EssentialSettings.checked(configuration)
    (hint,) = (p.hint for p in refused.value.problems if p.rule == "is not a setting")
    return set(hint.removeprefix("known: ").split(", "))


def _labourer(**settings: Any) -> dict[str, Any]:
    return {"task_config": {"labourers": {"worker": {"max_simultaneous_invocations": 1, **settings}}}}


def test_the_page_lists_exactly_the_keys_of_the_top_level() -> None:
    assert _keys(TOP) == _known_keys({"0": 0})


def test_the_page_lists_exactly_the_keys_of_a_labourer() -> None:
    assert _keys(LABOURER) == _known_keys(_labourer(**{"0": 0})) == set(_LABOURER_KEYS)


def test_the_page_lists_exactly_the_keys_of_a_retry_policy() -> None:
    assert _keys(RETRY) == _known_keys(_labourer(retry={"0": 0}))


def test_the_page_lists_exactly_the_keys_of_a_job_schema() -> None:
    assert _keys(SCHEMA) == _known_keys({"job_schema_variants": {"a": {"0": 0}}})


@pytest.mark.parametrize(("inner", "row"), BOUNDED)
def test_a_setting_is_taken_within_the_bounds_of_the_page_and_refused_beyond(inner: str, row: Row) -> None:
    key, low, high = row["key"].strip("`"), _number(row["from"]), _number(row["to"])
    for value in (low, high):
        EssentialSettings.checked(_setting(inner, key, value))
    for value in (low - 1, high + 1):
        with pytest.raises(InvalidInput, match=key):
            EssentialSettings.checked(_setting(inner, key, value))


@pytest.mark.parametrize(("inner", "row"), BOUNDED)
def test_a_setting_that_is_not_given_is_the_default_of_the_page(inner: str, row: Row) -> None:
    key = row["key"].strip("`")
    if row["default"] == "–":
        with pytest.raises(InvalidInput, match="has no default"):
            EssentialSettings.checked({"task_config": {"labourers": {"worker": {}}}})
        return
    bare, given = _labourer(), _setting(inner, key, _number(row["default"]))
    assert EssentialSettings.checked(bare) == EssentialSettings.checked(given)


def test_the_example_of_a_mistake_is_what_is_really_said() -> None:
    (said,) = md.blocks(PAGE, "text")
    with pytest.raises(InvalidInput) as refused:
        EssentialSettings.checked(
            {"task_config": {"labourers": {"flight-delays": {"max_simultaneous_invocations": 10, "max_attempt": 3}}}}
        )
    assert str(refused.value) == said.text.strip()


def test_the_page_lists_exactly_the_environment_variables_that_the_deployed_code_and_template_read() -> None:
    read = {
        variable
        for path in (md.ROOT / "sosw").rglob("*.py")
        if "local" not in path.parts
        for variable in re.findall(r"environ(?:\.get\(|\[)['\"](\w+)", path.read_text("utf-8"))
    }
    template = _template()["Globals"]["Function"]["Environment"]["Variables"]
    assert _keys(VARIABLES, "variable") == read | set(template)


def test_the_page_lists_exactly_the_parameters_of_the_template_with_their_defaults() -> None:
    said = {row["parameter"].strip("`"): row["default"].strip("`") for row in PARAMETERS}
    assert said == {name: str(parameter["Default"]) for name, parameter in _template()["Parameters"].items()}


def _setting(inner: str, key: str, value: int) -> dict[str, Any]:
    return _labourer(**({inner: {key: value}} if inner else {key: value}))


def _number(text: str) -> int:
    return int(text.replace(",", ""))


def _template() -> dict[str, Any]:
    class Loader(yaml.SafeLoader):
        """Takes the short forms of CloudFormation for their text."""

    Loader.add_multi_constructor("!", lambda _loader, _tag, node: node.value)
    text = (md.ROOT / "cloudformation" / "sosw.yaml").read_text("utf-8")
    loaded: dict[str, Any] = yaml.load(text, Loader)  # noqa: S506  (a SafeLoader)
    return loaded
