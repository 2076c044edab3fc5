"""The audit passes only what a service that knows its business has been asked about."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from release.auditing import ACCEPTED, CANARY, Auditor, audit, locked
from release.errors import Refused

FAULT = {"id": "PYSEC-1", "aliases": ["CVE-1"], "fix_versions": ["1.1"]}
KNOWN = {"==".join(CANARY): [{"id": "CVE-0"}]}
PROGRAM = """\
#!{python}
import json, pathlib, sys
arguments = dict(zip(sys.argv[1:], sys.argv[2:]))
knows = json.loads({knows!r})[arguments["--vulnerability-service"]]
if knows is None:
    sys.exit("Traceback ...\\nConnectionError: no such host")
asked = [line.split("==") for line in pathlib.Path(arguments["--requirement"]).read_text().split()]
assert len({{name for name, _ in asked}}) == len(asked), "pip-audit takes a name once"
answers = [{{"name": n, "version": v, "vulns": knows.get(n + "==" + v, knows.get("*"))}} for n, v in asked]
print(json.dumps({{"dependencies": [
    each if each["vulns"] is not None else {{"name": each["name"], "skip_reason": "not found"}} for each in answers
]}}))
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two locks, of which one pins a package twice."""
    for folder in ("requirements", "essentials"):
        (tmp_path / folder).mkdir()
    (tmp_path / ACCEPTED).write_text("None.\n")
    (tmp_path / "requirements" / "dev.txt").write_text("a==1.0\nb==1 ; python_version < '3.11'\nb==2\n")
    (tmp_path / "essentials" / "constraints.txt").write_text("a==1.0\n")
    return tmp_path


def auditor(root: Path, **services: Mapping[str, Any] | None) -> Auditor:
    """Over a pip-audit that asks services of which each knows these faults; None: it cannot be reached."""
    program = root / "pip-audit"
    program.write_text(PROGRAM.format(python=sys.executable, knows=json.dumps({"pypi": {}, "osv": {}, **services})))
    program.chmod(0o755)
    return Auditor(program)


def test_every_version_of_every_lock_is_asked_about(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert audit(root, auditor(root, pypi={"*": [], **KNOWN})) == 0
    assert capsys.readouterr().out == "audit: 3 versions, 0 faults, 0 accepted; asked at pypi\n"


def test_a_fault_is_told_with_the_locks_that_it_is_in(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert audit(root, auditor(root, pypi={"*": [], "a==1.0": [FAULT], "b==1": [{"id": "CVE-2"}], **KNOWN})) == 1
    assert capsys.readouterr().out.splitlines() == [
        "a==1.0: CVE-1 PYSEC-1, mended in 1.1; in essentials/constraints.txt, requirements/dev.txt",
        "b==1: CVE-2, not mended in any version; in requirements/dev.txt",
        "audit: 3 versions, 2 faults, 0 accepted; asked at pypi",
    ]


def test_a_service_that_cannot_be_reached_or_knows_nothing_passes_nothing(root: Path) -> None:
    with pytest.raises(Refused, match=r"nothing was audited: .*pypi: no answer about urllib3.*osv: Conn.*no such host"):
        audit(root, auditor(root, osv=None))
    with pytest.raises(Refused, match=r"pypi knows no fault of urllib3==1\.24\.1"):
        audit(root, auditor(root, pypi={"*": []}))


def test_where_the_first_service_cannot_be_reached_the_second_is_asked(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert audit(root, auditor(root, pypi=None, osv={"*": [], **KNOWN})) == 0
    assert "asked at osv" in capsys.readouterr().out


def test_a_version_that_the_service_says_nothing_about_is_not_passed_over(root: Path) -> None:
    with pytest.raises(Refused, match="no answer about b==1"):
        audit(root, auditor(root, pypi={"a==1.0": [], "b==2": [], **KNOWN}))


def test_a_fault_that_is_accepted_by_any_of_its_names_fails_nothing_and_one_that_is_gone_is_told(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (root / ACCEPTED).write_text("Text.\n\n- CVE-1: its command is never run\n- CVE-9: of a version before\n")
    assert audit(root, auditor(root, pypi={"*": [], "a==1.0": [FAULT], **KNOWN})) == 0
    told = capsys.readouterr().out
    assert "3 versions, 0 faults, 1 accepted" in told
    assert "CVE-9 is accepted in requirements/accepted.md, but no longer known of anything here" in told


def test_a_fault_is_not_accepted_without_a_reason(root: Path) -> None:
    (root / ACCEPTED).write_text("- CVE-1:\n")
    with pytest.raises(Refused, match="'- CVE-1:' must give a reason"):
        audit(root, auditor(root))


def test_every_lock_of_the_project_is_audited() -> None:
    root = Path(__file__).parents[3]
    locks = {lock for each in locked(root).values() for lock in each}
    assert locks == {f"requirements/{name}.txt" for name in ("audit", "build", "checkov", "dev", "extras", "sam")} | {
        "essentials/constraints.txt"
    }
