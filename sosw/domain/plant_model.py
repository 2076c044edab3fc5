"""What a controller has learnt of its plant: how much of the load is ours, and what one attempt adds to it.

The load is taken for `rest + gain × used`: what others make of it, and what our attempts do. Neither is told, and both
move; each reading corrects both, each by how uncertain it was: a Kalman filter over a random walk (Åström, Wittenmark:
Adaptive Control, 1995, ch. 2). A reading that is far from what was foreseen is first of all news of the others. Since
a reading is old when it comes, it is compared with what was used while it was measured, and the load of now follows
from what is used now (Smith: Closer control of loops with dead time, 1957).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

OURS = 0.7
"""Of the first reading, so much is taken for ours; it may be all of it, or a third."""
UNSURE = 0.35
NOISE = 0.5
"""Of a reading: a standard deviation, in bands."""
WALK = 0.3
"""What others do from one reading to the next: likewise."""
GAIN_WALK = 0.03
"""Of the gain, from one reading to the next: a standard deviation, as a part of it."""
SURPRISE = 2.5
"""A reading so many standard deviations from what was foreseen is news."""
LEAST_OURS = 0.1
"""Our part of a load is never taken for less: what cannot be steered is steered to the floor by its bounds alone."""
_KEYS = ("rest", "gain", "rest_var", "both_var", "gain_var")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlantModel:
    """What is known, and how well: variances of the two, and what they have in common."""

    rest: float
    gain: float
    """> 0"""
    rest_var: float
    both_var: float
    gain_var: float

    @classmethod
    def of(cls, memory: Mapping[str, float]) -> PlantModel | None:
        """As `kept` has kept it; None where nothing is kept, or nothing to steer by."""
        if not all(key in memory for key in _KEYS):
            return None
        model = cls(**{key: memory[key] for key in _KEYS})
        return model if model.gain > 0 and all(map(math.isfinite, memory.values())) else None

    @classmethod
    def first(cls, load: float, used: float, *, typical: float) -> PlantModel:
        """After one reading. `typical` is a guess of the gain, for when nothing of ours ran."""
        if used < 1 or load <= 0:
            return cls(rest=load, gain=typical, rest_var=0.0, both_var=0.0, gain_var=typical**2)
        gain, unsure = OURS * load / used, (UNSURE * load) ** 2
        return cls(
            rest=load - gain * used,
            gain=gain,
            rest_var=unsure,
            both_var=-unsure / used,
            gain_var=unsure / used**2,
        )

    def kept(self) -> dict[str, float]:
        """To be remembered."""
        return {key: getattr(self, key) for key in _KEYS}

    def load(self, used: float) -> float:
        """With so many attempts."""
        return self.rest + self.gain * used

    @property
    def cautious(self) -> float:
        """Attempts for a unit of load, when it is about more of them: the less, the less sure the gain is.

        `gain / (gain² + variance)`: the cautious controller of Wittenmark (1975).
        """
        return self.gain / (self.gain**2 + self.gain_var)

    def corrected(self, load: float, used: float, *, band: float, moved: float) -> PlantModel:
        """By one reading. `moved` says by how much `used` changed while it was measured."""
        walked = self._walked(band)
        noise = (NOISE * band) ** 2 + (walked.gain * moved / 4) ** 2
        missed = load - walked.load(used)
        unsure = walked._unsure(used) + noise
        if missed**2 > SURPRISE**2 * unsure:
            walked = replace(walked, rest_var=walked.rest_var + missed**2)
            unsure = walked._unsure(used) + noise
        to_rest = (walked.rest_var + walked.both_var * used) / unsure
        to_gain = (walked.both_var + walked.gain_var * used) / unsure
        return PlantModel(
            rest=walked.rest + to_rest * missed,
            gain=walked.gain + to_gain * missed,
            rest_var=walked.rest_var - to_rest * (walked.rest_var + walked.both_var * used),
            both_var=walked.both_var - to_rest * (walked.both_var + walked.gain_var * used),
            gain_var=walked.gain_var - to_gain * (walked.both_var + walked.gain_var * used),
        )._bounded(load, used, self.gain)

    def _walked(self, band: float) -> PlantModel:
        return replace(
            self,
            rest_var=self.rest_var + (WALK * band) ** 2,
            gain_var=min(self.gain_var + (GAIN_WALK * self.gain) ** 2, self.gain**2),
        )

    def _unsure(self, used: float) -> float:
        """The variance of the load that is foreseen."""
        return max(0.0, self.rest_var + 2 * self.both_var * used + self.gain_var * used**2)

    def _bounded(self, load: float, used: float, known: float) -> PlantModel:
        """Others add to a load, they do not take from it; and one reading does not make a gain another one."""
        most = min(load / used, 2 * known) if used >= 1 and load > 0 else 2 * known
        least = max(LEAST_OURS * load / used, known / 2) if used >= 1 and load > 0 else known / 2
        gain = min(max(self.gain, least), most) if least < most else most
        rest = self.rest + (self.gain - gain) * used
        rest_var, gain_var = max(0.0, self.rest_var), min(max(0.0, self.gain_var), gain**2)
        common = math.sqrt(rest_var * gain_var)
        both_var = min(max(self.both_var, -common), common)
        return PlantModel(rest=rest, gain=gain, rest_var=rest_var, both_var=both_var, gain_var=gain_var)

