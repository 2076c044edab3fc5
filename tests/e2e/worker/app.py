"""A Worker that does as its payload says, attempt by attempt: `{"plan": ["die", "raise", "return"]}`."""

import os
import time
from collections.abc import Callable
from typing import Any

from sosw import NonRetryable, RetryAfter, Snooze, Worker, get_lambda_handler

RAISED: dict[str, Callable[[], Exception]] = {
    "part": lambda: ValueError("it was told to raise after a part"),
    "later": lambda: RetryAfter(2, "the API wants a pause"),
    "snooze": lambda: Snooze(1, "the export is not ready"),
    "never": lambda: NonRetryable("the shop is closed for ever"),
}


class Obedient(Worker):
    def __call__(self, event: dict[str, Any]) -> dict[str, Any]:
        assert self.task is not None
        plan = event.get("plan", ["return"])
        step = plan[min(self.task.attempt, len(plan)) - 1]
        if step == "die":
            os._exit(1)
        if step == "block":
            time.sleep(60)  # longer than Lambda lets it
        if step == "part":
            self.partial({"rows": 12}, progress=0.4, note="12 of 30 rows")
        if step == "raise":
            raise ValueError(f"attempt {self.task.attempt} was told to raise")
        if step in RAISED:
            error = RAISED[step]()
            raise error
        for status in event.get("refusals", []):
            self.signal("api:busy", error=status)
        time.sleep(event.get("seconds", 0))
        self.stats["obeyed"] += 1
        if "swell" in event:
            return {"digits": "0123" * event["swell"], "data": event.get("data")}
        told = {"payload": {key: value for key, value in event.items() if key == "data"}, "attempt": self.task.attempt}
        return told if self.task.partial is None else {**told, "partial": self.task.partial}


lambda_handler = get_lambda_handler(Obedient)
