"""The same without sosw in Python."""

import os
import signal
import time
from typing import Any


class NonRetryable(Exception):
    """Its name is what counts."""


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    del context
    plan, attempt = event.get("plan", ["return"]), event.get("sosw", {}).get("attempt", 1)
    step = plan[min(attempt, len(plan)) - 1]
    if step == "throw":
        raise TypeError(f"attempt {attempt} was told to throw")
    if step == "give up":
        raise NonRetryable("no retry can mend it")
    if step == "exit":
        os._exit(1)
    if step == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if step == "hang":
        time.sleep(60)
    return {"step": step, "data": event.get("data"), "attempt": attempt}
