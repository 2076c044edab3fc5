"""Does what a page says, step by step, and looks whether what it shows is what happens."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tests.e2e.tutorial.matching import difference
from tests.e2e.tutorial.page import Command, PageMistaken, Step, Write, steps
from tests.e2e.tutorial.shell import Shell

ASKED = "echo $?"
"""The command that tells how the last one ended: the page must have it where that is not 0."""
_PATIENCE = 120.0
"""Seconds until what is repeated must be there: whatever comes each minute does, and more."""
_PAUSE = 0.5


class NotAsShown(AssertionError):
    """What happens is not what the page tells."""


@dataclass(frozen=True)
class Follower:
    """Of one page. `wheels` is what the reader exports as PIP_FIND_LINKS, in place of the page's folder."""

    page: Path
    wheels: str = ""

    def follow(self, shell: Shell, tell: Callable[[str], object] = str) -> int:
        """The number of steps that were done. Raises `NotAsShown`, `PageMistaken`, `TookTooLong`."""
        todo = list(self._mine(steps(self.page)))
        for number, step in enumerate(todo):
            begun = time.monotonic()
            match step:
                case Write():
                    self._write(shell, step)
                case Command():
                    self._run(shell, step, todo[number + 1 :])
            tell(f"{time.monotonic() - begun:5.1f} s  line {step.line}: {_name(step)}")
        return len(todo)

    def _mine(self, todo: Sequence[Step]) -> Iterator[Step]:
        """With the one liberty: from where the wheel comes."""
        start = "export PIP_FIND_LINKS="
        found = [each for each in todo if isinstance(each, Command) and each.typed.startswith(start)]
        if len(found) != bool(self.wheels):
            raise PageMistaken(f"the page has {len(found)} lines '{start}…'")
        for each in todo:
            if isinstance(each, Command) and each in found:
                yield replace(each, typed=f'{start}"{self.wheels}"')
            else:
                yield each

    def _write(self, shell: Shell, step: Write) -> None:
        target = shell.where() / step.path
        if not target.resolve().is_relative_to(shell.folder):
            raise PageMistaken(f"line {step.line}: {step.path} is outside of the reader's folder")
        if not target.parent.is_dir():
            raise NotAsShown(f"line {step.line}: {step.path} cannot be written: there is no folder {target.parent}")
        target.write_text(step.text, "utf-8")

    def _run(self, shell: Shell, step: Command, rest: Sequence[Step]) -> None:
        deadline = time.monotonic() + _PATIENCE
        while wrong := self._try(shell, step, rest):
            if not step.is_repeated or time.monotonic() > deadline:
                raise NotAsShown(f"line {step.line}: $ {step.typed}\n{wrong}")
            time.sleep(_PAUSE)

    def _try(self, shell: Shell, step: Command, rest: Sequence[Step]) -> str:
        """What is not as the page says."""
        printed = shell.run(step.typed)
        is_asked = bool(rest) and isinstance(rest[0], Command) and rest[0].typed == ASKED
        if shell.status and not is_asked:
            said = "".join(f"\n  | {line}" for line in printed)
            return f"it ended with exit code {shell.status}, of which the page says nothing:{said}"
        return "" if step.shown is None else difference(step.shown, printed)


def _name(step: Step) -> str:
    return f"write {step.path}" if isinstance(step, Write) else step.typed
