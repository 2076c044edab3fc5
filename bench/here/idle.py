"""A minute with nothing to do: `python -m bench.here.idle 10 60`, by the number of labourers."""

from __future__ import annotations

import sys
from typing import Any

from bench.here.essentials import PREFIX, Essentials, configure
from bench.here.scheduler import deploy
from bench.meter import answer, split


def main() -> None:
    client = deploy(PREFIX)
    essentials = Essentials()
    minutes = []
    for count in map(int, sys.argv[1:]):
        configure(client, {f"idle-{number}": 10 for number in range(count)})
        essentials.forget()
        minutes.append(minute(essentials, count))
    answer({"minutes": minutes})


def minute(essentials: Essentials, labourers: int) -> dict[str, Any]:
    """What the minute rules of the Orchestrator and of the Scavenger call, when all has been read once before."""
    for _ in range(2):
        essentials.bill.take()
        essentials("orchestrator", {})
        essentials("scavenger", {})
    calls, units = essentials.bill.take()
    return {"labourers": labourers, "calls": calls, "read_units": split(units)[0]}


if __name__ == "__main__":
    main()
