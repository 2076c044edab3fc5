"""Reports: what of them is refused at the door, and how much is kept."""

from __future__ import annotations

from typing import Any

import pytest

from sosw.domain.errors import InvalidInput
from sosw.domain.report import ERROR_CHARS, MESSAGE_CHARS, NOTE_CHARS, TRACE_CHARS, Report
from sosw.domain.task import TaskId

BEAT = {"action": "heartbeat", "task_id": "t"}
FAIL = {"action": "fail", "task_id": "t"}
STREAM = "2026/01/01/[$LATEST]4f2c4c7e9a510d6f2b8c1e116f0a9d0e"


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"progress": 40}, r"progress: 40 must be a number from 0 to 1 \(0.4\?\)"),
        ({"progress": -0.1}, "progress: -0.1 must be a number from 0 to 1"),
        ({"progress": 1000}, "progress: 1000 must be a number from 0 to 1"),
        ({"progress": True}, "progress: True must be a number from 0 to 1"),
        ({"progress": float("nan")}, "progress: nan must be a number from 0 to 1"),
        ({"progress": "half"}, "progress: 'half' must be a number from 0 to 1"),
        ({"note": 7}, "note: 7 must be a text"),
        ({"request_id": 7}, "request_id: 7 must be a text"),
        ({"trace": None}, "trace: None must be a text"),
        ({"delay": -1}, "delay: -1 must be seconds from 0 to 604,800"),
        ({"delay": True}, "delay: True must be seconds"),
        ({"runs_on": "long"}, "runs_on: 'long' must be seconds"),
        ({"notes": 1}, r"notes: 1 is not part of a report \(did you mean 'note'\?\)"),
    ],
)
def test_what_is_no_part_of_a_report_is_refused_with_the_rule(said: Any, sentence: str) -> None:
    with pytest.raises(InvalidInput, match=sentence):
        Report.from_event({**BEAT, **said})


def test_a_snooze_without_a_delay_is_refused() -> None:
    with pytest.raises(InvalidInput, match="delay: None must be there: the seconds after which"):
        Report.from_event({"action": "snooze", "task_id": "t"})


def test_a_progress_that_rounding_has_brought_over_1_is_1() -> None:
    assert Report.from_event({**BEAT, "progress": 1.0000000000000002}).progress == 1.0
    assert Report.from_event({**BEAT, "progress": 1 / 3}).progress == 0.3333


def test_of_texts_as_much_is_kept_as_an_item_can_hold() -> None:
    report = Report.from_event(
        {**FAIL, "error": "e" * 999, "message": "m" * 999, "trace": "t" * 999, "note": "n" * 999}
    )
    lengths = [len(text) for text in (report.error, report.message, report.trace, report.note or "")]
    assert lengths == [ERROR_CHARS, MESSAGE_CHARS, TRACE_CHARS, NOTE_CHARS] == [100, 500, 300, 200]


@pytest.mark.parametrize("name", ["", "a b", "x" * 600, "a\nb", "ü"])
def test_what_cannot_be_lambdas_name_of_a_log_is_left_out(name: str) -> None:
    report = Report.from_event({**FAIL, "request_id": name, "log_stream": name, "log_group": name})
    assert report.invocation.fields == {}


def test_nulls_are_what_was_left_out() -> None:
    nothing = dict.fromkeys(("progress", "note", "delay", "runs_on", "request_id", "log_stream", "log_group"))
    assert Report.from_event({**BEAT, **nothing}) == Report.from_event(BEAT)


def test_a_report_comes_out_of_its_event_as_it_went_in() -> None:
    report = Report(
        action="fail",
        task_id=TaskId("t"),
        attempt=2,
        error="E",
        message="m",
        trace="a.py:1 f",
        delay=3.5,
        runs_on=2,
        result={"so": "far"},
        note="n",
        progress=0.25,
        request_id="r-1",
        log_stream=STREAM,
        log_group="/mine/logs",
    )
    assert Report.from_event(report.to_event()) == report


def test_what_a_heartbeat_leaves_out_stays_as_it_was_on_the_task() -> None:
    assert Report.from_event(BEAT).said == {}
    assert Report.from_event({**BEAT, "progress": 0, "result": []}).said == {"progress": 0.0, "result": []}
