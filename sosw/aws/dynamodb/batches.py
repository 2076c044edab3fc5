"""Many calls at once, and patience with a busy table."""

from __future__ import annotations

import random
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

from sosw.domain.retry import RetryPolicy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

T = TypeVar("T")
R = TypeVar("R")

WIDTH = 16
"""Calls of one store at a time; two stores fit into the 32 connections of a `Database`."""
PATIENCE = RetryPolicy(max_attempts=8, base=timedelta(milliseconds=100), cap=timedelta(seconds=5))
"""At most 12.7 s of waiting in all; on average half of it."""


class Backoff:
    """How long to wait before trying again; `sleep` takes seconds, `jitter` gives a number in [0, 1]."""

    def __init__(
        self,
        *,
        policy: RetryPolicy = PATIENCE,
        sleep: Callable[[float], None] = time.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._policy, self._sleep, self._jitter = policy, sleep, jitter

    @property
    def is_patient(self) -> bool:
        """Whether anything is tried more than once."""
        return self._policy.max_attempts > 1

    def rounds(self) -> Iterator[int]:
        """The numbers of the tries, from 1 on; waits before each but the first, ends after the last."""
        for number in range(1, self._policy.max_attempts + 1):
            if number > 1:
                self._sleep((self._policy.ceiling(number - 1) * self._jitter()).total_seconds())
            yield number


def chunks(items: Sequence[T], size: int) -> list[Sequence[T]]:
    """`items` in order, in pieces of at most `size`."""
    return [items[start : start + size] for start in range(0, len(items), size)]


def each(call: Callable[[T], R], items: Sequence[T]) -> list[R]:
    """`call` of every item, up to 16 at once: the answers in order. The first error is raised after all have ended."""
    if len(items) <= 1:
        return [call(item) for item in items]
    with ThreadPoolExecutor(min(WIDTH, len(items)), thread_name_prefix="dynamodb") as pool:
        futures = [pool.submit(call, item) for item in items]
    return [future.result() for future in futures]
