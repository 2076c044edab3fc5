"""Starts as many attempts of each labourer as its limit allows, first of its line first.

For one labourer: read the slot rows, leave out what has ended, name due tasks in free slots, claim them, invoke. Any
number of Orchestrators may do this at once: see `sosw.domain.slots` for why the limit holds.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sosw.domain.errors import InvokeRefused, InvokeUncertain
from sosw.domain.messages import Wake
from sosw.domain.rounds import Round, shared_out
from sosw.domain.settings import EssentialSettings
from sosw.domain.task import LabourerName
from sosw.limits import StaticLimits
from sosw.naming import Naming
from sosw.processor import Processor
from sosw.refilling import Refilling
from sosw.reminding import Reminding
from sosw.slot_keeper import SlotKeeper
from sosw.starting import Starting
from sosw.waves import Open, Turn, Waves

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from sosw.ports import Clock, Gates, InParallel, Invoker, Limits, Reminder, SlotStore, TaskStore

log = logging.getLogger(__name__)

WAVE_TIME = timedelta(seconds=50)
"""No wave begins with less time left: two rounds of 32 invocations that hang take 30 s."""


class Orchestrator(Processor):
    """One labourer's trouble never delays another: each is dispatched by itself."""

    def __init__(  # noqa: PLR0913  (all that it draws on)
        self, custom_config: Mapping[str, Any] | None = None, *,
        tasks: TaskStore, slots: SlotStore, invoker: Invoker, clock: Clock, name: str, in_parallel: InParallel,
        limits: Limits | None = None, gates: Gates | None = None, reminder: Reminder | None = None,
        pause: Callable[[int], None] = lambda _number: None, wait: Callable[[timedelta], None] | None = None,
    ) -> None:  # fmt: skip
        """`name` is this function's own: it hands over to itself what it has no time for.

        Without `limits` those of the settings hold. Without a `reminder`, tokens of a rate that have come wait for the
        next wake. `pause(n)` waits for a random while before the retry after lost race number `n`, counted from 0.
        `wait(t)` lets the time t pass; without it, no slot is refilled before a wake.
        """
        super().__init__(custom_config)
        self.settings = EssentialSettings.from_mapping(self.config)
        self.invoker, self.name, self.in_parallel = invoker, name, in_parallel
        self.limits: Limits = limits or StaticLimits()
        self.reminding = Reminding(reminder, clock) if reminder else None
        keeper = SlotKeeper(slots, pause)
        self.waves = Waves(
            naming=Naming(tasks=tasks, slots=keeper, clock=clock, in_parallel=in_parallel, pause=pause),
            starting=Starting(tasks=tasks, slots=keeper, invoker=invoker, clock=clock, in_parallel=in_parallel),
            refilling=Refilling(tasks=tasks, clock=clock, wait=wait, linger=self.settings.linger),
            limits=self.limits, gates=gates or Open(), clock=clock, in_parallel=in_parallel,
        )  # fmt: skip

    def __call__(
        self, event: Any, *, remaining: Callable[[], timedelta] | None = None, may_linger: bool = True
    ) -> dict[str, Any]:
        """Dispatch the labourers that a wake or a round names, or all: a wave of each in turn, while there is time.

        `may_linger`: refill slots as attempts end, unless something waits for the answer. Answers how many attempts of
        each were started.
        """
        wake, order = Wake.from_event(event), Round.from_event(event)
        self._tell_mistakes()
        if wake:
            turns = [Turn(self.settings.labourers[name], wake.ended[name]) for name in self._known(wake.ended)]
        else:
            names = self._known(order.labourers) if order else self._minute()
            turns = [Turn(self.settings.labourers[name], None) for name in names]
        self.waves.failed.clear()
        ran = self.waves.run(turns, lambda: remaining is None or remaining() >= WAVE_TIME, may_linger=may_linger)
        started = {name: count for name, count in ran.started.items() if count}
        self._hand_over(ran.left, is_allowed=bool(started))
        if self.reminding:
            self.reminding.ask((at, name) for name, at in ran.later.items())
        self.stats["started"] += sum(started.values())
        if self.waves.failed:
            self.stats["labourers_failed"] += sum(self.waves.failed.values())
        return {"started": started}

    def knows(self, event: Any) -> bool:
        """Whether all labourers that the event names are in the settings."""
        named = Wake.from_event(event) or Round.from_event(event)
        names = named.ended if isinstance(named, Wake) else named.labourers if named else ()
        return all(name in self.settings.labourers for name in names)

    def _known(self, names: Iterable[str]) -> Iterator[LabourerName]:
        for name in names:
            labourer = self.settings.labourers.get(LabourerName(name))
            if labourer:
                yield labourer.name
            else:
                log.warning("labourer.unknown", extra={"labourer": name})

    def _tell_mistakes(self) -> None:
        for problem in self.settings.problems:
            log.error("settings.mistaken", extra={"why": str(problem)})
        for name, problems in self.settings.mistaken.items():
            log.error("labourer.mistaken", extra={"labourer": name, "why": "; ".join(map(str, problems))})

    def _minute(self) -> list[LabourerName]:
        """What the minute rule asks for besides; the labourers that this invocation dispatches itself."""
        try:
            self.limits.tick()
        except Exception:
            # Whatever it is, what is due must not wait for it: the limits that were known last hold on.
            log.exception("tick.failed")
            self.stats["ticks_failed"] += 1
        mine, *others = shared_out(list(self.settings.labourers)) or [Round(labourers=())]
        names = list(mine.labourers)

        def start(other: Round) -> None:
            if not self._start_myself(other.to_event()):
                names.extend(other.labourers)  # it takes longer, but nobody is left out

        self.in_parallel(start, others)
        return names

    def _hand_over(self, left: Sequence[Turn], *, is_allowed: bool) -> None:
        """What there was no time for goes to a fresh invocation at once: where that would do no more, to the next one.

        `is_allowed`: whether anything was started. Else a chain of invocations might go on for ever.
        """
        if not left:
            return
        names = [turn.labourer.name for turn in left]
        log.warning("dispatch.cut", extra={"labourers": names, "is_handed_over": is_allowed})
        if is_allowed:
            self._start_myself(Wake(ended={turn.labourer.name: turn.ended or {} for turn in left}).to_event())

    def _start_myself(self, event: dict[str, Any]) -> bool:
        try:
            self.invoker.start(self.name, event)
        except (InvokeRefused, InvokeUncertain) as error:
            log.warning("hand_over.failed", extra={"why": str(error)})
            return False
        return True
