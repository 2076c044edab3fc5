"""The index of the lines, in memory: quick also with 100,000 tasks in a line."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import defaultdict
from typing import TYPE_CHECKING

from sosw.domain.ranks import Place
from sosw.domain.task import TaskId

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sosw.domain.task import Task

_FULL = 1_000


class Lines:
    """Who stands where."""

    def __init__(self, tasks: Iterable[Task] = ()) -> None:
        self._lines: defaultdict[str, _Sorted] = defaultdict(_Sorted)
        for task in tasks:
            self.move(None, task)

    def move(self, before: Task | None, after: Task) -> None:
        """The task stands where its new self says, and no longer where it stood before."""
        if before and before.queue is not None:
            self._lines[before.queue].remove(_place(before))
        if after.queue is not None:
            self._lines[after.queue].add(_place(after))

    def places(self, queue: str, start: int) -> Iterator[Place]:
        """From that rank on, in order; those of one rank by their ids."""
        return self._lines[queue].since(Place(start, TaskId("")))


class _Sorted:
    """Places in order, in blocks that are short enough to insert into."""

    def __init__(self) -> None:
        self._blocks: list[list[Place]] = []
        self._lasts: list[Place] = []
        """The last place of each block."""

    def add(self, place: Place) -> None:
        if not self._blocks:
            self._blocks, self._lasts = [[place]], [place]
            return
        number = min(bisect_left(self._lasts, place), len(self._blocks) - 1)
        block = self._blocks[number]
        insort(block, place)
        if len(block) > _FULL:
            half = block[_FULL // 2 :]
            del block[_FULL // 2 :]
            self._blocks.insert(number + 1, half)
            self._lasts.insert(number + 1, half[-1])
        self._lasts[number] = block[-1]

    def remove(self, place: Place) -> None:
        number = bisect_left(self._lasts, place)
        block = self._blocks[number] if number < len(self._blocks) else []
        at = bisect_left(block, place)
        if block[at : at + 1] != [place]:
            return  # a test has put the task there by hand
        del block[at]
        if block:
            self._lasts[number] = block[-1]
        else:
            del self._blocks[number], self._lasts[number]

    def since(self, start: Place) -> Iterator[Place]:
        number = bisect_left(self._lasts, start)
        for block in self._blocks[number : number + 1]:
            yield from block[bisect_left(block, start) :]
        for block in self._blocks[number + 1 :]:
            yield from block


def _place(task: Task) -> Place:
    return Place(task.rank or 0, task.id)
