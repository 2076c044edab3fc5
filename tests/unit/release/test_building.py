"""What goes into a release, without building it."""

from __future__ import annotations

from pathlib import Path

import pytest

from release.building import EXTRAS, alike_everywhere, constraints, template_files, write_zip
from release.errors import Refused
from release.locks import pins, read_pins

ROOT = Path(__file__).parents[3]


def test_the_essentials_package_is_one_for_all_pythons_and_processors() -> None:
    alike_everywhere(read_pins(ROOT / "essentials" / "hashes.txt"))


@pytest.mark.parametrize(
    "line",
    [
        f"a==1 --hash=sha256:{64 * 'a'} --hash=sha256:{64 * 'b'}",
        f"a==1 ; python_version < '3.11' --hash=sha256:{64 * 'a'}",
    ],
)
def test_a_package_that_differs_between_them_is_told(line: str) -> None:
    with pytest.raises(Refused, match="a 1 is not one wheel for all Pythons and processors"):
        alike_everywhere(pins(line))


def test_who_installs_with_the_constraints_gets_this_version_and_what_was_tested() -> None:
    found = {pin.name: pin.version for pin in pins(constraints(ROOT, "9.8.7"))}
    assert found.pop("sosw") == "9.8.7"
    assert found.keys() == {pin.name for pin in read_pins(ROOT / "requirements" / "extras.txt")}


def test_templates_and_functions_lie_beside_each_other_with_the_locks() -> None:
    files = template_files(ROOT)
    assert {
        "LICENSE", "cloudformation/sosw.yaml", "cloudformation/watch.yaml", "cloudformation/worker.yaml",
        "essentials/requirements.txt", "essentials/constraints.txt", "essentials/hashes.txt",
        "essentials/scheduler/app.py", "essentials/scheduler/__init__.py",
    } <= files.keys()  # fmt: skip
    assert not [name for name in files if "__pycache__" in name]


def test_an_archive_has_no_time_and_no_order_of_its_own(tmp_path: Path) -> None:
    files = {"b": b"2", "a/c": b"1"}
    write_zip(tmp_path / "one.zip", files)
    write_zip(tmp_path / "two.zip", dict(reversed(files.items())))
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()


def test_the_bill_of_the_extras_is_of_all_that_users_install() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    declared = text.partition("[project.optional-dependencies]")[2].partition("\n[")[0]
    names = [line.partition(" = [")[0] for line in declared.splitlines() if " = [" in line]
    assert sorted(names) == sorted([*EXTRAS, "dev"])
