"""What is counted of a run, exactly; docs/benchmarks.md tells the same in words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from bench.regulation.policies import Coefficients, Oracle, Static, ours
from bench.regulation.traces import BAND, OVERLOAD_AT, TARGET, TRACES, Trace
from sosw.testing.regulation import MINUTE, Metric, Policy, Run, regulated

SEEDS = (1, 2, 3)
"""A trace is run with each; what is published of it is the mean, of the overshoot the worst."""
WINDOW = 5
"""Seconds in which a dispatch rate is counted."""
BEFORE = 300
"""Seconds before a step in which it is counted what is usual."""
QUICK = Metric(lag=(5.0, 15.0))
"""Of CloudWatch alone: what lags longer adds its lag."""
PHASES = range(0, MINUTE, 5)
"""Seconds of a minute at which the step of the overload comes, to find the worst."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How well a policy did in a trace, in per cent."""

    in_band: float
    overshoot: float
    of_oracle: float


POLICIES: dict[str, Callable[[Trace], Policy]] = {"sosw": ours, "static": Static, "0.7.51": Coefficients}


def run(trace: Trace, policy: Policy, seed: int) -> Run:
    """The trace under a policy."""
    return regulated(trace.plant, trace.work, policy, seconds=trace.seconds, metric=trace.metric, seed=seed)


def in_band(done: Run) -> float:
    """Of the seconds from the 60th on, the part with a load in target ± 5, as the mean of the minute up to each."""
    loads = done.minutely()
    return 100 * sum(abs(load - TARGET) <= BAND for load in loads) / len(loads)


def overshoot(done: Run) -> float:
    """The highest of those loads above the target, in per cent of the target."""
    return max(0.0, 100 * (max(done.minutely()) - TARGET) / TARGET)


def outcomes(place: int, seeds: Sequence[int] = SEEDS) -> dict[str, Outcome]:
    """Of each policy, and of the oracle, in one of the traces."""
    trace = TRACES[place]
    best = [run(trace, Oracle(trace), seed) for seed in seeds]
    runs = {name: [run(trace, policy(trace), seed) for seed in seeds] for name, policy in POLICIES.items()}
    return {name: _outcome(own, best) for name, own in [*runs.items(), ("oracle", best)]}


def _outcome(runs: Sequence[Run], best: Sequence[Run]) -> Outcome:
    return Outcome(
        in_band=fmean(map(in_band, runs)),
        overshoot=max(map(overshoot, runs)),
        of_oracle=100 * sum(one.done for one in runs) / sum(one.done for one in best),
    )


def seconds_to_halve(*, hears_signals: bool, seed: int = 1) -> int:
    """From a step overload until at most half as many tasks are started, at the worst second of a minute."""
    return max(_halved(phase, hears_signals=hears_signals, seed=seed) for phase in PHASES)


def _halved(phase: int, *, hears_signals: bool, seed: int) -> int:
    """Until the end of the first 5 s in which at most half as many are started as before, and as have ended."""
    known = next(trace for trace in TRACES if trace.name == "step overload")
    step = OVERLOAD_AT // MINUTE * MINUTE + phase
    plant = replace(known.plant, others=lambda second: known.plant.others(second - step + OVERLOAD_AT))
    trace = replace(known, plant=plant, seconds=step + 240, metric=known.metric if hears_signals else QUICK)
    done = run(trace, ours(trace, hears_signals=hears_signals), seed)
    usual = sum(done.started[step - BEFORE : step]) / BEFORE * WINDOW
    for end in range(step + WINDOW, len(done.started)):
        started = sum(done.started[end - WINDOW : end])
        ended = started - (done.running[end - 1] - done.running[end - WINDOW - 1])
        if started <= usual / 2 and started <= ended / 2:
            return end - step
    return trace.seconds
