"""Orders of operators, at the door."""

from __future__ import annotations

from typing import Any

import pytest

from sosw.domain.errors import InvalidInput, Problem
from sosw.domain.orders import ControlOrder, Kind, is_order, line_said, said
from sosw.domain.records import RecordKey, ResourceName
from sosw.domain.resources import Resource
from sosw.domain.settings import EssentialSettings, Labourer
from sosw.domain.standing import Control
from sosw.domain.task import LabourerName
from tests.factories import LABOURER, NOW, seconds

DATABASE = ResourceName("rds:orders")
SETTINGS = EssentialSettings(
    labourers={LABOURER: Labourer(name=LABOURER, arn="sales", max_simultaneous_invocations=40)},
    resources={DATABASE: Resource(name=DATABASE, query=None, target=70, band=5, ceiling=50)},
    mistaken={"wrong": (Problem("wrong.arn", 7, "must be a text"),)},
)
FREE = Control()
PAUSED = Control(paused_by="ann", paused_why="migration", paused_at=NOW)
LIMITED = Control(limit=10, limit_by="bob", limit_why="locks", limit_at=NOW)


def order(kind: str, target: str = "labourer/sales", **parts: Any) -> ControlOrder:
    return ControlOrder.from_event({"sosw": {kind: target, "by": "ann", "why": "migration", **parts}}, SETTINGS)


def refusal(event: Any) -> str:
    with pytest.raises(InvalidInput) as refused:
        ControlOrder.from_event(event, SETTINGS)
    return str(refused.value)


@pytest.mark.parametrize("target", ["labourer/sales", "labourer/wrong", "resource/rds:orders", "everything"])
def test_an_order_comes_out_of_its_event_as_it_went_in(target: str) -> None:
    for kind, parts in (("pause", {}), ("resume", {}), ("limit", {"to": 10}), ("limit", {"to": None})):
        given = order(kind, target, **parts)
        assert ControlOrder.from_event(given.to_event(), SETTINGS) == given
        assert (given.key, given.to) == (RecordKey(target, "state"), parts.get("to"))


def test_to_resume_needs_no_reason() -> None:
    event: Any = {"sosw": {"resume": "everything", "by": "ann"}}
    assert ControlOrder.from_event(event, SETTINGS) == ControlOrder(kind=Kind.RESUME, target="everything", by="ann")


def test_an_event_of_ours_is_an_order_and_no_other() -> None:
    assert is_order({"sosw": {}})
    others: list[Any] = [{}, {"wake": {}}, None, []]
    assert not any(map(is_order, others))


@pytest.mark.parametrize(
    ("event", "sentence"),
    [
        ({"sosw": 7}, 'sosw: 7 must be {"pause": target'),
        ({"sosw": {}}, 'sosw: {} must be {"pause": target'),
        ({}, "sosw: None must be"),
        (7, "sosw: None must be"),
        ({"sosw": {"by": "a", "puase": "everything"}}, "(did you mean 'pause'?)"),
        ({"sosw": {"pause": "everything", "resume": "everything"}}, "sosw: {'pause'"),
    ],
)
def test_what_is_no_order_is_answered_with_its_form(event: Any, sentence: str) -> None:
    assert sentence in refusal(event)


@pytest.mark.parametrize(
    ("target", "sentence"),
    [
        ("labourer/slaes", "sosw.pause: 'slaes' is not a registered labourer (did you mean 'sales'?)"),
        ("resource/rds:order", "sosw.pause: 'rds:order' is not a registered resource (did you mean 'rds:orders'?)"),
        ("sales", "must be labourer/NAME, resource/NAME or everything (did you mean 'labourer/sales'?)"),
        ("labourers/sales", "(did you mean 'labourer/sales'?)"),
        ("everythingg", "(did you mean 'everything'?)"),
        ("labourer/", "must be labourer/NAME"),
        (7, "sosw.pause: 7 must be labourer/NAME"),
    ],
)
def test_an_unknown_target_is_answered_with_a_guess(target: Any, sentence: str) -> None:
    assert sentence in refusal({"sosw": {"pause": target, "by": "ann", "why": "x"}})


@pytest.mark.parametrize("to", [-1, 10_001, 1.5, "10", True])
def test_a_limit_is_a_whole_number_or_null(to: Any) -> None:
    sentence = f"sosw.to: {to!r} must be a whole number from 0 to 10,000, or null to lift the limit"
    assert refusal({"sosw": {"limit": "everything", "to": to, "by": "ann", "why": "x"}}) == sentence


def test_all_that_is_wrong_is_told_at_once() -> None:
    told = refusal({"sosw": {"limit": "labourer/slaes", "too": 7, "why": " "}})

    assert [each.split(":")[0] for each in told.split("; ")] == [
        "sosw.limit", "sosw.too", "sosw.to", "sosw.by", "sosw.why",
    ]  # fmt: skip
    assert "sosw.too: 7 is not part of the order to limit (did you mean 'to'?)" in told
    assert "sosw.to: None must be a whole number" in told
    assert "sosw.by: None must tell who orders it, in 1 to 500 characters" in told
    assert "sosw.why: ' ' must tell why, for those who come after, in 1 to 500 characters" in told


def test_texts_have_an_end() -> None:
    assert "must tell why" in refusal({"sosw": {"pause": "everything", "by": "ann", "why": "x" * 501}})
    assert "must be a text of ≤ 500" in refusal({"sosw": {"resume": "everything", "by": "ann", "why": 7}})
    assert "sosw.to: 3 is not part" in refusal({"sosw": {"pause": "everything", "by": "a", "why": "x", "to": 3}})


@pytest.mark.parametrize(
    ("given", "before", "after"),
    [
        (order("pause"), FREE, PAUSED),
        (order("resume"), PAUSED, FREE),
        (order("limit", to=10, by="bob", why="locks"), FREE, LIMITED),
        (order("limit", to=None), LIMITED, FREE),
    ],
)
def test_an_order_changes_what_it_is_about(given: ControlOrder, before: Control, after: Control) -> None:
    assert given.applied(before, NOW) == after


def test_a_pause_and_a_limit_leave_each_other_alone() -> None:
    both = order("pause").applied(LIMITED, NOW)
    assert (both.limit, both.limit_by, both.paused_by) == (10, "bob", "ann")
    assert order("limit", to=None).applied(both, NOW) == PAUSED
    assert order("resume").applied(both, NOW) == LIMITED


@pytest.mark.parametrize(
    ("given", "before", "sentence"),
    [
        (order("pause"), PAUSED, "labourer sales is paused already, by ann since 2026-01-01 12:00:00 UTC: migration"),
        (order("resume"), FREE, "labourer sales is not paused"),
        (order("limit", to=10), LIMITED,
         "labourer sales is limited already, to 10 by bob since 2026-01-01 12:00:00 UTC: locks"),
        (order("limit", to=None), FREE, "no limit is ordered of labourer sales"),
    ],
)  # fmt: skip
def test_what_is_so_already_stays_and_tells_since_when(given: ControlOrder, before: Control, sentence: str) -> None:
    after = given.applied(before, NOW + seconds(60))
    assert after == before
    assert said(given, before, after) == sentence


@pytest.mark.parametrize(
    ("given", "before", "sentence", "line"),
    [
        (order("pause", "everything"), FREE, "everything is paused: nothing of it starts, what runs may end",
         ("running", "paused")),
        (order("resume", "resource/rds:orders"), PAUSED, "resource rds:orders is resumed", ("paused", "running")),
        (order("limit", to=5), FREE, "labourer sales is limited to 5; what its settings allow is never exceeded",
         (None, 5)),
        (order("limit", to=5), LIMITED,
         "labourer sales is limited to 5, it was 10; what its settings allow is never exceeded", (10, 5)),
        (order("limit", to=None), LIMITED, "the ordered limit of labourer sales, 10, is lifted", (10, None)),
    ],
)  # fmt: skip
def test_a_change_is_told_and_logged(
    given: ControlOrder, before: Control, sentence: str, line: tuple[Any, Any]
) -> None:
    assert said(given, before, given.applied(before, NOW)) == sentence
    assert given.line(before) == {
        "order": given.kind.value, "from": line[0], "to": line[1], "by": "ann", "why": "migration",
    }  # fmt: skip


def test_to_resume_or_to_raise_a_limit_lets_more_start() -> None:
    assert order("resume").lets_more_start(PAUSED)
    assert order("limit", to=11).lets_more_start(LIMITED)
    assert order("limit", to=None).lets_more_start(LIMITED)
    assert not order("limit", to=9).lets_more_start(LIMITED)
    assert not order("limit", to=9).lets_more_start(FREE)
    assert not order("pause").lets_more_start(FREE)
    assert not order("resume").lets_more_start(FREE)


def test_who_is_dispatched_after_an_order() -> None:
    assert order("resume").wake == {"wake": {LabourerName("sales"): {}}}
    assert order("resume", "everything").wake == order("resume", "resource/rds:orders").wake == {}


@pytest.mark.parametrize(
    ("what", "sentence"),
    [
        ({"order": "pause", "from": "running", "to": "paused", "by": "ann", "why": "x"}, "paused by ann: x"),
        ({"order": "resume", "from": "paused", "to": "running", "by": "ann", "why": ""}, "resumed by ann"),
        ({"order": "limit", "from": None, "to": 1000, "by": "ann", "why": "x"}, "limit none → 1,000 by ann: x"),
        ({"order": "limit", "from": 7, "to": None, "by": "ann", "why": "x"}, "limit 7 → none by ann: x"),
        ({"why": "health 4 → 2"}, "health 4 → 2"),
        ({"why": "settings", "by": "ann"}, "settings (ann)"),
        ({}, ""),
    ],
)
def test_a_line_of_a_log_is_told_whoever_wrote_it(what: dict[str, Any], sentence: str) -> None:
    assert line_said(what) == sentence
