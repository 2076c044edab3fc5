"""Whoever dies at whichever call while deaths are told: each is told, and once more at most for each crash."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from sosw.dead_notices import CALL, NOTICE, DeadNotices, _Look
from sosw.domain import lifecycle
from sosw.domain.dead_marks import Mark
from tests.factories import LEASE, a_task
from tests.unit.dead_world import OTHER, Watched

DEATHS, MINUTES = 8, 22


class Crash(BaseException):
    """The process ends here."""


class Mortal:
    """A port whose user dies at call number `at` of all ports: before it takes effect, or after."""

    def __init__(self, port: Any, calls: list[str], at: int, *, is_after: bool) -> None:
        self._port, self._calls, self._at, self._is_after = port, calls, at, is_after

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._port, name)

        def call(*args: Any, **options: Any) -> Any:
            self._calls.append(name)
            is_last = len(self._calls) == self._at
            if is_last and not self._is_after:
                raise Crash
            answer = real(*args, **options)
            if is_last:
                raise Crash
            return answer

        return call


class Story(Watched):
    """Two labourers, one with a function; tasks die in several minutes; each sweep may die at one of its calls."""

    def __init__(self) -> None:
        super().__init__()
        self.with_function()
        self.config["task_config"]["labourers"][OTHER] = {"max_simultaneous_invocations": 1}
        self.handed: Counter[str] = Counter()
        self.noticed: Counter[str] = Counter()

    def publish(self, subject: str, text: str) -> None:
        super().publish(subject, text)
        lines = [line.split() for line in text.splitlines()]
        self.noticed.update(words[0] for words in lines if words and words[0].startswith("job#"))

    def play(self, mortal: int = 0, at: int = 0, *, is_after: bool = False) -> int:
        """How many calls the sweep of that minute made: it dies at call number `at`, counted from 1."""
        calls: list[str] = []
        for minute in range(MINUTES):
            if minute < DEATHS:
                before = len(self.tasks.changes)
                self._bury(minute)
                if not minute % 2:  # of the other labourer the stream tells nothing
                    self.scavenger(deaths=self.notices()).pass_on(self.tasks.changes[before:], token="t")
            self.clock.advance(seconds=60)
            parts: dict[str, Any] = {"tasks": self.tasks, "records": self.records, "invoker": self.invoker}
            if minute == mortal:
                parts = {n: Mortal(port, calls, at, is_after=is_after) for n, port in parts.items()}
            notices = self.notices(**parts)
            if minute == mortal:
                notices._notifier = notices._counts = Mortal(self, calls, at, is_after=is_after)
            try:
                notices.tell()
            except Crash:
                continue
        self.handed = Counter(str(task) for _, tasks in self.called for task in tasks)
        return len(calls)

    def _bury(self, number: int) -> None:
        """By clocks that are behind, more or less."""
        self.tasks.create([a_task(number, **({"labourer": OTHER} if number % 2 else {}))])
        claim = lifecycle.claim(self.task(number), row=0, now=self.clock.now(), lease=LEASE)
        self.fail(self.tasks.apply(claim), ago=(number % 3) * 100)

    def violations(self, crashes: int) -> list[str]:
        """What is not as promised."""
        ids = {f"job#{number}" for number in range(DEATHS)}
        of_function = {task for task in ids if not int(task[4:]) % 2}
        found = [f"{task} is never told" for task in sorted(ids - self.noticed.keys())]
        found += [f"{task} is never handed over" for task in sorted(of_function - self.handed.keys())]
        told = [*self.noticed.items(), *self.handed.items()]
        return found + [f"{task} is told {times} times" for task, times in told if times > 1 + crashes]


def _crash_everywhere() -> Iterator[list[str]]:
    """For each crash point, what went wrong after it."""
    for minute in range(DEATHS + 1):
        for at in range(1, Story().play(minute) + 1):
            for is_after in (False, True):
                story = Story()
                story.play(minute, at, is_after=is_after)
                yield [f"minute {minute}, call {at}, {is_after}: {each}" for each in story.violations(1)]


def test_without_a_crash_each_death_is_told_once() -> None:
    story = Story()
    story.play()
    assert story.violations(0) == []


def test_wherever_a_sweep_dies_each_death_is_told_and_once_more_at_most() -> None:
    found = list(_crash_everywhere())
    assert len(found) >= 100
    assert [each for each in found if each] == []


def _marks_before_it_tells(patch: pytest.MonkeyPatch) -> None:
    careful = DeadNotices._claim

    def claim(self: DeadNotices, record: Any, looks: list[_Look], now: Any) -> bool:
        for look in looks:
            self._mark(look.told({NOTICE, CALL}, now))
        return careful(self, record, looks, now)

    patch.setattr(DeadNotices, "_claim", claim)


def _never_marks(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(DeadNotices, "_mark", lambda *_: None)


def _looks_where_the_stream_told_alone(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("sosw.dead_notices.TURNS", 10_000)


def _forgets_what_it_told(patch: pytest.MonkeyPatch) -> None:
    careful = Mark.after

    def after(self: Mark, looked: Any, now: Any, *, is_whole: bool) -> Mark:
        return replace(careful(self, looked, now, is_whole=is_whole), told={})

    patch.setattr(Mark, "after", after)


def _tells_by_the_moment_alone(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Mark, "after", lambda _self, _looked, now, **_: Mark(floor=now))


def _marks_for_the_function_what_people_were_told(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(DeadNotices, "_call", lambda *_: True)


@pytest.mark.parametrize(
    "plant",
    [
        _marks_before_it_tells,
        _never_marks,
        _looks_where_the_stream_told_alone,
        _forgets_what_it_told,
        _tells_by_the_moment_alone,
        _marks_for_the_function_what_people_were_told,
    ],
    ids=lambda plant: plant.__name__.strip("_"),
)
def test_a_planted_bug_is_found(plant: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch)
    assert any(_crash_everywhere())
