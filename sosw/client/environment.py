"""Whether there is an environment of that prefix at all: most often it is not lost, but misspelt."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from sosw.client.errors import NoSuchEnvironment
from sosw.client.service import Service
from sosw.domain.surroundings import CouldNotLook

ENOUGH = 3
"""Tables that are named as sosw's: with so many of one prefix it is an environment."""


def require(service: Service) -> None:
    """Raises `NoSuchEnvironment` where no function and no table of it is there; not where that cannot be seen.

    Ten calls, and one for each hundred tables of the account, where nothing is there; fewer where something is.
    """
    inspector, expected = service.inspector, service.tables()
    try:
        if any(map(inspector.function, service.names.functions)) or any(map(inspector.table, expected)):
            return
        account, region = inspector.here()
    except CouldNotLook:
        return
    raise NoSuchEnvironment(service.names.prefix, account, region, _others(service, expected))


def _others(service: Service, expected: Iterable[str]) -> list[str]:
    """The prefixes of environments that are there; none where the tables may not be listed."""
    ends = tuple(name.removeprefix(service.names.prefix) for name in expected)
    try:
        tables = service.inspector.table_names()
    except CouldNotLook:
        return []
    found = Counter(name.removesuffix(end) for name in tables for end in ends if name.endswith(end))
    return sorted(prefix for prefix, count in found.items() if count >= ENOUGH)
