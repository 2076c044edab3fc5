"""A plant to try a controller on: something shared, such as a database, whose load depends on the tasks that use it.

    load = what others make of it + for each running task what it adds, and noise; never over 100
    calls to it take longer as it gets busy (Sakasegawa, 1977: the wait in a queue before c servers), so tasks do, too
    over 100 it refuses some of them: the task fails, and its work is lost

All in seconds and per cent, seeded, without a clock: what is simulated depends on the arguments alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from heapq import heappop, heappush
from random import Random

from sosw.domain.signals import Signals

REFUSED = "TooManyConnections"
"""The class of the errors that it refuses with."""
FULL = 100.0
NOISE_SECONDS = 20.0
"""In which its noise forgets itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """Tasks of one labourer: more of them than can run, while there is work."""

    seconds: float
    """How long a task takes while nobody waits for the plant."""
    adds: float
    """Load of one running task, in per cent."""
    weight: float = 1.0
    spread: float = 0.3
    """Of the seconds: a standard deviation, as a part of them (log-normal)."""
    waits: Callable[[float], bool] = lambda _: True
    """Whether there is work at a second."""
    heavier: Callable[[float], float] = lambda _: 1.0
    """Times `adds`, for all that run at a second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plant:
    """What is shared."""

    others: Callable[[float], float]
    """Load by others at a second, in per cent; over 100 they ask for more than there is."""
    noise: float = 1.0
    """Of the load: a standard deviation, in per cent."""
    servers: int = 4
    """The more, the later and the steeper latency rises."""
    call: float = 0.05
    """Seconds of one call while nobody waits."""
    heartbeat: float = 30.0
    """Seconds after which a running task signals what it has seen; all do when they end."""

    def stretch(self, demand: float) -> float:
        """How many times longer a call takes when the plant is asked for `demand` per cent."""
        busy = min(demand / FULL, 0.98)
        wait = busy ** (math.sqrt(2 * (self.servers + 1)) - 1) / (self.servers * (1 - busy))
        return (1 + wait) * max(1.0, demand / FULL)

    def refuses(self, demand: float) -> float:
        """The part of the tasks that it refuses."""
        return min(0.9, max(0.0, demand / FULL - 1))


@dataclass(slots=True)
class PlantRun:
    """A plant at work, second by second."""

    plant: Plant
    work: dict[str, Work]
    seed: int = 0
    second: int = 0
    demand: float = 0.0
    done: int = 0
    refused: int = 0
    running: dict[str, int] = field(init=False)
    _random: Random = field(init=False)
    _next: list[tuple[float, int, str, float]] = field(default_factory=list)
    _progress: float = 0.0
    _noise: float = 0.0
    _serial: int = 0

    def __post_init__(self) -> None:
        self.running = dict.fromkeys(self.work, 0)
        self._random = Random(self.seed)
        self.demand = self._demanded()

    @property
    def load(self) -> float:
        """As it is now, in per cent."""
        return min(FULL, max(0.0, self.demand + self._noise))

    def start(self, name: str, count: int) -> None:
        """Start tasks of a labourer."""
        work = self.work[name]
        for _ in range(count):
            length = work.seconds * math.exp(self._random.gauss(-(work.spread**2) / 2, work.spread))
            first = self.plant.heartbeat * self._random.random() if length > self.plant.heartbeat else length
            self._expect(self._progress + first, name, self._progress + length)
        self.running[name] += count

    def tick(self) -> Signals:
        """One second later: what the Workers signalled in it."""
        self.second += 1
        fades = math.exp(-1 / NOISE_SECONDS)
        self._noise = fades * self._noise + self._random.gauss(0, self.plant.noise * math.sqrt(1 - fades**2))
        self.demand = self._demanded()
        slower = self.plant.stretch(self.demand + self._noise)
        self._progress += 1 / slower
        return self._told(slower)

    def _told(self, slower: float) -> Signals:
        """Of the tasks that came to an end, or to a heartbeat."""
        count = refused = ended = 0
        latencies: list[float] = []
        part = self.plant.refuses(self.demand)
        while self._next and self._next[0][0] <= self._progress:
            at, _, name, end = heappop(self._next)
            count += 1
            if at < end:
                self._expect(min(at + self.plant.heartbeat, end), name, end)
                latencies.append(self._latency(slower))
                continue
            ended += 1
            self.running[name] -= 1
            is_refused = self._random.random() < part
            refused += is_refused
            latencies += [] if is_refused else [self._latency(slower)]
        self.done += ended - refused
        self.refused += refused
        errors = {REFUSED: refused} if refused else {}
        return Signals(
            count=count,
            timed=len(latencies),
            seconds=sum(latencies),
            squares=sum(latency**2 for latency in latencies),
            errors=errors,
            ended=ended,
        )

    def _latency(self, slower: float) -> float:
        return self.plant.call * slower * math.exp(self._random.gauss(-0.045, 0.3))

    def _demanded(self) -> float:
        adds = sum(work.adds * work.heavier(self.second) * self.running[name] for name, work in self.work.items())
        return self.plant.others(self.second) + adds

    def _expect(self, at: float, name: str, end: float) -> None:
        """The next that is heard of a task, by its progress: a heartbeat, or its end."""
        self._serial += 1
        heappush(self._next, (at, self._serial, name, end))
