"""A Worker that does as its payload says, attempt by attempt: `{"plan": ["die", "raise", "return"]}`."""

import os
import time
from typing import Any

from sosw import Worker, get_lambda_handler


class Obedient(Worker):
    def __call__(self, event: dict[str, Any]) -> dict[str, Any]:
        assert self.task is not None
        plan = event.get("plan", ["return"])
        step = plan[min(self.task.attempt, len(plan)) - 1]
        if step == "die":
            os._exit(1)
        if step == "raise":
            raise ValueError(f"attempt {self.task.attempt} was told to raise")
        for status in event.get("refusals", []):
            self.signal("api:busy", error=status)
        time.sleep(event.get("seconds", 0))
        self.stats["obeyed"] += 1
        if "swell" in event:
            return {"digits": "0123" * event["swell"], "data": event.get("data")}
        return {"payload": {key: value for key, value in event.items() if key == "data"}, "attempt": self.task.attempt}


lambda_handler = get_lambda_handler(Obedient)
