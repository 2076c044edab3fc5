"""Runs what measures: each program in a process of its own, ours in our environment and the peer's in its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sosw.local.clients import ACCOUNT, SECRET

ROOT = Path(__file__).parents[1]
PEER_PYTHON = ROOT / ".sosw" / "peer" / "bin" / "python"
NO_PEER = "sosw 0.7.51 is not here to compare with: run make bench, which installs it for itself"
_PATIENCE = 3600.0
"""Seconds for one program."""
_NOWHERE = {
    "AWS_ACCESS_KEY_ID": ACCOUNT,
    "AWS_SECRET_ACCESS_KEY": SECRET,
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "NO_PROXY": "127.0.0.1",
}
"""No way to a real account."""


class ProgramFailed(Exception):
    """A measuring program could not tell its figures."""


def here(program: str, *arguments: object, is_heard: bool = False, **environment: str) -> dict[str, Any]:
    """The figures of `bench.here.<program>`; `is_heard`: what it says on standard error goes to the person."""
    command = [sys.executable, "-m", f"bench.here.{program}", *map(str, arguments)]
    return _run(command, environment, is_heard=is_heard)


def peer(program: str, *arguments: object, **environment: str) -> dict[str, Any]:
    """The figures of `bench/peer/<program>.py`, whose `sosw` is the peer."""
    if not PEER_PYTHON.exists():
        raise ProgramFailed(NO_PEER)
    file = ROOT / "bench" / "peer" / f"{program}.py"
    return _run([str(PEER_PYTHON), "-I", str(file), *map(str, arguments)], environment)


def nowhere(**environment: str) -> dict[str, str]:
    """The environment of a program, with the endpoints that are named and no way to a real account."""
    endpoints = {name: value for name, value in os.environ.items() if name.startswith("AWS_ENDPOINT_URL_")}
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return {**kept, **_NOWHERE, **endpoints, **environment}


def _run(command: list[str], environment: Mapping[str, str], *, is_heard: bool = False) -> dict[str, Any]:
    ran = subprocess.run(
        command,
        cwd=ROOT,
        env=nowhere(**environment),
        stdout=subprocess.PIPE,
        stderr=None if is_heard else subprocess.PIPE,
        text=True,
        timeout=_PATIENCE,
        check=False,
    )
    if ran.returncode:
        raise ProgramFailed(f"{' '.join(command[1:])} ended with {ran.returncode}:\n{(ran.stderr or '')[-2000:]}")
    figures: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    return figures
