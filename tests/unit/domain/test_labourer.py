"""What a labourer draws on, its rates, and the function behind it."""

from __future__ import annotations

from typing import Any

import pytest

from sosw.domain.errors import InvalidInput
from sosw.domain.labourer import Labourer
from sosw.domain.resources import Rate
from sosw.domain.settings import EssentialSettings

RESOURCE = {"target": 70, "band": 5, "ceiling": 100}


def read(name: str = "sales", **settings: Any) -> Labourer:
    return Labourer.from_mapping(name, {"max_simultaneous_invocations": 5, **settings})


def problems(name: str = "sales", **settings: Any) -> list[str]:
    with pytest.raises(InvalidInput) as refused:
        read(name, **settings)
    return [str(problem).removeprefix(f"task_config.labourers.{name}.") for problem in refused.value.problems]


def settings(draws: Any, resources: Any) -> EssentialSettings:
    labourer = {"max_simultaneous_invocations": 5, "draws": draws}
    return EssentialSettings.from_mapping({"task_config": {"labourers": {"sales": labourer}}, "resources": resources})


def test_resources_are_drawn_on_by_weight_or_alike() -> None:
    assert read(draws={"rds:orders": 2, "api": 0.5}).draws == {"rds:orders": 2, "api": 0.5}
    assert read(draws=["rds:orders", "api"]).draws == {"rds:orders": 1, "api": 1}
    assert read().draws == read(draws=None).draws == read(draws=[]).draws == {}


@pytest.mark.parametrize(
    ("draws", "told"),
    [
        ({"api": 0}, "draws.api: 0 must be a number over 0, at most 1,000,000 (to draw nothing, leave it out)"),
        ({"api": -1}, "draws.api: -1 must be a number over 0"),
        ({"api": True}, "draws.api: True must be a number over 0"),
        ({"api": "1"}, "draws.api: '1' must be a number over 0"),
        ({"api": 1_000_001}, "draws.api: 1000001 must be a number over 0"),
        (["api", "api"], "draws: ['api', 'api'] must be a list of names of resources, each once"),
        ([7], "draws: [7] must be a list of names"),
        ([{}], "draws: [{}] must be a list of names"),
        ("api", "draws: 'api' must be an object"),
    ],
)  # fmt: skip
def test_a_share_of_nothing_is_refused(draws: Any, told: str) -> None:
    (said,) = problems(draws=draws)
    assert said.startswith(told)


def test_a_labourer_that_draws_on_an_unknown_resource_is_mistaken() -> None:
    for draws in ({"rds:order": 1}, ["rds:order"]):
        found = settings(draws, {"rds:orders": RESOURCE})
        assert (list(found.labourers), list(found.resources)) == ([], ["rds:orders"])
        (problem,) = found.mistaken["sales"]
        assert str(problem) == (
            "task_config.labourers.sales.draws: 'rds:order' is not a declared resource (did you mean 'rds:orders'?)"
        )


def test_a_labourer_that_draws_on_a_mistaken_resource_is_mistaken_for_that_reason_which_is_told_once() -> None:
    found = settings({"api": 0, "gone": 1}, {"api": {**RESOURCE, "floor": 101}, "good": RESOURCE})
    assert list(found.resources) == ["good"]
    assert [problem.field for problem in found.mistaken["sales"]] == [
        "task_config.labourers.sales.draws.api",
        "resources.api.floor",
        "task_config.labourers.sales.draws",
    ]
    assert [problem.field for problem in found.every_problem] == [
        "resources.api.floor",
        "task_config.labourers.sales.draws.api",
        "task_config.labourers.sales.draws",
    ]
    with pytest.raises(InvalidInput, match="floor: 101 is above the ceiling"):
        found.labourer("sales")


def test_a_mistaken_resource_stops_nobody_who_does_not_draw_on_it() -> None:
    found = settings([], {"api": 7})
    assert (list(found.labourers), found.problems, list(found.mistaken_resources)) == (["sales"], (), ["api"])
    assert settings({}, None).every_problem == []
    assert [problem.field for problem in settings(7, {}).every_problem] == ["task_config.labourers.sales.draws"]


def test_a_rate_has_a_burst_of_a_second_unless_it_says_another() -> None:
    assert read(rate={"per_second": 2.5}).rate == Rate(per_second=2.5, burst=3)
    assert read(rate={"per_second": 0.1}).rate == Rate(per_second=0.1, burst=1)
    assert read(rate_per_key={"per_second": 10_000, "burst": 1}).rate_per_key == Rate(per_second=10_000, burst=1)
    assert (read(rate=None).rate, read().rate_per_key) == (None, None)


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ({"rate": {}}, "rate.per_second: None must be a number over 0, at most 10,000, and has no default"),
        ({"rate": {"per_second": 0}}, "rate.per_second: 0 must be a number over 0"),
        ({"rate_per_key": {"per_second": -1}}, "rate_per_key.per_second: -1 must be a number over 0"),
        ({"rate": {"per_second": float("nan")}}, "rate.per_second: nan must be a number over 0"),
        ({"rate": {"per_second": 1, "burst": 0}}, "rate.burst: 0 must be a whole number from 1 to 10,000"),
        ({"rate": {"per_second": 1, "brust": 2}}, "rate.brust: 2 is not a setting (did you mean 'burst'?)"),
        ({"rate": 5}, "rate: 5 must be an object of settings"),
        ({"max_per_key": 0}, "max_per_key: 0 must be a whole number from 1 to 10,000"),
        ({"shards": 17}, "shards: 17 must be a whole number from 1 to 16"),
        ({"shards": 0}, "shards: 0 must be a whole number from 1 to 16"),
        ({"resources": []}, "resources: [] is not a setting (did you mean 'draws'?)"),
    ],
)
def test_a_limit_out_of_its_range_is_refused(setting: dict[str, Any], told: str) -> None:
    assert problems(**setting)[0].startswith(told)


def test_limits_by_key_and_shards_are_read() -> None:
    labourer = read(max_per_key=3, shards=16)
    assert (labourer.max_per_key, labourer.shards) == (3, 16)
    assert (read(max_per_key=None).max_per_key, read().shards) == (None, 1)


@pytest.mark.parametrize(
    ("arn", "region"),
    [
        ("sales", None),
        ("sales:live", None),
        ("123456789012:function:sales", None),
        ("arn:aws:lambda:eu-west-1:123456789012:function:sales", "eu-west-1"),
        ("arn:aws-us-gov:lambda:us-gov-west-1:123456789012:function:sales:$LATEST", "us-gov-west-1"),
    ],
)
def test_a_function_is_named_by_its_name_or_arn_which_tells_its_region(arn: str, region: str | None) -> None:
    labourer = read(arn=arn)
    assert (labourer.arn, labourer.region) == (arn, region)


@pytest.mark.parametrize(
    "arn",
    [
        "arn:x",
        "arn:aws:lambda:eu-west-1:0000000000:function:sales",
        "arn:aws:lambda:eu-west-1:123456789012:layer:sales",
        "arn:aws:lambda:eu_west_1:123456789012:function:sales",
        "arn:aws:sns:eu-west-1:123456789012:sales",
        "a function",
        "x" * 65,
    ],
)
def test_a_malformed_arn_is_refused(arn: str) -> None:
    (said,) = problems(arn=arn)
    assert said.startswith("arn: ")
    assert "must be a function's name, or its ARN" in said


@pytest.mark.parametrize("name", ["a#0", "a/b", "a|key", "", "ä", "x" * 65])
def test_a_name_that_could_be_another_key_of_a_table_is_refused(name: str) -> None:
    assert problems(name, arn="sales") == [f"name: {name!r} must be 1 to 64 letters, digits, '-', '_' or '.'"]
    assert read("a.b-c_1", arn="sales").name == "a.b-c_1"


def test_a_default_of_a_labourer_that_nobody_registered_has_no_region() -> None:
    assert EssentialSettings().labourer_or_default(None).region is None
