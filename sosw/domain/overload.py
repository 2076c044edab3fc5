"""Which errors say "too much", by the names of their classes."""

from __future__ import annotations

import re

_ENDINGS = ("exception", "error")
_NAMES = """
429 503 504 TooManyRequests ServiceUnavailable GatewayTimeout SlowDown
Throttling Throttled ThrottledTask RequestThrottled RequestThrottling EC2Throttled PriorRequestNotComplete
RequestLimitExceeded BandwidthLimitExceeded LimitExceeded ProvisionedThroughputExceeded ConcurrentInvocationLimitExceeded
TooManyConnections 53300 1040 1203 ER_CON_COUNT ER_TOO_MANY_USER_CONNECTIONS QueuePoolTimeout PoolTimeout
57014 QueryCanceled StatementTimeout LockWaitTimeout LockNotAvailable ER_LOCK_WAIT_TIMEOUT 1205
Timeout ReadTimeout ConnectTimeout ConnectionTimeout ConnectTimeoutError ReadTimeoutError OperationTimedOut Overload
Overloaded ResourceExhausted Backpressure RateLimit RateLimited RateLimitExceeded QuotaExceeded
"""
"""HTTP statuses; AWS (the codes that botocore retries as throttling); PostgreSQL and MySQL by name and number; clients."""


def is_overload(name: str) -> bool:
    """Whether errors of a class mean that the resource gets more than it bears.

    `name` is as Workers signal it: `429`, `ThrottlingException`, `psycopg2.errors.TooManyConnections`. Module,
    capitals, `_` and the endings `Exception` and `Error` do not matter.
    """
    return _plain(name) in OVERLOAD


def _plain(name: str) -> str:
    plain = re.sub(r"[^a-z0-9]", "", name.rpartition(".")[2].lower())
    for ending in _ENDINGS:
        plain = plain.removesuffix(ending)
    return plain


OVERLOAD = frozenset(map(_plain, _NAMES.split()))
