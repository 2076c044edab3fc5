"""`sosw apply`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sosw.settings import ESSENTIAL_CONFIG
from tests.unit.cli.conftest import Run
from tests.unit.client.conftest import ClientWorld
from tests.unit.docs import markdown as md

TEXT = """
labourers:
  sales:
    max_simultaneous_invocations: 2
    draws: [api]
resources:
  api: {target: 70, band: 5, ceiling: 100}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "labourers.yaml"
    path.write_text(TEXT)
    return path


def stored(world: ClientWorld) -> Any:
    return world.stored.get(ESSENTIAL_CONFIG)


def test_the_plan_is_shown_and_asked_about_and_applied(sosw: Run, world: ClientWorld, file: Path) -> None:
    no = sosw("apply", str(file), typed="n\n")
    assert (no.code, stored(world)) == (1, None)
    yes = sosw("apply", str(file), typed="y\n")
    assert (yes.code, list(stored(world))) == (0, ["task_config", "resources"])
    assert [line.split() for line in yes.out.splitlines() if line.strip() != "y"] == [
        ["setting", "now", "then"],
        ["labourer", "sales", "added", "max_simultaneous_invocations", "2"],
        ["draws", '["api"]'],
        ["resource", "api", "added", "target", "70"],
        ["band", "5"],
        ["ceiling", "100"],
        ["2", "added,", "0", "unchanged"],
        ["applied:", "the", "Essentials", "work", "by", "it", "within", "a", "minute"],
    ]
    assert "Apply 2 added? [y/N]" in yes.err


def test_names_of_settings_are_whole_at_80_columns(sosw: Run, file: Path) -> None:
    file.write_text(TEXT.replace("sales", "the-flight-delays-of-2013"))
    assert " max_simultaneous_invocations " in sosw("apply", str(file), "--dry-run", columns=80).out


def test_changes_are_shown_old_and_new_and_removals_by_their_name(sosw: Run, world: ClientWorld, file: Path) -> None:
    sosw("apply", str(file), "--yes")
    file.write_text(TEXT.replace(": 2", ": 7").replace("    draws: [api]\n", "").split("resources")[0] + "resources:\n")
    shown = sosw("apply", str(file), "--dry-run").out.splitlines()
    assert [line.split() for line in shown[1:]] == [
        ["labourer", "sales", "changed", "max_simultaneous_invocations", "2", "7"],
        ["draws", '["api"]'],
        ["resource", "api", "removed"],
        ["1", "changed,", "1", "removed,", "0", "unchanged"],
    ]
    assert stored(world)["resources"] != {}


def test_a_dry_run_writes_nothing_and_asks_nothing(sosw: Run, world: ClientWorld, file: Path) -> None:
    ended = sosw("apply", str(file), "--dry-run", "--json")
    assert (ended.code, stored(world)) == (0, None)
    assert ended.json["applied"] is False
    assert [(each["name"], each["how"]) for each in ended.json["changes"]] == [("sales", "added"), ("api", "added")]


def test_programs_get_one_document(sosw: Run, world: ClientWorld, file: Path) -> None:
    ended = sosw("apply", str(file), "--yes", "--json")
    assert (ended.code, ended.json["applied"]) == (0, True)
    assert ended.json.keys() == {"applied", "changes", "unchanged", "warnings", "at_work"}
    assert [entry.what["by"] != "" for entry in world.records.entries] == [True, True]
    asked = sosw("apply", "-", "--json", typed="labourers: {}\nresources: {}\n")
    assert (asked.code, asked.json["error"]["exit_code"]) == (2, 2)
    assert "labourer sales  removed" in asked.err
    assert "say --yes" in asked.err


def test_nothing_to_change_is_said_and_not_asked_about(sosw: Run, world: ClientWorld, file: Path) -> None:
    sosw("apply", str(file), "--yes")
    again = sosw("apply", str(file))
    assert (again.code, again.out) == (0, "nothing changes\n")
    assert sosw("apply", str(file), "--json").json["changes"] == []
    assert len(world.records.entries) == 2


def test_every_mistake_is_told_at_once_with_its_line_and_exit_code_2(sosw: Run, world: ClientWorld, file: Path) -> None:
    file.write_text(TEXT.replace("draws", "drwas").replace("ceiling: 100", "ceiling: 100, floor: 200"))
    ended, document = sosw("apply", str(file), "--yes"), sosw("apply", str(file), "--yes", "--json")
    assert (ended.code, ended.out, stored(world)) == (2, "", None)
    assert ended.err.replace(f"{file}", "labourers.yaml").splitlines() == [
        "sosw: 2 mistakes in the settings, nothing was applied:",
        "  labourers.yaml:5: labourers.sales.drwas: ['api'] is not a setting (did you mean 'draws'?)",
        "  labourers.yaml:7: resources.api.floor: 200 is above the ceiling, 100",
    ]
    assert (document.code, document.json["error"]["type"]) == (2, "SettingsRefused")


def test_the_page_shows_what_is_really_said(sosw: Run, file: Path) -> None:
    page = md.page("docs/howto/declare-labourers.md")
    (text,), said = md.blocks(page, "yaml"), md.blocks(page, "text")[1].text
    for right, wrong in (("floor: 2", "floor: 300"), ("orders: 2}", "orders: 0}"), ("{4: 5, 2: 30}", "{4: 30, 2: 5}")):
        assert right in text.text
        text = replace(text, text=text.text.replace(right, wrong))
    file.write_text(text.text)
    assert sosw("apply", str(file)).err.replace(str(file), file.name) == said.split("\n", 1)[1]


@pytest.mark.parametrize("text", ["labourers: [", "labourers:\n  a: {}\n  a: {}\n", "{}", ""])
def test_a_file_that_declares_nothing_or_twice_is_exit_code_2(sosw: Run, world: ClientWorld, text: str) -> None:
    assert sosw("apply", "-", "--yes", typed=text).code == 2
    assert stored(world) is None


def test_a_file_that_is_not_there_is_exit_code_2(sosw: Run) -> None:
    ended = sosw("apply", "nowhere.yaml")
    assert (ended.code, ended.err) == (2, "sosw: file: 'nowhere.yaml' cannot be read: No such file or directory\n")


def test_a_labourer_at_work_is_removed_by_force_alone(sosw: Run, world: ClientWorld, file: Path) -> None:
    sosw("apply", str(file), "--yes")
    world.queue(3)
    file.write_text("labourers: {}\n")
    for words in (("--yes",), ("--dry-run",), ()):
        ended = sosw("apply", str(file), *words)
        assert ended.code == 1
        assert "labourer sales has 0 running and 3 waiting tasks, such as job#0: it would be removed\n" in ended.out
        assert (
            ended.err == "nothing was applied: say --force to remove them all the same, or let their tasks end first\n"
        )
    document = sosw("apply", str(file), "--yes", "--json")
    assert (document.code, document.json["applied"], len(document.json["at_work"])) == (1, False, 1)
    assert "sales" in stored(world)["task_config"]["labourers"]
    assert sosw("apply", str(file), "--yes", "--force").code == 0
    assert stored(world)["task_config"]["labourers"] == {}


def test_what_was_wrong_before_is_a_warning(sosw: Run, world: ClientWorld, file: Path) -> None:
    world.stored.stored[ESSENTIAL_CONFIG] = {"theirs": 1}
    ended = sosw("apply", str(file), "--yes")
    assert ended.code == 0
    assert "warning: stored already, and not touched: theirs: 1 is not a setting" in ended.out


def test_what_somebody_else_changed_meanwhile_is_exit_code_1(
    sosw: Run, world: ClientWorld, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace = world.stored.replace

    def meanwhile(seen: Any, config: Any) -> None:
        world.stored.stored[ESSENTIAL_CONFIG] = {"theirs": 1}
        replace(seen, config)

    monkeypatch.setattr(world.stored, "replace", meanwhile)
    ended = sosw("apply", str(file), "--yes")
    assert (ended.code, stored(world)) == (1, {"theirs": 1})
    assert "was changed by somebody else meanwhile: nothing was written, begin anew" in ended.err


def test_with_add_what_the_file_does_not_name_stays(sosw: Run, world: ClientWorld, file: Path) -> None:
    sosw("apply", str(file), "--yes")
    file.write_text("labourers: {more: {max_simultaneous_invocations: 1}}")
    whole = sosw("apply", str(file), "--dry-run").out
    added = sosw("apply", "--add", str(file), "--yes")
    assert "1 added, 1 removed, 1 unchanged" in whole
    assert (added.code, "1 added, 2 unchanged" in added.out) == (0, True)
    assert sorted(stored(world)["task_config"]["labourers"]) == ["more", "sales"]
