"""A Worker that leaves a line in a file for each attempt's begin and end, is killed at random moments, and raises."""

import json
import os
import random
import signal
import threading
import time
from typing import Any

from sosw import Worker, get_lambda_handler

SHARE_KILLED, KILLED_WITHIN = 0.04, 0.12
"""Of first and second attempts, and the seconds from the begin: during the work, during its report, or after it."""
SHARE_RAISING = 0.05
"""Of first attempts."""
FIRST, LATER = (0, 0.08), (0.4, 1.2)
"""Seconds that a first attempt lasts, and a later one: long enough to meet a report of an earlier one at work."""


class Chaotic(Worker):
    def __call__(self, event: dict[str, Any]) -> dict[str, Any]:
        assert self.task is not None
        chance = random.Random(f"{os.environ['CHAOS_SEED']}/{self.task.id}/{self.task.attempt}")
        self._witness("begin")
        if self.task.attempt <= 2 and chance.random() < SHARE_KILLED:
            threading.Timer(chance.uniform(0, KILLED_WITHIN), _die).start()
        time.sleep(chance.uniform(*(FIRST if self.task.attempt == 1 else LATER)))
        if event["shops"] == ["poison"] or (self.task.attempt == 1 and chance.random() < SHARE_RAISING):
            self._witness("raise")
            raise ValueError("not this time")
        self._witness("return")
        return {"attempt": self.task.attempt}

    def _witness(self, what: str) -> None:
        assert self.task is not None
        _write(
            what,
            task=self.task.id,
            attempt=self.task.attempt,
            lease_until=self.task.lease_until.timestamp(),
        )


def _die() -> None:
    _write("killed")
    os.kill(os.getpid(), signal.SIGKILL)


def _write(what: str, **facts: Any) -> None:
    """One write of one line at the end of the file: whole, whoever else writes, and there when the process is not."""
    line = json.dumps({"what": what, "pid": os.getpid(), "at": time.time(), **facts}) + "\n"
    handle = os.open(os.environ["CHAOS_WITNESS"], os.O_WRONLY | os.O_APPEND)
    try:
        os.write(handle, line.encode())
    finally:
        os.close(handle)


lambda_handler = get_lambda_handler(Chaotic)
