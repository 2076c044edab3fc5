"""docs/howto/watch-it.md speaks of the alarms and parameters that cloudformation/watch.yaml has, of every one."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from cfnlint.decode import cfn_yaml  # type: ignore[import-untyped]

from tests.unit.docs import markdown as md

PAGE = md.page("docs/howto/watch-it.md")
OF_AN_ALARM = 0.10


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(json.dumps(cfn_yaml.load(str(md.ROOT / "cloudformation" / "watch.yaml"))))
    return found


@pytest.fixture(scope="module")
def alarms(template: dict[str, Any]) -> list[str]:
    resources = template["Resources"].values()
    named = [each["Properties"]["AlarmName"]["Fn::Sub"] for each in resources if "AlarmName" in each["Properties"]]
    return sorted(name.replace("${Prefix}", "<prefix>") for name in named)


def test_the_page_lists_exactly_the_parameters_with_their_defaults(template: dict[str, Any]) -> None:
    (rows,) = md.tables(PAGE, under="Deploy the alarms and the dashboard")
    said = {row["parameter"].strip("`"): row["default"].strip("`") for row in rows}
    assert said == {name: str(parameter["Default"]) for name, parameter in template["Parameters"].items()}


def test_the_page_says_of_every_alarm_what_it_means_and_what_to_do(alarms: list[str]) -> None:
    (rows,) = md.tables(PAGE, under="What each alarm means")
    assert sorted(name for row in rows for name in md.codes(row["alarm"])) == alarms
    assert all(row["what it means"] and row["what to do"] for row in rows)


def test_the_page_says_what_the_alarms_cost(alarms: list[str]) -> None:
    (told,) = re.findall(r"Sixteen alarms cost \$([\d.]+) a month", PAGE.read_text("utf-8"))
    assert len(alarms) == 16
    assert float(told) == pytest.approx(len(alarms) * OF_AN_ALARM)
