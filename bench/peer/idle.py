"""A minute of sosw 0.7.51 with nothing to do: `python -I bench/peer/idle.py 10 60`, by the number of labourers."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

importlib.import_module("sosw.app")  # before our folder is on the path: it has a sosw too
sys.path.append(str(Path(__file__).parents[2]))
deployed: Any = importlib.import_module("bench.peer.deployed")
meter: Any = importlib.import_module("bench.meter")
stand_in: Any = importlib.import_module("bench.stand_in")


def main() -> None:
    with stand_in.StandIn():
        deployed.deploy()
        bill = deployed.metered()
        meter.answer({"minutes": [minute(bill, int(count)) for count in sys.argv[1:]]})


def minute(bill: Any, labourers: int) -> dict[str, Any]:
    """The calls of the Orchestrator and of the Scavenger, each called once while warm."""
    configuration = deployed.configured({f"idle-{number}": 10 for number in range(labourers)})
    total: dict[str, int] = {}
    for role in ("orchestrator", "scavenger"):
        essential = deployed.Essential(role, configuration)
        essential({})
        bill.take()
        essential({})
        for name, count in bill.take()[0].items():
            total[name] = total.get(name, 0) + count
    return {"labourers": labourers, "calls": total}


if __name__ == "__main__":
    main()
