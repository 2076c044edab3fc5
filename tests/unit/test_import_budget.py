"""What a Lambda pays for before it runs, in modules over a bare interpreter: exact, where times are the machine's."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

WORKER, CLIENT, HELP = 80, 195, 340
"""Of the Worker's base (DESIGN §7), of a client that asks nothing, of `sosw --help`."""
ESSENTIALS = {"scheduler": 460, "orchestrator": 475, "worker_assistant": 445, "scavenger": 447}
"""Of a handler that is made. 297 come with a session of botocore, 22 are PynamoDB's, 41 Powertools', the rest are ours.
Measured: ten fewer; every version of Python and botocore adds a few."""
ROLES = {f"sosw.{name}" for name in (*ESSENTIALS, "worker")}
HEAVY = ("boto3", "botocore", "pydantic", "pynamodb", "aws_lambda_powertools", "typer", "rich", "yaml", "psutil")
NEVER = ("boto3", "s3transfer", "pydantic", "requests", "aws_xray_sdk", "typer", "rich", "yaml")
"""In an Essential. Of boto3 it has botocore alone: the rest are helpers for files."""


def modules(code: str, **environment: str) -> set[str]:
    """Names of all modules loaded in a fresh interpreter after `code`, without what an installed site adds."""
    program = f"{code}\nimport sys\nprint('\\n'.join(sys.modules), file=sys.__stdout__)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env={**os.environ, **environment}
    )
    return set(done.stdout.split())


def added(code: str, **environment: str) -> set[str]:
    """Of those, what a bare interpreter does not have."""
    return modules(code, **environment) - modules("")


def of(packages: tuple[str, ...], loaded: set[str]) -> list[str]:
    """The modules of those packages."""
    return [name for name in loaded if name.split(".")[0] in packages]


def test_a_worker_is_imported_within_its_budget_and_without_any_aws_library() -> None:
    loaded = added("from sosw import Worker, get_lambda_handler")
    assert len(loaded) <= WORKER, sorted(loaded)
    assert of(HEAVY, loaded) == []


def test_importing_sosw_loads_no_module_of_its_own() -> None:
    assert {name for name in modules("import sosw") if name.startswith("sosw")} == {"sosw"}


def test_a_handler_is_made_without_any_aws_library() -> None:
    code = "from sosw import Worker, get_lambda_handler\nhandler = get_lambda_handler(Worker)\nhandler({}, None)"
    assert of(HEAVY, modules(code)) == []


@pytest.mark.parametrize(("name", "budget"), ESSENTIALS.items())
def test_an_essential_is_made_within_its_budget_and_without_what_it_never_uses(name: str, budget: int) -> None:
    loaded = added(f"from sosw.essential import {name}_handler\n{name}_handler()")
    assert len(loaded) <= budget, (len(loaded), sorted(loaded))
    assert of(NEVER, loaded) == []
    assert loaded & ROLES == {f"sosw.{name}"}
