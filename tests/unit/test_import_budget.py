"""What a Worker's Lambda pays for before it runs."""

from __future__ import annotations

import subprocess
import sys

BUDGET = 80
"""Modules over a bare interpreter (DESIGN §7)."""
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
