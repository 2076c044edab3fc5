"""Whether a command printed what the page shows.

Line by line, and word by word: how wide columns are is all that is forgiven. `…` within a line is one character or
more, and a line of `…` is any number of lines. The moments, durations and ports that a page shows are examples, in
whose place others of the same form may stand.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

DOTS = "…"
_ANY = re.compile(
    rf"(?P<dots>{DOTS})"
    r"|(?P<moment>\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?)"
    r"|(?P<day>\b\d{4}-\d\d-\d\d\b)"
    r"|(?P<clock>\b\d\d:\d\d:\d\d(\.\d+)?)"
    r"|(?P<lasted>\b\d+(\.\d+)? (ms|s)\b)"
    r"|(?P<port>(?<=127\.0\.0\.1:)\d+)"
)
_PATTERNS = {
    "dots": r".+",
    "moment": r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?",
    "day": r"\d{4}-\d\d-\d\d",
    "clock": r"\d\d:\d\d:\d\d(\.\d+)?",
    "lasted": r"\d+(\.\d+)? (ms|s)",
    "port": r"\d+",
}


def difference(shown: Sequence[str], printed: Sequence[str]) -> str:
    """What is not as shown, empty where all is."""
    want, got = _words(shown), _words(printed)
    if _is_shown(want, got):
        return ""
    return "\n".join(
        ["the page shows", *(f"  | {each}" for each in want), "and it printed", *(f"  | {each}" for each in got)]
    )


def _words(lines: Sequence[str]) -> list[str]:
    """Without what only places them; empty lines at the end are none."""
    plain = [" ".join(line.split()) for line in lines]
    while plain and not plain[-1]:
        plain.pop()
    return plain


def _is_shown(want: Sequence[str], got: Sequence[str]) -> bool:
    if not want:
        return not got
    if want[0] == DOTS:
        return any(_is_shown(want[1:], got[skipped:]) for skipped in range(len(got) + 1))
    return bool(got) and _pattern(want[0]).fullmatch(got[0]) is not None and _is_shown(want[1:], got[1:])


def _pattern(line: str) -> re.Pattern[str]:
    text, end = "", 0
    for example in _ANY.finditer(line):
        text += re.escape(line[end : example.start()]) + f"(?:{_PATTERNS[str(example.lastgroup)]})"
        end = example.end()
    return re.compile(text + re.escape(line[end:]))
