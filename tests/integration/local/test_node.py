"""Node.js for functions of a nodejs runtime: the system's where it is new enough, else the one from PyPI."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from sosw.local.node import ensure_node, node_folder
from sosw.local.templates import runtimes
from tests.integration.local.support import ROOT
from tests.unit.docs import markdown as md

HOWTO = md.page("docs/howto/any-lambda-as-a-worker.md")


def put_node(folder: Path, version: str) -> Path:
    folder.mkdir()
    node = folder / "node"
    node.write_text(f"#!/bin/sh\necho v{version}\n")
    node.chmod(0o755)
    return node


def test_a_node_of_the_system_that_is_new_enough_is_taken(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    node = put_node(project / "bin", "18.20.4")
    monkeypatch.setenv("PATH", str(project / "bin"))

    assert ensure_node(project) == node_folder(project) / "node"
    assert ensure_node(project).resolve() == node.resolve()


def test_a_node_that_was_removed_is_looked_for_again(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = put_node(project / "first", "20.1.0"), put_node(project / "second", "22.1.0")
    monkeypatch.setenv("PATH", str(project / "first"))
    ensure_node(project)
    first.unlink()
    monkeypatch.setenv("PATH", str(project / "second"))

    assert ensure_node(project).resolve() == second.resolve()


@pytest.mark.parametrize("version", ["16.20.2", "is what I am"])
def test_on_a_machine_without_one_it_is_fetched(project: Path, monkeypatch: pytest.MonkeyPatch, version: str) -> None:
    put_node(project / "bin", version)
    monkeypatch.setenv("PATH", f"{project / 'bin'}{os.pathsep}{os.environ['PATH']}")

    node = ensure_node(project)

    assert node.resolve().is_relative_to((project / ".sosw" / "node" / "site").resolve())
    said = subprocess.run([node, "-p", "6 * 7"], capture_output=True, text=True, check=True).stdout
    assert said.strip() == "42"


def test_the_runtimes_of_a_template_are_known_whoever_names_them() -> None:
    template = {
        "Parameters": {"Runtime": {"Default": "python3.13"}, "Other": {"Default": "java21"}},
        "Globals": {"Function": {"Runtime": {"Ref": "Runtime"}}},
        "Resources": {
            "A": {"Type": "AWS::Serverless::Function", "Properties": {"Runtime": "nodejs22.x"}},
            "B": {"Type": "AWS::Lambda::Function", "Properties": {"Runtime": {"Ref": "Other"}}},
            "C": {"Type": "AWS::Serverless::Function"},
            "D": {"Type": "AWS::S3::Bucket", "Properties": {"Runtime": "none"}},
        },
    }

    assert runtimes(template, {}) == {"python3.13", "java21", "nodejs22.x"}
    assert runtimes(template, {"Runtime": "python3.10"}) == {"python3.10", "java21", "nodejs22.x"}


def test_the_javascript_of_the_howto_runs() -> None:
    handler, thrown = (block.text for block in md.blocks(HOWTO, "javascript"))
    call = 'exports.handler({ words: ["two", "words"] }).then((result) => console.log(JSON.stringify(result)));'
    caught = f"try {{ {thrown} }} catch (error) {{ console.log(error.name); }}"

    assert _node(f"{handler}\n{call}") == '{"letters":8}'
    assert _node(caught) == "NonRetryable"


def _node(program: str) -> str:
    done = subprocess.run([str(ensure_node(ROOT)), "-e", program], capture_output=True, text=True, check=True)
    return done.stdout.strip()
