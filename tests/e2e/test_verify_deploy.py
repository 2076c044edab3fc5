"""The run of `make verify-deploy`."""

from __future__ import annotations

from tests.e2e.verify_deploy import verify


def test_the_production_stack_lives_and_goes_as_it_must() -> None:
    told: list[str] = []
    checks = verify(told.append)

    assert (checks.failed, told[-1]) == ([], f"deploy: {checks.made} checks, 0 failed"), "\n".join(told)
