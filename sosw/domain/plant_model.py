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

NOISE, LEAST_NOISE, MOST_NOISE = 0.5, 0.3, 1.5
"""Of a reading: standard deviations, in bands. At first; and the bounds of what is learnt of it."""
NOISE_LEARNT = 0.1
"""So much of what is known of the noise comes from the latest reading."""
WALK = 0.4
"""What others do from one reading to the next: likewise."""
GAIN_WALK = 0.005
"""Of the gain, from one reading to the next: a standard deviation, as a part of it."""
SURE = 0.2
"""A gain is well known with a standard deviation of such a part of it."""
SURPRISE = 3.5
"""A reading so many standard deviations from what was foreseen is news."""
LEAST_OURS = 0.1
"""Our part of a load is never taken for less: what cannot be steered is steered to the floor by its bounds alone."""
_KEYS = ("rest", "gain", "rest_var", "both_var", "gain_var", "noise_var")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlantModel:
    """What is known, and how well: variances of the two, and what they have in common."""

    rest: float
    gain: float
    """> 0"""
    rest_var: float
    both_var: float
    gain_var: float
    noise_var: float
    """Of a reading."""

    @classmethod
    def of(cls, memory: Mapping[str, float]) -> PlantModel | None:
        """As `kept` has kept it; None where nothing is kept, or nothing to steer by."""
        if not all(key in memory for key in _KEYS):
            return None
        model = cls(**{key: memory[key] for key in _KEYS})
        return model if model.gain > 0 and all(map(math.isfinite, memory.values())) else None

    @classmethod
    def first(cls, load: float, used: float, *, moved: float, band: float, typical: float) -> PlantModel:
        """After one reading. `typical` is a guess of the gain, for when nothing of ours ran.

        The gain is then anything between a guess and what it would be if all of the load were ours: the middle of
        that, by ratio, and unsure by as much.
        """
        noise = (NOISE * band) ** 2
        if used < 1 or load <= 0:
            return cls(rest=load, gain=typical, rest_var=noise, both_var=0.0, gain_var=typical**2, noise_var=noise)
        gain = min(math.sqrt(typical * load / used), load / used)
        unsure = (gain * used) ** 2
        return cls(
            rest=load - gain * used,
            gain=gain,
            rest_var=unsure + noise + (gain * moved / 2) ** 2,
            both_var=-unsure / used,
            gain_var=unsure / used**2,
            noise_var=noise,
        )

    def kept(self) -> dict[str, float]:
        """To be remembered."""
        return {key: getattr(self, key) for key in _KEYS}

    def load(self, used: float) -> float:
        """With so many attempts."""
        return self.rest + self.gain * used

    @property
    def most_gain(self) -> float:
        """What one attempt adds if it adds a standard deviation more than is known: for rises."""
        return self.gain + math.sqrt(self.gain_var)

    @property
    def is_sure(self) -> bool:
        """Whether the gain is known well enough to go a part of the way at once."""
        return self.gain_var <= (SURE * self.gain) ** 2

    def corrected(self, load: float, used: float, *, band: float, moved: float) -> PlantModel:
        """By one reading. `moved` says by how much `used` changed while it was measured."""
        walked = self._walked(band)
        stir = (walked.gain * moved / 4) ** 2
        noise = self.noise_var + stir
        missed = load - walked.load(used)
        foreseen = walked._unsure(used) + noise
        if missed**2 > SURPRISE**2 * foreseen:
            walked = replace(walked, rest_var=walked.rest_var + missed**2)
        unsure = walked._unsure(used) + noise
        corrected = walked._moved(missed, used, unsure)
        if stir < self.noise_var / 4:
            heard = min(missed**2, SURPRISE**2 * foreseen) * noise / foreseen
            corrected = corrected._having_heard(heard, band)
        return corrected._bounded(load, used, self.gain)

    def _moved(self, missed: float, used: float, unsure: float) -> PlantModel:
        """The filter's correction."""
        rest_with, gain_with = self.rest_var + self.both_var * used, self.both_var + self.gain_var * used
        return replace(
            self,
            rest=self.rest + rest_with / unsure * missed,
            gain=self.gain + gain_with / unsure * missed,
            rest_var=self.rest_var - rest_with**2 / unsure,
            both_var=self.both_var - rest_with * gain_with / unsure,
            gain_var=self.gain_var - gain_with**2 / unsure,
        )

    def _having_heard(self, noise_var: float, band: float) -> PlantModel:
        """With what one reading says of the noise: what was missed, times what is missed still (Mehra, 1972)."""
        learnt = self.noise_var + NOISE_LEARNT * (noise_var - self.noise_var)
        return replace(self, noise_var=min(max(learnt, (LEAST_NOISE * band) ** 2), (MOST_NOISE * band) ** 2))

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
        most, least = 2 * known, known / 4
        if used >= 1 and load > 0:
            most, least = min(most, load / used), max(least, LEAST_OURS * load / used)
        gain = min(max(self.gain, least), most)
        rest = self.rest + (self.gain - gain) * used
        rest_var, gain_var = max(0.0, self.rest_var), min(max(0.0, self.gain_var), gain**2)
        common = math.sqrt(rest_var * gain_var)
        both_var = min(max(self.both_var, -common), common)
        return replace(self, rest=rest, gain=gain, rest_var=rest_var, both_var=both_var, gain_var=gain_var)

