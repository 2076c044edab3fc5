"""What a template says of its functions decides what their packages are made for."""

from __future__ import annotations

import zipfile
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

    def build(_root: Path, _folder: Path, target: Target) -> Path:
        found.append(target)
        with zipfile.ZipFile(tmp_path / "made.zip", "w", how[0]) as made:
            made.writestr("b.py", target.name * 100)
            made.writestr("a.py", "1")
        return tmp_path / "made.zip"

    monkeypatch.setattr(packing, "build_package", build)
    return found


def pack(tmp_path: Path, properties: str) -> Packer:
    (tmp_path / "code").mkdir(exist_ok=True)
    (tmp_path / "code" / "requirements.txt").touch()
    template = f"Resources: {{ F: {{ Type: AWS::Serverless::Function, Properties: {{ {properties} }} }} }}"
    packer = Packer(tmp_path, tmp_path / "template.yaml", "packages", is_local=False)
    packer.packed(parse_template(template, tmp_path), {})
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
