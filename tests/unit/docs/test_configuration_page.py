"""The tables of docs/reference/configuration.md list what the code takes: no key more, none less, with its bounds."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml

from sosw.deadline import MARGIN, margin
from sosw.domain.declared import RESOURCE_KEYS
from sosw.domain.errors import InvalidInput
from sosw.domain.health import COEFFICIENTS, OnMissing
from sosw.domain.labourer import LABOURER_KEYS
from sosw.domain.measures import COMPARE, METRIC_KEYS, STATISTICS, STATUSES
from sosw.domain.settings import EssentialSettings
from tests.unit.docs import markdown as md
from tests.unit.docs.markdown import Row

PAGE = md.page("docs/reference/configuration.md")
LABOURER, RETRY, RATE = md.tables(PAGE, under="A labourer")
METRIC, CLOUDWATCH = md.tables(PAGE, under="Health metrics")
RESOURCE = md.tables(PAGE, under="A resource")[0]
TOP = md.tables(PAGE, under="Top level")[0]
SCHEMA = md.tables(PAGE, under="A job schema")[0]
VARIABLES = md.tables(PAGE, under="Environment variables")[0]
PARAMETERS = md.tables(PAGE, under="Parameters of the template")[0]
BOUNDED = [
    pytest.param(inner, row, id=_id)
    for inner, table in (("", LABOURER), ("retry", RETRY), ("resource", RESOURCE))
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
    assert _keys(LABOURER) == _known_keys(_labourer(**{"0": 0})) == set(LABOURER_KEYS)


def test_the_page_lists_exactly_the_keys_of_a_retry_policy() -> None:
    assert _keys(RETRY) == _known_keys(_labourer(retry={"0": 0}))


def test_the_page_lists_exactly_the_keys_of_a_rate() -> None:
    for key in ("rate", "rate_per_key"):
        assert _keys(RATE) == _known_keys(_labourer(**{key: {"per_second": 1, "0": 0}}))


def test_the_page_lists_exactly_the_keys_of_a_health_metric_and_of_its_query() -> None:
    assert _keys(METRIC) == _known_keys(_labourer(health_metrics={"m": {"0": 0}})) == set(METRIC_KEYS)
    assert _keys(CLOUDWATCH) == _known_keys(_labourer(health_metrics={"m": {"details": {"0": 0}}}))


def test_the_page_names_exactly_the_operators_statistics_and_policies() -> None:
    told = {row["key"].strip("`"): set(md.codes(row["meaning"])) for row in (*METRIC, *CLOUDWATCH)}
    assert told["feeling_comparison_operator"] - {"alarm"} == {*COMPARE, "ge", "gt", "le", "lt", "eq"}
    assert told["on_missing"] == {policy.value for policy in OnMissing}
    assert told["Statistics"] == {*STATISTICS, "p99"}


def test_the_page_tells_the_coefficients_and_the_healths_of_the_code() -> None:
    (row,) = (row for row in TOP if row["key"] == "`invocation_number_coefficient`")
    told = json.loads(md.codes(row["meaning"])[0])
    assert {int(health): share for health, share in told.items()} == COEFFICIENTS
    text = PAGE.read_text("utf-8")
    assert ", ".join(f"{health} {word}" for health, word in reversed(STATUSES.items())) in text


def test_the_page_lists_exactly_the_keys_of_a_resource() -> None:
    assert _keys(RESOURCE) == _known_keys({"resources": {"r": {"0": 0}}}) == set(RESOURCE_KEYS)


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
    bare, default = _setting(inner, key, None), row["default"]
    if default == "–":
        with pytest.raises(InvalidInput, match="has no default"):
            EssentialSettings.checked(bare)
    elif default.replace(",", "").isdecimal():
        given = _setting(inner, key, _number(default))
        assert EssentialSettings.checked(bare) == EssentialSettings.checked(given)
    else:
        assert default in {"none", "the floor"}
        EssentialSettings.checked(bare)


def test_the_example_of_a_mistake_is_what_is_really_said() -> None:
    (said,) = md.blocks(PAGE, "text")
    with pytest.raises(InvalidInput) as refused:
        EssentialSettings.checked(
            {"task_config": {"labourers": {"flight-delays": {"max_simultaneous_invocations": 10, "max_attempt": 3}}}}
        )
    assert str(refused.value) == said.text.strip()


def test_the_page_tells_the_one_setting_of_a_worker_with_its_bounds() -> None:
    (row,) = md.tables(PAGE, under="A Worker")[0]
    assert margin(float(row["default"])) == MARGIN
    assert [margin(float(row[end])).total_seconds() for end in ("from", "to")] == [float(row["from"]), float(row["to"])]
    for wrong in (-1, float(row["to"]) + 1):
        with pytest.raises(InvalidInput, match=row["key"].strip("`")):
            margin(wrong)


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


def _setting(inner: str, key: str, value: int | None) -> dict[str, Any]:
    """With that one setting; without it for None."""
    given = {} if value is None else {key: value}
    if inner == "resource":
        others = {"target": 70, "band": 5, "floor": 0, "ceiling": 10_000}
        return {"resources": {"r": {**{name: other for name, other in others.items() if name != key}, **given}}}
    if key == "max_simultaneous_invocations":
        return {"task_config": {"labourers": {"worker": given}}}
    return _labourer(**({inner: given} if inner else given))


def _number(text: str) -> int:
    return int(text.replace(",", ""))


def _template() -> dict[str, Any]:
    class Loader(yaml.SafeLoader):
        """Takes the short forms of CloudFormation for their text."""

    Loader.add_multi_constructor("!", lambda _loader, _tag, node: node.value)
    text = (md.ROOT / "cloudformation" / "sosw.yaml").read_text("utf-8")
    loaded: dict[str, Any] = yaml.load(text, Loader)  # noqa: S506  (a SafeLoader)
    return loaded
