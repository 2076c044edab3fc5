"""What a page tells its reader to do.

A page is Markdown. Each fenced block of it is one of

    ```shell      commands, one a line
    ```console    commands behind `$ `, and below each of them what it prints
    any other     a file, whose name stands right before it: "Put this into `worker/app.py`:"

and a block that is none of these is refused, for nobody would follow it. Right before a console block with one command,
"Repeat this until you see:" means what it says.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_STRAY = re.compile(r"^([ \t]+(```|~~~)|~~~|````)", re.MULTILINE)
_FILE = re.compile(r"Put this into `([^`]+)`:$")
_REPEAT = re.compile(r"Repeat this until you see:$")
PROMPT = "$ "


class PageMistaken(AssertionError):
    """The page has something that cannot be followed, or that would not be checked."""


@dataclass(frozen=True)
class Write:
    """A file to write, in the folder in which the reader is."""

    line: int
    path: str
    text: str


@dataclass(frozen=True)
class Command:
    """A command to type."""

    line: int
    typed: str
    shown: list[str] | None
    """What it prints; None where the page does not tell."""
    is_repeated: bool = False
    """Until it prints that."""


Step = Write | Command


def steps(page: Path) -> list[Step]:
    """All of them, in order. Raises `PageMistaken`."""
    text = page.read_text("utf-8")
    found: list[Step] = []
    end = 0
    for fence in _FENCE.finditer(text):
        _refuse_stray(text, end, fence.start())
        line = text[: fence.start()].count("\n") + 2
        found += _block(text[end : fence.start()].rstrip(), fence[1], fence[2], line)
        end = fence.end()
    _refuse_stray(text, end, len(text))
    return found


def _refuse_stray(text: str, begin: int, end: int) -> None:
    """Fences that are not seen as blocks."""
    between = text[begin:end]
    if stray := _STRAY.search(between) or re.search(r"^```", between, re.MULTILINE):
        line = text[: begin + stray.start()].count("\n") + 1
        raise PageMistaken(f"line {line}: a fence that begins or ends no block: only ``` at the start of a line does")


def _block(before: str, language: str, text: str, line: int) -> list[Step]:
    sentence = " ".join(before.rpartition("\n\n")[2].split())
    named, is_repeated = _FILE.search(sentence), bool(_REPEAT.search(sentence))
    if named and language not in {"shell", "console"}:
        return [Write(line, named[1], text)]
    if language == "shell" and not named and not is_repeated:
        return [Command(number, typed, None) for number, typed in _joined(text.splitlines(), line)]
    if language == "console" and not named:
        return list(_session(text.splitlines(), line, is_repeated=is_repeated))
    raise PageMistaken(
        f"line {line}: a block of {language or 'no language'} that is neither run nor written: "
        "a file wants 'Put this into `NAME`:' before it, commands want shell or console"
    )


def _session(lines: list[str], line: int, *, is_repeated: bool) -> list[Command]:
    if not lines or not lines[0].startswith(PROMPT):
        raise PageMistaken(f"line {line}: a console block begins with a command behind '{PROMPT}'")
    starts = [number for number, text in enumerate(lines) if text.startswith(PROMPT)]
    if is_repeated and len(starts) > 1:
        raise PageMistaken(f"line {line}: one command can be repeated, not {len(starts)}")
    found = []
    for start, stop in zip(starts, [*starts[1:], len(lines)], strict=True):
        own = next(number for number in range(start, stop) if number + 1 == stop or not lines[number].endswith("\\"))
        typed, shown = "\n".join(lines[start : own + 1]).removeprefix(PROMPT), lines[own + 1 : stop]
        if shown and all(each.strip() in {"", "…"} for each in shown):
            raise PageMistaken(f"line {line + own + 1}: an output of dots alone says nothing")
        found.append(Command(line + start, typed, shown, is_repeated))
    return found


def _joined(lines: list[str], first: int) -> list[tuple[int, str]]:
    """Commands with the lines that they go on in behind a backslash."""
    found: list[tuple[int, str]] = []
    goes_on = False
    for number, text in enumerate(lines, first):
        if goes_on:
            line, typed = found[-1]
            found[-1] = (line, f"{typed}\n{text}")
        elif text.strip() and not text.startswith("#"):
            found.append((number, text))
        goes_on = text.endswith("\\")
    return found
