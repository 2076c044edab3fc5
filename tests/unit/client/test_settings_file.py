"""Files of settings: YAML with the types of JSON, and where each setting stands."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from sosw.client import SettingsFile
from sosw.domain.errors import InvalidInput, Problem, SoswError

TEXT = """
defaults: &all
  max_attempts: 3

labourers:
  sales:
    <<: *all
    max_simultaneous_invocations: 10
    draws: [rds:orders]
    health_metrics:
      cpu: {feelings: {3: 50, 4: 25.5}}
  empty:
"""


def read(text: str, name: str = "labourers.yaml") -> Any:
    return SettingsFile.parse(text, name).values


def problems(text: str) -> list[str]:
    with pytest.raises(InvalidInput) as refused:
        read(text)
    return list(map(str, refused.value.problems))


def test_yaml_is_read_with_its_anchors_and_merges() -> None:
    assert read(TEXT) == {
        "defaults": {"max_attempts": 3},
        "labourers": {
            "sales": {
                "max_attempts": 3,
                "max_simultaneous_invocations": 10,
                "draws": ["rds:orders"],
                "health_metrics": {"cpu": {"feelings": {"3": 50, "4": 25.5}}},
            },
            "empty": None,
        },
    }


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("00123", "00123"), ("no", "no"), ("on", "on"), ("2026-01-31", "2026-01-31"), ("1:30", "1:30"),
        ("1_000", "1_000"), ("0x1f", "0x1f"), (".5", ".5"), ("'5'", "5"), ('"true"', "true"),
        ("5", 5), ("-5", -5), ("1.50", 1.5), ("1e3", 1000.0),
        ("true", True), ("False", False), ("null", None), ("~", None), ("", None),
        ("!!str 5", "5"), (".nan", ".nan"),
    ],
)  # fmt: skip
def test_values_have_the_types_that_json_has_and_texts_stay_texts(text: str, value: Any) -> None:
    found = read(f"a: {text}")["a"]
    assert (found, type(found)) == (value, type(value))


def test_json_is_read_as_json() -> None:
    assert read('{"a":\t{"b": [1, "\\ud83d\\ude00"]}}') == {"a": {"b": [1, "😀"]}}
    assert read("{a: {b: 1}}") == {"a": {"b": 1}}


def test_a_name_that_is_there_twice_is_refused_with_both_lines() -> None:
    text = "labourers:\n  a: {x: 1}\n  b: {x: 1, x: 2}\n  a: {y: 1}\nresources: {}\nresources: {}\n"
    assert problems(text) == [
        "labourers.yaml:3: labourers.b.x: 'x' is there twice, in line 3 and in line 3",
        "labourers.yaml:4: labourers.a: 'a' is there twice, in line 2 and in line 4",
        "labourers.yaml:6: resources: 'resources' is there twice, in line 5 and in line 6",
    ]
    with pytest.raises(InvalidInput, match=r"sosw\.json: 'a' is there twice in one object: a name is of one thing"):
        read('{"task_config": {"labourers": {"a": {}, "a": {}}}}', "sosw.json")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: &x [*x]", "labourers.yaml:1: a[0]: '…' contains itself"),
        ("a: 1\nb: !Ref c", "labourers.yaml:2: b: 'c' has the tag !Ref: there is no such value in JSON"),
        ("a: !!python/object:os.system {}", "has the tag tag:yaml.org,2002:python/object:os.system"),
        ("a: !!int x", "has the tag tag:yaml.org,2002:int"),
        ("a: !!timestamp 2026-01-31", "has the tag tag:yaml.org,2002:timestamp"),
        ("? [a]\n: 1", "labourers.yaml:1: file: '…' has a key that is no text"),
        ("a:\n  <<: 3", "labourers.yaml:2: a.<<: '3' must be an object, or a list of them"),
    ],
)
def test_what_json_cannot_hold_is_refused_with_its_line(text: str, told: str) -> None:
    (said,) = problems(text)
    assert told in said


def test_objects_are_merged_the_first_before_the_others() -> None:
    assert read("a: {<<: [{x: 1, y: 1}, {y: 2, z: 2}], z: 3}") == {"a": {"x": 1, "y": 1, "z": 3}}


@pytest.mark.parametrize("text", ["a: [", "\ta: 1", "a: 1\n---\nb: 2", "[" * 3_000])
def test_what_is_no_yaml_is_refused(text: str) -> None:
    (said,) = problems(text)
    assert said.startswith("file: 'labourers.yaml' is not YAML: ")
    assert "\n" not in said


def test_json_that_breaks_is_told_as_json_by_the_name_of_its_file() -> None:
    with pytest.raises(InvalidInput, match=r"file: 'a\.json' is not JSON: Expecting"):
        read("{", "a.json")


def test_a_problem_is_placed_at_the_line_of_what_it_is_about() -> None:
    file = SettingsFile.parse(TEXT, "labourers.yaml")
    for place, line in (
        ("labourers.sales.max_simultaneous_invocations", 8),
        ("labourers.sales.health_metrics.cpu.feelings.3", 11),
        ("labourers.sales.draws.gone", 9),
        ("labourers.empty.max_simultaneous_invocations", 12),
        ("defaults.max_attempts", 3),
    ):
        (found,) = file.placed([Problem(place, 1, "is wrong")])
        assert found.field == f"labourers.yaml:{line}: {place}"
    last, first = Problem("labourers.sales.draws", 1, "is wrong"), Problem("resources", 1, "is wrong", "hint")
    assert list(map(str, file.placed([last, first]))) == [
        "resources: 1 is wrong (hint)",
        "labourers.yaml:9: labourers.sales.draws: 1 is wrong",
    ]


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    good, bad = tmp_path / "a.yaml", tmp_path / "b.yaml"
    good.write_text("ü: 1", "utf-8")
    bad.write_bytes(b"\xff\xfe")
    assert SettingsFile.read(good).values == {"ü": 1}
    with pytest.raises(InvalidInput, match="is not UTF-8: invalid start byte at byte 0"):
        SettingsFile.read(bad)
    with pytest.raises(InvalidInput, match="cannot be read: No such file"):
        SettingsFile.read(tmp_path / "c.yaml")


def test_without_pyyaml_json_is_read_and_yaml_tells_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "yaml", None)
    assert read('{"a": 1}') == {"a": 1}
    with pytest.raises(
        SoswError, match=r"labourers\.yaml is YAML, and PyYAML is not installed .*: install sosw\[cli\]"
    ):
        read("a: 1")
