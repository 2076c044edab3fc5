"""The tiers of tests, and what a tier may ask of the machine it runs on.

A tier is a folder of `tests/`; `conftest.py` marks each test with its folder's name, so that `pytest -m contract` and
`pytest tests/contract` are the same. What a tier needs and cannot have is a skip for a newcomer, with the one sentence
that says how to switch it on, and a failure in CI: there nothing is left out unseen.
"""

import os
from pathlib import Path
from typing import Final

import pytest

TIERS: Final = ("unit", "property", "contract", "peer", "integration", "e2e")

_TESTS: Final = Path(__file__).parent


def in_ci() -> bool:
    """Whether every tier must run: the environment variable CI is set, and not to `false` or `0`."""
    return os.environ.get("CI", "").lower() not in {"", "0", "false"}


def switched_on(variable: str) -> bool:
    """Whether the environment variable switches an optional tier on: `1`, `true`, `yes` or `on`."""
    return os.environ.get(variable, "").lower() in {"1", "true", "yes", "on"}


def require(condition: object, reason: str) -> None:
    """Skip the test unless `condition` holds; in CI fail it instead.

    `reason` is one sentence: what is missing, and how to switch it on.
    """
    if condition:
        return
    if in_ci():
        pytest.fail(f"CI runs every tier, but: {reason}", pytrace=False)
    pytest.skip(reason)


def require_dynamodb_local() -> None:
    """Let the test go on only where official DynamoDB Local is switched on: its licence asks for an AWS account."""
    require(
        switched_on("SOSW_DYNAMODB_LOCAL"),
        "DynamoDB Local is off: its licence asks for an AWS account; if you have one, set SOSW_DYNAMODB_LOCAL=1.",
    )


def tier_of(path: Path) -> str:
    """The tier that a test file belongs to, by its folder; `pytest.UsageError` for a file outside of every tier."""
    folder = path.relative_to(_TESTS).parts[0]
    if folder not in TIERS:
        message = f"{path} is in no tier: move it into one of tests/{{{','.join(TIERS)}}}."
        raise pytest.UsageError(message)
    return folder
