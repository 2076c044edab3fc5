"""How long things take in a simulated environment, and what goes wrong in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sosw.worker import Worker


def _ms(milliseconds: float) -> timedelta:
    return timedelta(milliseconds=milliseconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """Each duration is the middle of a range: what is drawn lies between a half and one and a half of it."""

    call: timedelta
    """Of a table, or of a queue."""
    invoke: timedelta
    """From the call that invokes a function, asynchronously, to the begin of its code: also of a report."""
    stream: timedelta
    """From a write to the begin of the Scavenger that is told of it."""
    index: timedelta = timedelta()
    """The index, and reads that are not consistent, show a write after 0 … this, drawn for each write."""
    shards: int = 1
    """Of the stream: each is read in order, one batch at a time."""


LOCAL = Profile(call=_ms(1.7), invoke=_ms(3), stream=_ms(5))
"""The local stack, as it was measured."""
AWS = Profile(call=_ms(5), invoke=_ms(16), stream=_ms(213), index=_ms(20), shards=4)
"""AWS, by the medians that others have measured."""
STILL = Profile(call=timedelta(), invoke=timedelta(), stream=timedelta())
"""Nothing takes time but the Workers, and what waits for the clock: moments can be told beforehand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """What goes wrong: the chances of each call of a role, 0 … 1."""

    crash: float = 0.0
    """The caller dies, before the call takes effect or after."""
    lost: float = 0.0
    """The caller sees an error, and does not know whether the call took effect: it did, did not, or will later."""
    late: timedelta = timedelta(seconds=10)
    """So much later at most."""
    is_repeated: float = 0.0
    """A message comes once more, some time after: a wake, a report, a batch of the stream."""
    is_dropped: float = 0.0
    """A message never comes: a wake, a report, a batch of the stream."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workers:
    """How the attempts of a labourer go."""

    seconds: tuple[float, float] = (1.0, 1.0)
    """Their code runs for so long, drawn evenly between the two."""
    fails: float = 0.0
    """Chance of an error that a retry may mend."""
    vanishes: float = 0.0
    """Chance that nothing is ever heard of it: killed, out of memory. Its lease has to end."""
    code: Callable[[], Worker] | None = None
    """Makes the Worker, such as its class: its code runs when the seconds are over, and `fails` says nothing."""
