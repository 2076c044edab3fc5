"""Bills of materials: all that is there, by which extra, under which licence; the same bytes each time."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from release.boms import bill
from release.errors import Refused
from release.locks import on_lambda

WHERE, EPOCH, HASH = on_lambda("3.13", "aarch64"), 1_700_000_000, "a" * 64
SOSW = """\
License-Expression: MIT
Provides-Extra: cli
Provides-Extra: deploy
Requires-Dist: one>=1 ; extra == 'cli'
Requires-Dist: sosw[cli] ; extra == 'deploy'
Requires-Dist: three ; extra == 'deploy'
"""
Install = Callable[..., None]


@pytest.fixture
def site(tmp_path: Path) -> Path:
    return tmp_path / "site"


@pytest.fixture
def install(site: Path) -> Install:
    """Put the metadata of packages there, by name; `sosw` with two extras, and what these need, by default."""

    def put(**packages: str) -> None:
        few = {"sosw": SOSW, "one": "License: Apache-2.0\nRequires-Dist: Two_\n", "two": "License: MIT\n"}
        for name, text in {**few, "three": "License-Expression: MIT OR 0BSD\n", **packages}.items():
            folder = site / f"{name}-1.0.dist-info"
            folder.mkdir(parents=True)
            head = f"Metadata-Version: 2.4\nName: {name}\nVersion: 1.0\n"
            (folder / "METADATA").write_text(head + text.replace("Two_", "two"))

    return put


def read(site: Path, *extras: str, **hashes: str) -> dict[str, Any]:
    given = {name: {text} for name, text in hashes.items()}
    document: dict[str, Any] = json.loads(bill(site, extras or ("cli", "deploy"), WHERE, given, EPOCH))
    return document


def test_each_package_is_there_with_its_version_its_hash_and_the_extras_that_bring_it(
    site: Path, install: Install
) -> None:
    install()
    document = read(site, two=HASH)
    found = {
        each["purl"]: ([one["value"] for one in each["properties"]], [one["content"] for one in each.get("hashes", [])])
        for each in document["components"]
    }
    assert found == {
        "pkg:pypi/one@1.0": (["cli", "deploy"], []),
        "pkg:pypi/two@1.0": (["cli", "deploy"], [HASH]),
        "pkg:pypi/three@1.0": (["deploy"], []),
    }
    assert document["metadata"]["component"]["purl"] == "pkg:pypi/sosw@1.0"


def test_who_needs_whom_is_told(site: Path, install: Install) -> None:
    install()
    needs = {each["ref"]: each.get("dependsOn", []) for each in read(site)["dependencies"]}
    assert needs["pkg:pypi/sosw@1.0"] == ["pkg:pypi/one@1.0", "pkg:pypi/three@1.0"]
    assert needs["pkg:pypi/one@1.0"] == ["pkg:pypi/two@1.0"]


def test_a_licence_is_an_expression_where_the_package_tells_one_else_its_name(site: Path, install: Install) -> None:
    old = "License: Dual License\nClassifier: License :: OSI Approved :: BSD License\n"
    install(two=old, one="License: Homemade, see COPYING\nRequires-Dist: two\n")
    licences = {each["name"]: each["licenses"] for each in read(site)["components"]}
    assert licences["three"] == [{"expression": "MIT OR 0BSD", "acknowledgement": "declared"}]
    assert licences["two"] == [{"license": {"name": "BSD License", "acknowledgement": "declared"}}]
    assert licences["one"][0]["license"]["name"] == "Homemade, see COPYING"


def test_the_same_packages_at_the_same_time_make_the_same_bytes_in_any_folder(
    site: Path, install: Install, tmp_path: Path
) -> None:
    install()
    shutil.copytree(site, tmp_path / "other")
    first, again = (bill(each, ["cli", "deploy"], WHERE, {}, EPOCH) for each in (site, tmp_path / "other"))
    assert first == again
    assert '"timestamp": "2023-11-14T22:13:20+00:00"' in first
    assert json.loads(first)["serialNumber"] != read(site, one=HASH)["serialNumber"]


def test_a_package_that_nothing_asks_for_is_refused(site: Path, install: Install) -> None:
    install(stowaway="License: MIT\n")
    with pytest.raises(Refused, match=r"stowaway in \S+ is asked for by no extra of sosw"):
        read(site)
    with pytest.raises(Refused, match="stowaway, three in"):
        read(site, "cli")


def test_a_package_without_a_licence_is_refused(site: Path, install: Install) -> None:
    install(two="")
    with pytest.raises(Refused, match=r"two 1\.0 declares no licence"):
        read(site)


def test_a_document_that_does_not_fit_the_schema_is_refused(site: Path, install: Install) -> None:
    install()
    with pytest.raises(Refused, match="does not fit CycloneDX's schema"):
        read(site, two="no hash")
