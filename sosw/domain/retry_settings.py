"""Reads a labourer's `retry`."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sosw.domain.reader import Reader, is_number
from sosw.domain.retry import Growth, RetryPolicy

MAX_ATTEMPTS = 100
MAX_DELAY = 604_800
"""Seconds: a week."""
POLICY_KEYS = ("growth", "base", "cap", "delays", "spread", "max_age")
RETRY_KEYS = (*POLICY_KEYS, "errors")
NEVER = "never"


def read_retry(values: Reader) -> RetryPolicy:
    """Of the labourer that `values` reads: its `max_attempts` and its `retry`."""
    inner = values.inner("retry", RETRY_KEYS)
    tries = values.whole("max_attempts", 3, 1, MAX_ATTEMPTS)
    errors = inner.inner("errors", inner.mapping("errors"))
    others = {error: _of_error(errors, error, tries) for error in inner.mapping("errors")}
    return _policy(inner, tries, others)


def _of_error(errors: Reader, error: str, tries: int) -> RetryPolicy | None:
    given = errors.get(error, None)
    if given == NEVER:
        return None
    if not isinstance(given, dict):
        errors.wrong(error, given, f'must be "{NEVER}", or an object such as {{"growth": "fixed", "base": 5}}')
        return None
    inner = errors.inner(error, (*POLICY_KEYS, "max_attempts"))
    return _policy(inner, inner.whole("max_attempts", tries, 1, MAX_ATTEMPTS), {})


def _policy(inner: Reader, tries: int, errors: dict[str, RetryPolicy | None]) -> RetryPolicy:
    delays = _delays(inner)
    growth = inner.choice("growth", Growth.DELAYS if delays else Growth.EXPONENTIAL)
    if (growth is Growth.DELAYS) != bool(delays):
        inner.wrong("growth", growth.value, 'goes with a list of delays, and only "delays" does')
    spread = inner.checked(
        "spread", 1.0 if growth is Growth.EXPONENTIAL else 0.0, "must be a number from 0 to 1",
        fits=lambda v: is_number(v) and 0 <= v <= 1,
    )  # fmt: skip
    return RetryPolicy(
        max_attempts=tries,
        growth=growth,
        base=inner.seconds("base", 60, 0, 86_400),
        cap=inner.seconds("cap", MAX_DELAY if delays else 3_600, 0, MAX_DELAY),
        delays=delays,
        spread=float(spread),
        max_age=inner.seconds("max_age", 0, 1, 31_536_000) if inner.has("max_age") else None,
        errors=errors,
    )


def _delays(inner: Reader) -> tuple[timedelta, ...]:
    def fits(value: Any) -> bool:
        return isinstance(value, list) and bool(value) and all(is_number(v) and 0 <= v <= MAX_DELAY for v in value)

    if not inner.has("delays"):
        return ()
    given = inner.checked("delays", [0], f"must be a list of seconds from 0 to {MAX_DELAY:,}", fits=fits)
    return tuple(timedelta(seconds=seconds) for seconds in given)
