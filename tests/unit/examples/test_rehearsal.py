"""The outage that the demo asks for strikes one task, as often as asked, and no other."""

from typing import Any

import pytest

from rehearsal import RehearsedOutage, rehearse_outage

OUTAGE = {"origin": "EWR", "carrier": "UA", "date": "2013-02-06", "failures": 2}


def event(**changes: Any) -> dict[str, Any]:
    return {"origins": ["EWR"], "carriers": ["UA"], "date_list": ["2013-02-06"], "outage": OUTAGE} | changes


@pytest.mark.parametrize("attempt", [1, 2])
def test_the_first_attempts_of_the_named_task_fail(attempt: int) -> None:
    with pytest.raises(RehearsedOutage, match=f"attempt {attempt} of EWR/UA/2013-02-06"):
        rehearse_outage(event(), attempt=attempt)


def test_the_attempt_after_the_outage_goes_through() -> None:
    rehearse_outage(event(), attempt=3)


@pytest.mark.parametrize("other", [{"origins": ["JFK"]}, {"carriers": ["DL"]}, {"date_list": ["2013-02-07"]}])
def test_another_task_of_the_job_is_spared(other: dict[str, Any]) -> None:
    rehearse_outage(event(**other), attempt=1)


@pytest.mark.parametrize("none", [{"outage": None}, {"outage": {}}])
def test_a_job_that_asks_for_no_outage_gets_none(none: dict[str, Any]) -> None:
    rehearse_outage(event(**none), attempt=1)
    rehearse_outage({"origins": [], "carriers": [], "date_list": []}, attempt=1)
