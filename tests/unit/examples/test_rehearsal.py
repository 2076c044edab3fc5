"""The outage that the demo asks for strikes one task, as often as asked, and no other."""

from typing import Any

import pytest

from rehearsal import RehearsedOutage, rehearse_outage

OUTAGE = {"origin": "EWR", "carrier": "UA", "date": "2013-02-06", "failures": 2}


def event(**changes: Any) -> dict[str, Any]:
    return {"origins": ["EWR"], "carriers": ["UA"], "date_list": ["2013-02-06"], "outage": OUTAGE} | changes


def is_struck(event: dict[str, Any], attempt: int = 1) -> bool:
    try:
        rehearse_outage(event, attempt=attempt)
    except RehearsedOutage:
        return True
    return False


@pytest.mark.parametrize("attempt", [1, 2])
def test_the_first_attempts_of_the_named_task_fail(attempt: int) -> None:
    with pytest.raises(RehearsedOutage, match=f"attempt {attempt} of EWR/UA/2013-02-06"):
        rehearse_outage(event(), attempt=attempt)


def test_the_attempt_after_the_outage_goes_through() -> None:
    assert [is_struck(event(), attempt) for attempt in (1, 2, 3)] == [True, True, False]


@pytest.mark.parametrize("other", [{"origins": ["JFK"]}, {"carriers": ["DL"]}, {"date_list": ["2013-02-07"]}])
def test_another_task_of_the_job_is_spared(other: dict[str, Any]) -> None:
    assert not is_struck(event(**other))


@pytest.mark.parametrize("none", [{"outage": None}, {"outage": {}}])
def test_a_job_that_asks_for_no_outage_gets_none(none: dict[str, Any]) -> None:
    assert not is_struck(event(**none))
    assert not is_struck({"origins": [], "carriers": [], "date_list": []})
