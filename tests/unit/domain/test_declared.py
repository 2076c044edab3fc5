"""Resources as they are declared."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from sosw.domain.declared import read_resource
from sosw.domain.errors import InvalidInput
from sosw.domain.health import COEFFICIENTS, OnMissing, Query
from sosw.domain.resources import Resource
from sosw.domain.settings import EssentialSettings
from tests.factories import seconds

LEAST: dict[str, Any] = {"target": 70, "band": 5, "ceiling": 100}
CPU = {"Namespace": "AWS/RDS", "MetricName": "CPUUtilization"}


def problems(name: str = "rds:orders", **settings: Any) -> list[str]:
    with pytest.raises(InvalidInput) as refused:
        read_resource(name, {**LEAST, **settings})
    return [str(problem).removeprefix(f"resources.{name}.") for problem in refused.value.problems]


def test_a_resource_whose_load_is_measured_needs_a_target_a_band_and_a_ceiling() -> None:
    with pytest.raises(InvalidInput) as refused:
        read_resource("rds", {"details": CPU})
    assert [problem.field for problem in refused.value.problems] == [
        "resources.rds.target",
        "resources.rds.band",
        "resources.rds.ceiling",
    ]


def test_a_resource_that_signals_steer_alone_needs_a_ceiling_alone() -> None:
    found = read_resource("api", {"ceiling": 100})
    assert found == Resource(name=found.name, query=None, target=1, band=0.5, ceiling=100)
    assert read_resource("api", {**LEAST, "ceiling": 100}) == replace(found, target=70, band=5)
    assert read_resource("api", {"target": 0.4, "ceiling": 100}) == replace(found, target=0.4, band=0.2)
    with pytest.raises(InvalidInput) as refused:
        read_resource("api", {"source": "signals"})
    assert [problem.field for problem in refused.value.problems] == ["resources.api.ceiling"]


def test_every_setting_of_a_resource_is_read() -> None:
    given = {
        "details": CPU, "label": "CPU", "unit": "%", "target": 70.5, "band": 5, "floor": 0, "ceiling": 100, "start": 10,
        "increase": 2, "decrease": 0.7, "settle": 90, "on_missing": "floor",
    }  # fmt: skip
    found = read_resource("rds:orders", given)
    query = Query(source="cloudwatch", details='{"MetricName":"CPUUtilization","Namespace":"AWS/RDS"}')
    assert found == Resource(
        name=found.name, query=query, label="CPU", unit="%", target=70.5, band=5, floor=0, ceiling=100, start=10,
        increase=2, decrease=0.7, settle=seconds(90), on_missing=OnMissing.FLOOR,
    )  # fmt: skip


def test_what_is_measured_is_named_by_its_metric_unless_it_has_a_label() -> None:
    assert read_resource("rds", {**LEAST, "details": CPU}).label == "CPUUtilization"
    assert read_resource("rds", {**LEAST, "details": {"AlarmName": "a"}, "source": "alarm"}).label == "load"


def test_a_resource_that_signals_steer_alone_has_no_query() -> None:
    assert read_resource("api", {**LEAST, "source": "signals"}).query is None
    assert problems(source="signals", details=CPU)[0].endswith("must be left out: what Workers signal needs none")


def test_a_source_of_ones_own_needs_no_details() -> None:
    assert read_resource("api", {**LEAST, "source": "queue_depth"}).query == Query(source="queue_depth", details="{}")


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ({"floor": 101}, "floor: 101 is above the ceiling, 100"),
        ({"floor": -1}, "floor: -1 must be a whole number from 0 to 10,000"),
        ({"ceiling": 0}, "ceiling: 0 must be a whole number from 1 to 10,000, and has no default"),
        ({"ceiling": "many"}, "ceiling: 'many' must be a whole number"),
        ({"start": 101}, "start: 101 must be from the floor to the ceiling, 1 to 100"),
        ({"start": 4, "floor": 5}, "start: 4 must be from the floor to the ceiling, 5 to 100"),
        ({"start": -1}, "start: -1 must be a whole number from 0 to 10,000"),
        ({"target": 0}, "target: 0 must be a number over 0"),
        ({"target": -70}, "target: -70 must be a number over 0"),
        ({"target": float("inf")}, "target: inf must be a number over 0"),
        ({"band": 0}, "band: 0 must be a number over 0"),
        ({"band": -5}, "band: -5 must be a number over 0"),
        ({"band": 70}, "band: 70.0 must be less than the target, 70: no load is below 0"),
        ({"increase": 0}, "increase: 0 must be a whole number from 1 to 1,000"),
        ({"decrease": 0}, "decrease: 0 must be a number between 0 and 1: what a cut leaves of the budget"),
        ({"decrease": 1}, "decrease: 1 must be a number between 0 and 1"),
        ({"decrease": -0.5}, "decrease: -0.5 must be a number between 0 and 1"),
        ({"settle": 0}, "settle: 0 must be a number of seconds from 1 to 3,600"),
        ({"settle": 3601}, "settle: 3601 must be a number of seconds from 1 to 3,600"),
        ({"on_missing": "panic"}, "on_missing: 'panic' must be one of hold, floor, ignore"),
        ({"label": ""}, "label: '' must be a text"),
        ({"unit": 7}, "unit: 7 must be a text"),
        ({"details": {"MetricName": "x"}}, "details.Namespace: None must be a text"),
        ({"details": 7}, "details: 7 must be an object of settings"),
        ({"max": 10}, "max: 10 is not a setting (did you mean 'ceiling'?)"),
        ({"celing": 10}, "celing: 10 is not a setting (did you mean 'ceiling'?)"),
    ],
)
def test_a_setting_of_a_resource_that_cannot_work_is_refused(setting: dict[str, Any], told: str) -> None:
    assert problems(**setting)[0].startswith(told)


def test_all_mistakes_of_a_resource_are_told_at_once() -> None:
    assert len(problems(target=-1, band=0, floor=200, ceiling=-1, decrease=2, x=1)) == 5
    assert len(problems(floor=200, decrease=2)) == 2


@pytest.mark.parametrize("name", ["a b", "a#b", "", "x" * 129])
def test_a_name_that_no_key_can_have_is_refused(name: str) -> None:
    (said,) = problems(name)
    assert said.startswith("name: ")
    assert said.endswith("must be 1 to 128 letters, digits, '_', '.', ':', '/' or '-'")


def test_a_mistaken_resource_does_not_stop_the_others() -> None:
    found = EssentialSettings.from_mapping({"resources": {"good": LEAST, "bad": {**LEAST, "floor": 101}}})
    assert (list(found.resources), list(found.mistaken_resources), found.problems) == (["good"], ["bad"], ())
    with pytest.raises(InvalidInput, match=r"resources\.bad\.floor: 101 is above"):
        EssentialSettings.checked({"resources": {"bad": {**LEAST, "floor": 101}}})


def test_coefficients_replace_those_of_sosw_health_by_health() -> None:
    for given in ({2: 0.4, 4: 1}, {"2": 0.4, "4": 1}):
        found = EssentialSettings.checked({"invocation_number_coefficient": given})
        assert found.coefficients == {**COEFFICIENTS, 2: 0.4, 4: 1}
    assert EssentialSettings.checked({}).coefficients == {0: 0, 1: 0, 2: 0.5, 3: 0.75, 4: 1}


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"2": 1.5}, "invocation_number_coefficient.2: 1.5 must be a number from 0 to 1"),
        ({"2": -0.1}, "invocation_number_coefficient.2: -0.1 must be a number from 0 to 1"),
        ({"2": True}, "invocation_number_coefficient.2: True must be a number from 0 to 1"),
        ({"9": 1}, "invocation_number_coefficient.9: 1 is of no health"),
        (7, "invocation_number_coefficient: 7 must be an object"),
    ],
)
def test_a_coefficient_that_cannot_be_is_refused(given: Any, told: str) -> None:
    (problem,) = EssentialSettings.from_mapping({"invocation_number_coefficient": given}).problems
    assert str(problem).startswith(told)
