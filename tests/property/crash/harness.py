"""Tries every crash point of every story."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from random import Random
from typing import Any

from sosw.settings import ESSENTIAL_CONFIG
from tests.contract.backends import Memory
from tests.property.crash.aging import grow_old
from tests.property.crash.staging import stage_outside, staged
from tests.property.crash.stories import STORIES
from tests.property.crash.story import Story
from tests.property.crash.taps import Made, Point
from tests.property.crash.town import Town

Tried = tuple[Story, Point, Made]


@dataclass(frozen=True)
class Broken:
    """A crash point from which the system did not recover."""

    story: str
    point: Point
    call: Made
    why: str

    def __str__(self) -> str:
        made = self.call
        return (
            f"{self.why}\n  in {self.story}, where {made.port}.{made.method} of the {made.role} goes wrong: "
            f"{self.point.mode.value}\n  again: python -m tests.soak crash {self.story} {self.point.number} "
            f"{self.point.mode.name}"
        )


def tell(story: Story, point: Point | None, stores: Any, *, reached: Any = None, network: Any = None) -> list[Made]:
    """The story with that fault, until all is at rest; the calls that were made. Raises where an invariant breaks.

    `reached`: the same stores as the roles see them, over a `network` that breaks them; by default `stores`.
    """
    with staged() as patch:
        town = Town(stores, story.how, point, reached=reached or stores)
        if network:
            network.wire = town.wire
        labourer = story.config()["task_config"]["labourers"]["sales"]
        town.limit, town.hands_over = labourer["max_simultaneous_invocations"], "on_dead" in labourer
        stage_outside(patch, town, story.small)
        seen = stores.config.look(ESSENTIAL_CONFIG)
        stores.config.replace(seen, story.config())
        story.tell(town)
        made = list(town.wire.made)
        town.come_to_rest()
        town.look_at_end()
        grow_old(town)
        return made


def points(made: list[Made]) -> Iterator[tuple[Point, Made]]:
    """Of a story that makes these calls, in order."""
    for number, call in enumerate(made):
        for mode in call.modes:
            yield Point(number, mode), call


def every_point(stories: Sequence[Story] = STORIES) -> Iterator[Tried]:
    for story in stories:
        for point, call in points(tell(story, None, Memory().world())):
            yield story, point, call


def broken(tried: Iterable[Tried], *, one_in: int = 1) -> list[Broken]:
    """One in so many points: those from which not all came to its end."""
    found = [attempt(story, point, call, Memory().world()) for story, point, call in islice(tried, 0, None, one_in)]
    return [one for one in found if one]


def attempt(story: Story, point: Point, call: Made, stores: Any) -> Broken | None:
    try:
        tell(story, point, stores)
    except Exception as error:  # noqa: BLE001  (whatever it is, the point is broken)
        return Broken(story.name, point, call, f"{type(error).__name__}: {error}")
    return None


def is_broken(story: Story) -> bool:
    """Whether it breaks by itself, or from one of its points: shuffled, for those that break stand together, late."""
    try:
        tried = list(every_point([story]))
        Random(0).shuffle(tried)
        return any(attempt(story, point, call, Memory().world()) for _, point, call in tried)
    except AssertionError:
        return True
