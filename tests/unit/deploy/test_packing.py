"""What a template says of its functions decides what their packages are made for."""

from __future__ import annotations

import zipfile
from collections.abc import Container
from pathlib import Path
from typing import Any

import pytest

from sosw.deploy import packing
from sosw.deploy.packing import Packer
from sosw.local.errors import TemplateInvalid
from sosw.local.package import Target
from sosw.local.templates import Code, parse_template, runtimes, with_code_at

FUNCTIONS = """
Parameters:
  Runtime: { Type: String, Default: python3.12 }
Globals:
  Function: { CodeUri: shared, Runtime: !Ref Runtime, Architectures: [arm64] }
Resources:
  Fn::ForEach::Topics: [Name, [a], { "T${Name}": { Type: AWS::SNS::Topic } }]
  Plain: { Type: AWS::Serverless::Function }
  Other:
    Type: AWS::Serverless::Function
    Properties: { CodeUri: other, Runtime: nodejs22.x, Architectures: [x86_64] }
  Same:
    Type: AWS::Serverless::Function
    Properties: { Architectures: [x86_64] }
  Again:
    Type: AWS::Serverless::Function
    Properties: { CodeUri: shared }
  There:
    Type: AWS::Serverless::Function
    Properties: { CodeUri: "s3://bucket/key" }
  Odd:
    Type: AWS::Serverless::Function
    Properties: { CodeUri: odd, Runtime: !If [A, b, c] }
"""


def packaged(text: str = FUNCTIONS, **values: str) -> tuple[list[Code], dict[str, Any]]:
    asked: list[Code] = []

    def upload(code: Code) -> dict[str, str]:
        asked.append(code)
        return {"Key": code.uri}

    found = with_code_at(parse_template(text, Path("t")), values, upload)
    return asked, found


def test_each_function_has_a_package_for_its_own_python_and_processor() -> None:
    asked, found = packaged(Runtime="python3.13")
    resources = found["Resources"]

    assert asked == [
        Code("shared", "python3.13", "arm64"), Code("other", "nodejs22.x", "x86_64"),
        Code("shared", "python3.13", "x86_64"), Code("odd", "", "arm64"),
    ]  # fmt: skip
    assert "CodeUri" not in found["Globals"]["Function"]
    assert resources["Plain"]["Properties"]["CodeUri"] == {"Key": "shared"}
    assert resources["There"]["Properties"]["CodeUri"] == "s3://bucket/key"
    assert runtimes(parse_template(FUNCTIONS, Path("t")), {}) == {"python3.12", "nodejs22.x", ""}


def test_a_function_that_names_no_processor_has_lambdas_own() -> None:
    asked, _ = packaged("Resources: { F: { Type: AWS::Serverless::Function, Properties: { CodeUri: a } } }")
    assert asked == [Code("a", "", "x86_64")]


@pytest.fixture
def how() -> list[int]:
    """They are packed."""
    return [zipfile.ZIP_STORED]


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, how: list[int]) -> list[Target]:
    """The targets for which packages were made."""
    found: list[Target] = []

    def build(_root: Path, folder: Path, target: Target) -> Path:
        found.append(target)
        with zipfile.ZipFile(tmp_path / "made.zip", "w", how[0]) as made:
            for name in folder.iterdir():
                made.writestr(name.name, target.name * 100)
            if target.compiled_by:
                made.writestr("__pycache__/b.cpython-312.pyc", f"by {target.compiled_by}")
        return tmp_path / "made.zip"

    monkeypatch.setattr(packing, "build_package", build)
    return found


@pytest.fixture(autouse=True)
def pythons(monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    """Those of this machine; none of another version than this one at first."""
    found: dict[str, Path] = {}
    monkeypatch.setattr(packing, "find_python", lambda _root, minor: found.get(minor))
    monkeypatch.setattr(packing, "PYTHON_MINOR", "3.11")
    return found


def pack(tmp_path: Path, properties: str, *names: str, bucket: Container[str] = ()) -> Packer:
    (tmp_path / "code").mkdir(exist_ok=True)
    for name in names or ("requirements.txt", "a.py"):
        (tmp_path / "code" / name).touch()
    template = f"Resources: {{ F: {{ Type: AWS::Serverless::Function, Properties: {{ {properties} }} }} }}"
    packer = Packer(tmp_path, tmp_path / "template.yaml", "packages", bucket.__contains__, is_local=False)
    packed = packer.packed(parse_template(template, tmp_path), {})
    assert {packed["Resources"]["F"]["Properties"]["CodeUri"]["Key"]} >= set(packer.uploads)
    return packer


def test_packages_are_named_after_what_is_in_them_however_it_is_packed(
    tmp_path: Path, built: list[Target], how: list[int]
) -> None:
    words = "CodeUri: code, Runtime: python3.12, Architectures: [arm64]"
    stored = pack(tmp_path, words)
    how[:] = [zipfile.ZIP_DEFLATED]
    deflated, other = pack(tmp_path, words), pack(tmp_path, words.replace("arm64", "x86_64"))

    assert [target.name for target in built] == ["python3.12-arm64", "python3.12-arm64", "python3.12-x86_64"]
    assert list(stored.uploads) == list(deflated.uploads)
    assert list(stored.uploads.values()) != list(deflated.uploads.values())
    assert list(stored.uploads) != list(other.uploads)


@pytest.mark.parametrize(
    ("properties", "said"),
    [
        ("CodeUri: nowhere", "CodeUri nowhere is no folder: it is looked for beside the template"),
        ("CodeUri: code", r"has a requirements\.txt, and Runtime that is not plain: it must be a Python"),
        ("CodeUri: code, Runtime: nodejs22.x", r"has a requirements\.txt, and Runtime nodejs22\.x"),
        ("CodeUri: code, Runtime: python3.12, Architectures: [ppc]", "of code must be arm64 or x86_64"),
    ],
)
def test_what_cannot_be_packed_is_told(tmp_path: Path, built: list[Target], properties: str, said: str) -> None:
    with pytest.raises(TemplateInvalid, match=said):
        pack(tmp_path, properties)
    assert built == []


FOR_312 = "CodeUri: code, Runtime: python3.12, Architectures: [arm64]"


def test_the_same_modules_compiled_by_another_python_of_the_version_are_the_same_package(
    tmp_path: Path, built: list[Target], pythons: dict[str, Path]
) -> None:
    pythons["3.12"] = Path("/one/python")
    mine = pack(tmp_path, FOR_312)
    pythons["3.12"] = Path("/other/python")
    theirs = pack(tmp_path, FOR_312)

    assert [target.compiled_by for target in built] == [Path("/one/python"), Path("/other/python")]
    assert list(mine.uploads) == list(theirs.uploads)
    assert list(mine.uploads.values()) != list(theirs.uploads.values())
    assert all(name.endswith("-python3.12-arm64.zip") for name in mine.uploads)


@pytest.mark.usefixtures("built")
def test_sources_alone_are_replaced_once_by_who_can_compile_them_and_never_come_back(
    tmp_path: Path, pythons: dict[str, Path]
) -> None:
    bucket: dict[str, bytes] = {}

    def deploy(*, has_python: bool) -> tuple[int, list[str]]:
        """How many packages were uploaded, and what was said."""
        pythons.clear()
        pythons.update({"3.12": Path("/python")} if has_python else {})
        packer = pack(tmp_path, FOR_312, bucket=bucket)
        new = packer.uploads.keys() - bucket.keys()
        bucket.update(packer.uploads)
        return len(new), sorted(packer.uncompiled)

    assert deploy(has_python=False) == (1, ["3.12"])
    assert deploy(has_python=True) == (1, [])
    assert deploy(has_python=False) == (0, [])
    assert deploy(has_python=True) == (0, [])


@pytest.mark.parametrize(
    ("properties", "name"),
    [
        ("CodeUri: code, Runtime: nodejs22.x, Architectures: [arm64]", "index.js"),
        ("CodeUri: code, Runtime: nodejs22.x, Architectures: [arm64]", "helper.py"),
        (FOR_312, "data.json"),
        ("CodeUri: code, Runtime: !If [A, b, c], Architectures: [arm64]", "a.py"),
    ],
)
@pytest.mark.parametrize("has_python", [True, False])
@pytest.mark.usefixtures("built")
def test_what_has_nothing_to_compile_has_one_name_and_no_note(
    tmp_path: Path, pythons: dict[str, Path], properties: str, name: str, *, has_python: bool
) -> None:
    pythons.update({"3.12": Path("/python")} if has_python else {})
    packer = pack(tmp_path, properties, name)
    assert [len(each) for each in packer.uploads] == [len(f"{32 * 'x'}.zip")]
    assert packer.notes({}, {}) == []


@pytest.mark.parametrize(
    ("declared", "chosen", "here", "advice"),
    [
        ({}, {"Runtime": "python3.12"}, True, ", or say --parameter Runtime=python3.11"),
        ({"AllowedValues": ["python3.11"]}, {"Runtime": "python3.12"}, True, ", or say --parameter Runtime=python3.11"),
        ({"AllowedValues": ["python3.12"]}, {"Runtime": "python3.12"}, True, ""),
        ({}, {"Runtime": "python3.13"}, True, ""),
        ({}, {"Runtime": "python3.12"}, False, ""),
        ({}, {}, True, ""),
    ],
)
@pytest.mark.usefixtures("built")
def test_who_has_no_such_python_is_told_with_what_would_help(
    tmp_path: Path, pythons: dict[str, Path], declared: dict[str, Any], chosen: dict[str, str], advice: str, *,
    here: bool,
) -> None:  # fmt: skip
    pythons.update({"3.11": Path("/python")} if here else {})
    packer = pack(tmp_path, FOR_312)
    (said,) = packer.notes({"Parameters": {"Runtime": declared}}, chosen)
    assert said.startswith("no Python 3.12 was found here: modules are not compiled")
    assert said.endswith(f"of CPU: install it{advice}")
