"""What comes from outside of a system: answers of Workers, early, late or again, and orders of an operator."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sosw.domain import lifecycle
from sosw.domain.report import COMPLETE, FAIL, HEARTBEAT, SNOOZE, Report
from sosw.domain.task import task_id
from tests.property.explore.parts import JOB
from tests.property.explore.tale import Clock
from tests.property.world import roles
from tests.property.world.effects import Effects
from tests.property.world.stepping import Call

if TYPE_CHECKING:
    from tests.property.explore.ground import Ground, Outcome
    from tests.property.explore.system import State

GIVE_UP = "give up"
"""A failure that no retry can mend."""
SAID: dict[str, dict[str, Any]] = {
    COMPLETE: {"action": COMPLETE},
    FAIL: {"action": FAIL},
    GIVE_UP: {"action": FAIL, "is_retryable": False},
    SNOOZE: {"action": SNOOZE, "delay": 15.0},
    HEARTBEAT: {"action": HEARTBEAT},
}
DAY = timedelta(days=1)


class Outside:
    """Of one system; `now` tells the moment by the minutes that have passed."""

    def __init__(
        self, ground: Ground, now: Callable[[int], datetime], *, answers: tuple[str, ...], is_discarding: bool
    ) -> None:
        self.ground, self.now, self.answers, self.is_discarding = ground, now, answers, is_discarding

    def steps(self, state: State) -> Iterator[tuple[tuple[Any, ...], State]]:
        """Words and states: what changes nothing is left out."""
        for number, attempt in state.invoked:
            for said in self.answers:
                after = self.answered(state, number, attempt, said)
                if after.tasks != state.tasks and not (said == HEARTBEAT and self._is_as_new(state, number)):
                    yield (f"attempt {attempt} of task {number}", said), after
        for number in range(len(state.tasks)) if self.is_discarding else ():
            after = self._discarded(state, number)
            if after.tasks != state.tasks:
                yield ("an operator discards task", number), after

    def _is_as_new(self, state: State, number: int) -> bool:
        """Its lease cannot be longer now: another heartbeat would make a state more, and no difference."""
        return bool(self.ground.things.things[state.tasks[number]].greenfield >= self.now(state.minute + 1))

    def answered(self, state: State, number: int, attempt: int, said: str) -> State:
        """The report reaches a WorkerAssistant."""
        now = self.now(state.minute)
        report = Report(task_id=task_id(JOB, number), attempt=attempt, labourer=roles.LABOURER, **SAID[said])

        def work(effects: Effects) -> None:
            roles.assistant(report.to_event(), Clock(now))(lambda call: effects.perform(call, 0))

        mine = state.tasks[number : number + 1]
        outcome = self.ground.do(("answer", said, number, attempt, state.minute), work, mine, ())
        latest = self.ground.things.things[mine[0]].attempt
        assert attempt == latest or outcome.tasks == mine, f"3: an answer of attempt {attempt} moves attempt {latest}"
        return _with(state, number, outcome)

    def _discarded(self, state: State, number: int) -> State:
        task, now = self.ground.things.things[state.tasks[number]], self.now(state.minute)

        def work(effects: Effects) -> None:
            effects.perform(Call("apply", (lifecycle.discard(task, now=now, retention=DAY),)), 0)

        mine = state.tasks[number : number + 1]
        return _with(state, number, self.ground.do(("discard", number, state.minute), work, mine, ()))


def _with(state: State, number: int, outcome: Outcome) -> State:
    return state._replace(tasks=(*state.tasks[:number], *outcome.tasks, *state.tasks[number + 1 :]))
