"""What a process and its calls cost. The standard library alone: both sides use it."""

from __future__ import annotations

import json
import resource
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

BYTES_OF_A_MB = 1024 * 1024
DYNAMODB = "dynamodb"


def peak_mb() -> float:
    """The most memory that this process had so far, in MB.

    Linux hands the peak of the process that started this one down in `ru_maxrss`: its own is in `VmHWM` alone.
    """
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) / 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (BYTES_OF_A_MB if sys.platform == "darwin" else 1024)


@contextmanager
def timed() -> Iterator[dict[str, float]]:
    """Seconds of CPU (all threads) and of the clock on the wall that the block took, in what it yields."""
    taken: dict[str, float] = {}
    cpu, wall = time.process_time(), time.perf_counter()
    yield taken
    taken.update(cpu=time.process_time() - cpu, wall=time.perf_counter() - wall)


class Bill:
    """Counts AWS calls by operation, and the units that the server tells; for botocore's `after-call` event."""

    def __init__(self) -> None:
        self._adding = threading.Lock()
        self.calls: Counter[str] = Counter()
        self.units: defaultdict[str, float] = defaultdict(float)
        self.bytes = 0
        """Of the bodies of DynamoDB's calls and of their answers, ever; those of calls are there with `sent` alone."""

    def __call__(self, parsed: dict[str, Any], model: Any, http_response: Any = None, **_: Any) -> None:
        service = model.service_model.service_name
        name = model.name if service == DYNAMODB else f"{service}:{model.name}"
        self.add(name, units_told(parsed))
        if service == DYNAMODB and http_response is not None:
            self._moved(http_response.content)

    def sent(self, params: dict[str, Any], model: Any, **_: Any) -> None:
        """At `before-call`."""
        if model.service_model.service_name == DYNAMODB:
            self._moved(params["body"])

    def _moved(self, body: bytes | str) -> None:
        with self._adding:
            self.bytes += len(body)

    def add(self, name: str, units: float = 0.0) -> None:
        """One call, also of a client that has no events."""
        with self._adding:
            self.calls[name] += 1
            self.units[name] += units

    def take(self) -> tuple[dict[str, int], dict[str, float]]:
        """Calls and units since the last time."""
        taken = dict(self.calls), {name: units for name, units in self.units.items() if units}
        self.calls.clear()
        self.units.clear()
        return taken


def units_told(parsed: dict[str, Any]) -> float:
    """Capacity units in an answer of DynamoDB's, 0 where it tells none."""
    told = parsed.get("ConsumedCapacity") or []
    return float(sum(entry["CapacityUnits"] for entry in (told if isinstance(told, list) else [told])))


READS = ("GetItem", "BatchGetItem", "Query", "Scan")


def split(units: dict[str, float]) -> tuple[float, float]:
    """Read units and write units."""
    read = sum(count for name, count in units.items() if name in READS)
    return read, sum(units.values()) - read


def answer(figures: Any) -> None:
    """Tell who started this process; what stands above it on standard output is log."""
    sys.stdout.write(f"\n{json.dumps(figures)}\n")
    sys.stdout.flush()
