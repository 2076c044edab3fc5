"""Rough weather: what else AWS may do to a play, as more of its actions.

Clocks that are wrong by minutes; events that Lambda delivers again; rows that outlive their time by days, and then
leave at any moment; a table that refuses everything for a while.
"""

from __future__ import annotations

from datetime import timedelta

from sosw.domain.task import TaskId
from sosw.scavenger import Scavenger
from tests.property.world import roles
from tests.property.world.effects import Fault
from tests.property.world.play import ACTIONS, Action, Pick, Play

SMALL = [timedelta(seconds=s) for s in (0, 0, -10, 10)]
LARGE = [timedelta(seconds=s) for s in (0, 0, -40, 40, -300, 300)]
RETENTION = timedelta(days=30)


class RoughPlay(Play):
    """In one story of three, clocks are wrong by up to five minutes; in the others by a little."""

    def __init__(self, pick: Pick) -> None:
        super().__init__(pick)
        self.stage.is_drifting = pick(3) == 2
        drifts = LARGE if self.stage.is_drifting else SMALL
        self.stage.drift = lambda: drifts[pick(len(drifts))]

    def come_to_rest(self) -> None:
        """By clocks that are right again."""
        self.stage.drift = timedelta
        super().come_to_rest()
        self.stage.pass_time(max(LARGE) + roles.LEASE)  # who named it may have been that much ahead
        self.stage.finish(self.stage.scavenge(Scavenger.sweep))
        held = [task for row in self.stage.effects.slots.rows(roles.LABOURER) for task in row.names]
        assert not held, f"4: slots are held by what is over: {held}"

    def expired(self) -> list[TaskId]:
        """Tasks that may leave the table at any moment."""
        now = self.stage.clock.now()
        return [task.id for task in self.stage.tasks.values() if task.expires_at and task.expires_at <= now]

    def is_quiet(self) -> bool:
        """Every job is written or cancelled."""
        return not any(job.state.is_open for job in self.stage.effects.jobs.jobs.values())


def lambda_delivers_an_event_again(play: Play, pick: Pick) -> None:
    """While the first one is at work, or after."""
    delivered = play.stage.delivered
    event = delivered[pick(len(delivered))]
    play.stage.copied.add((event["task_id"], event["sosw"]["attempt"]))
    play.stage.events.append(event)


def the_table_refuses_everything_for_a_while(play: Play, pick: Pick) -> None:
    for _ in range(2 + pick(6)):
        if play.stage.actors:
            play.stage.step(play.an_actor(pick), Fault.FAILED)


def a_month_passes(play: Play, pick: Pick) -> None:
    """Nobody lives so long, and nothing stays under way; what closed before is over its time, and still there.

    Not even a sweep has come: so rows may leave whose names still stand in slots.
    """
    play.stage.end()
    play.stage.pass_time(RETENTION + timedelta(hours=pick(48)))


def a_row_leaves_the_table(play: Play, pick: Pick) -> None:
    assert isinstance(play, RoughPlay)
    expired = play.expired()
    if expired:
        play.stage.forget(expired[pick(len(expired))])


_OWN = (
    Action("lambda_delivers_an_event_again", 2, lambda play: play.stage.delivered, lambda_delivers_an_event_again),
    Action("the_table_refuses_everything", 1, lambda play: play.stage.actors, the_table_refuses_everything_for_a_while),
    Action("a_month_passes", 0.4, lambda play: isinstance(play, RoughPlay) and play.is_quiet(), a_month_passes),
    Action("a_row_leaves", 3, lambda play: isinstance(play, RoughPlay) and play.expired(), a_row_leaves_the_table),
)
ROUGH: dict[str, Action] = ACTIONS | {action.name: action for action in _OWN}
