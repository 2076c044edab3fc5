"""What one configuration changes of another."""

from __future__ import annotations

from typing import Any

from sosw.domain.changes import Change, FieldChange, How, changes

A: dict[str, Any] = {"max_simultaneous_invocations": 5, "retry": {"base": 1, "cap": 10}, "draws": ["api"]}


def labourers(**settings: Any) -> dict[str, Any]:
    return {"task_config": {"labourers": settings}}


def only(before: Any, after: Any) -> Change:
    (change,) = changes(before, after)
    return change


def test_a_labourer_changes_field_by_field() -> None:
    after = {**A, "retry": {"base": 2, "cap": 10}, "cooldown": 60}
    del after["draws"]
    change = only(labourers(sales=A), labourers(sales=after))
    assert (change.kind, change.name, change.how) == ("labourer", "sales", How.CHANGED)
    assert change.fields == (
        FieldChange("retry.base", 1, 2),
        FieldChange("draws", ["api"], None),
        FieldChange("cooldown", None, 60),
    )
    assert str(change) == 'labourer sales changed: retry.base 1 → 2, draws ["api"] → not set, cooldown 60'


def test_what_is_added_tells_all_that_it_has_and_what_is_removed_its_name() -> None:
    added, removed = only({}, labourers(sales=A)), only(labourers(sales=A), labourers())
    assert str(added) == (
        'labourer sales added: max_simultaneous_invocations 5, retry.base 1, retry.cap 10, draws ["api"]'
    )
    assert (removed.how, str(removed), len(removed.fields)) == (How.REMOVED, "labourer sales removed", 4)
    assert str(only({}, {"resources": {"r": {}}})) == "resource r added"


def test_what_is_alike_is_unchanged_in_whatever_order_it_is_written() -> None:
    assert only(labourers(sales=A), labourers(sales=dict(reversed(A.items())))).how is How.UNCHANGED
    assert changes({}, {}) == changes({}, labourers()) == []


def test_what_is_null_is_there() -> None:
    assert only({"theirs": None}, {"theirs": None}).how is How.UNCHANGED
    assert only({}, {"theirs": None}).how is How.ADDED
    assert only({"theirs": None}, {}).how is How.REMOVED


def test_a_number_and_its_text_are_two_things() -> None:
    assert only(labourers(a={"x": 5}), labourers(a={"x": "5"})).fields == (FieldChange("x", 5, "5"),)
    assert only(labourers(a={"x": 1}), labourers(a={"x": True})).how is How.CHANGED
    assert only(labourers(a={"x": {}}), labourers(a={"x": {"y": 1}})).fields == (
        FieldChange("x", {}, None),
        FieldChange("x.y", None, 1),
    )


def test_things_of_every_kind_are_told_in_order_each_with_its_owner() -> None:
    after = {
        "theirs": 7,
        "invocation_number_coefficient": {"2": 0.4},
        "job_schema_variants": {"s": {"chunkable_attrs": []}},
        "resources": {"b": {"target": 1}, "a": {"target": 1}},
        "task_config": {"labourers": {"z": A}, "other": 1},
    }
    found = changes({}, after)
    assert [(each.kind, each.name, each.owner) for each in found] == [
        ("labourer", "z", "labourer/z"),
        ("resource", "a", "resource/a"),
        ("resource", "b", "resource/b"),
        ("job schema", "s", "everything"),
        ("setting", "invocation_number_coefficient", "everything"),
        ("setting", "task_config", "everything"),
        ("setting", "theirs", "everything"),
    ]
    assert [str(each) for each in found[-3:]] == [
        "setting invocation_number_coefficient added: 2 0.4",
        "setting task_config added: other 1",
        "setting theirs added: value 7",
    ]


def test_what_is_stored_in_no_form_of_ours_is_a_setting_like_others() -> None:
    assert [each.kind for each in changes({"task_config": 7, "resources": []}, {"task_config": {"labourers": 7}})] == [
        "setting",
        "setting",
    ]


def test_a_log_line_is_cut_off_where_it_is_too_long() -> None:
    said = str(only({}, labourers(a={f"key{n}": "x" * 100 for n in range(20)})))
    assert (len(said), said[-1]) == (1000, "…")


def test_a_change_in_json() -> None:
    assert only(labourers(a={"x": 1}), labourers(a={"x": 2})).to_json() == {
        "kind": "labourer",
        "name": "a",
        "how": "changed",
        "fields": [{"field": "x", "old": 1, "new": 2}],
    }
