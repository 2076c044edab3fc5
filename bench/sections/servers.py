"""Programs that measure on a DynamoDB Local of their own."""

from __future__ import annotations

from typing import Any

from bench import programs
from sosw.local.dynamodb_local import dynamodb_local


def here(program: str, *arguments: object) -> dict[str, Any]:
    """See `programs.here`."""
    with dynamodb_local(programs.ROOT) as endpoint:
        return programs.here(program, *arguments, AWS_ENDPOINT_URL_DYNAMODB=endpoint)


def peer(program: str, *arguments: object) -> dict[str, Any]:
    """See `programs.peer`."""
    with dynamodb_local(programs.ROOT) as endpoint:
        return programs.peer(program, *arguments, AWS_ENDPOINT_URL_DYNAMODB=endpoint)
