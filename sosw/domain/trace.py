"""Where an error was raised, on one short line: `app.py:12 __call__ > shops.py:40 load; from KeyError: rows.py:7 get`.

It is kept with the task, whose writes cost by the KB: the whole traceback, with the code, is in the function's own log.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sosw.domain.report import TRACE_CHARS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import FrameType

_ERRORS, _FRAMES = 4, 8
"""So many are told at most: of an error and what it came from, the innermost frames of each."""
_ROOTS = ("/var/task/", "/opt/python/", "site-packages/")


def trace_of(error: BaseException) -> str:
    """Of `error` and what it came from, without the frames of sosw; at most `TRACE_CHARS`."""
    parts = [("" if depth == 0 else f"from {type(each).__name__}: ", _frames(each)) for depth, each in _chain(error)]
    return _fitting(parts)


def trace_of_frame(frame: FrameType | None) -> str:
    """Where the code that sosw has called is at this moment: what called sosw itself is left out."""
    inner: list[str] = []
    found: list[str] = []
    while frame is not None:
        inner += _told(frame, frame.f_lineno)
        if _is_ours(frame):
            found = inner.copy()
        frame = frame.f_back
    return _fitting([("", (found or inner)[::-1])])


def _fitting(parts: Sequence[tuple[str, Sequence[str]]]) -> str:
    """As many of the innermost frames of each part as there is room for."""
    text = ""
    for count in range(_FRAMES, 0, -1):
        text = "; ".join(name + _joined(frames, count) for name, frames in parts if frames)
        if len(text) <= TRACE_CHARS:
            return text
    return text[:TRACE_CHARS]


def _joined(frames: Sequence[str], count: int) -> str:
    return " > ".join(["…"] * (len(frames) > count) + [*frames[-count:]])


def _chain(error: BaseException) -> Iterator[tuple[int, BaseException]]:
    found: BaseException | None = error
    for depth in range(_ERRORS):
        if found is None:
            return
        yield depth, found
        found = found.__cause__ or (None if found.__suppress_context__ else found.__context__)


def _frames(error: BaseException) -> list[str]:
    frames: list[str] = []
    at = error.__traceback__
    while at is not None:
        frames += _told(at.tb_frame, at.tb_lineno)
        at = at.tb_next
    return frames


def _told(frame: FrameType, line: int) -> list[str]:
    """Nothing for a frame of sosw."""
    code = frame.f_code
    return [] if _is_ours(frame) else [f"{_short(code.co_filename)}:{line} {code.co_name}"]


def _is_ours(frame: FrameType) -> bool:
    return str(frame.f_globals.get("__name__", "")).split(".")[0] == "sosw"


def _short(path: str) -> str:
    """As people know it: below the function's folder, or the last two of its parts."""
    for root in _ROOTS:
        if root in path:
            return path.split(root, 1)[1]
    return "/".join(path.split("/")[-2:])
