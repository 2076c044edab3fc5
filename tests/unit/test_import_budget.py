"""What a Worker's Lambda pays for before it runs, and the Essentials and the command line besides."""

from __future__ import annotations

import subprocess
import sys

import pytest

BUDGET = 80
"""Modules over a bare interpreter (DESIGN §7)."""
ESSENTIAL, COMMAND, CLIENT = 600, 350, 215
"""Of an Essential's handler, made but not called; of `sosw --help`, of which most is typer and rich; of a client."""
HELP = """
import sys
from sosw.cli.main import main
sys.argv, sys.stdout = ["sosw", "--help"], open("/dev/null", "w")
try:
    main()
except SystemExit:
    sys.stdout = sys.__stdout__
"""
HEAVY = ("boto3", "botocore", "pydantic", "pynamodb", "aws_lambda_powertools", "typer", "rich", "yaml", "psutil")


def modules(code: str) -> set[str]:
    """Names of all modules loaded in a fresh interpreter after `code`, without what an installed site adds."""
    program = f"{code}\nimport sys\nprint('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_a_worker_is_imported_within_its_budget_and_without_any_aws_library() -> None:
    loaded = modules("from sosw import Worker, get_lambda_handler") - modules("")
    assert len(loaded) <= BUDGET, sorted(loaded)
    assert [name for name in loaded if name.split(".")[0] in HEAVY] == []


def test_importing_sosw_loads_no_module_of_its_own() -> None:
    assert {name for name in modules("import sosw") if name.startswith("sosw")} == {"sosw"}


def test_a_handler_is_made_without_any_aws_library() -> None:
    code = "from sosw import Worker, get_lambda_handler\nhandler = get_lambda_handler(Worker)\nhandler({}, None)"
    assert [name for name in modules(code) if name.split(".")[0] in HEAVY] == []


@pytest.mark.parametrize("role", ["scheduler", "orchestrator", "worker_assistant", "scavenger"])
def test_an_essential_is_made_within_its_budget(role: str) -> None:
    made = modules(f"from sosw.essential import {role}_handler as make\nmake()") - modules("")
    assert len(made) <= ESSENTIAL, sorted(made)


def test_the_command_line_helps_within_its_budget() -> None:
    loaded = modules(HELP) - modules("")
    assert len(loaded) <= COMMAND, sorted(loaded)


def test_a_client_is_made_within_its_budget() -> None:
    loaded = modules("from sosw import Client\nClient()") - modules("")
    assert len(loaded) <= CLIENT, sorted(loaded)
