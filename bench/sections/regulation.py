"""How well the controller holds a plant at its target."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor

from bench import programs
from bench.figures import Budget, Section, number
from bench.regulation.figures import PHASES, SEEDS, WINDOW, Outcome, outcomes, seconds_to_halve
from bench.regulation.plot import draw
from bench.regulation.traces import TRACES
from bench.sections.options import Options

PICTURE = programs.ROOT / "docs" / "images" / "regulation.svg"
LEAST_IN_BAND, MOST_OVERSHOOT, LEAST_OF_ORACLE = 90.0, 15.0, 85.0
MOST_WITH_SIGNALS, MOST_WITH_CLOUDWATCH = 10, 90
ABOUT = f"""\
A simulated plant ([`sosw.testing.plant`](../sosw/testing/plant.py)) has a load that depends on the tasks that run, on
what others do to it, and on chance. Target 70 % ± 5. Each trace is two hours, second by second, from a cold start at 30
tasks, with readings as CloudWatch brings them: the mean of each minute, known 20–50 s after its end (asked for once a
minute, so up to 140 s after what it tells of), and with the latencies and errors that the Workers signal. The
controller is the real one ([how it works](explanation/controller.md)), its resource's `band` is 2.5.

- *In band*: of all seconds from the 60th on, warm-up and every step included, the part with a load in 70 ± 5, as the
  mean of the 60 seconds up to it.
- *Over*, the overshoot: the highest of those means above 70, in per cent of 70.
- *Of oracle*: tasks that ended well, in per cent of those of one who knows at each second what others take and what a
  task adds (not the noise). It cannot end a task either.

In band and of oracle are the means of seeds {", ".join(map(str, SEEDS))}, over is the worst of them. *Static* is a
limit that is right at the beginning and never changes. *0.7.51* is sosw 0.7's way: the limit times a coefficient of the
health, whose thresholds lie around the target (0 %, 60 %, 75 %, 85 %, 95 %: health 4 to 0), such that "good" is right
at the beginning.

*Halving*: the "step overload" comes at {len(PHASES)} different seconds of a minute; the figure is the worst. It is the
time from the step to the end of the first {WINDOW} s in which at most half as many tasks were started as in {WINDOW} s
before it, and at most half as many as ended (a plant that is overloaded slows its tasks down by itself; that does not
count). With CloudWatch alone it is where a minute is known within 15 s of its end: up to 60 s until the minute is over,
and every second that it is known later comes on top.

| trace | what happens |
| --- | --- |
{chr(10).join(f"| {trace.name} | {trace.about} |" for trace in TRACES)}

![The load in each trace](images/regulation.svg)"""
COLUMNS = [
    "trace",
    "in band, %",
    "over, %",
    "of oracle, %",
    *("static: in band", "over", "of oracle"),
    *("0.7.51: in band", "over", "of oracle"),
    "oracle: in band",
]


def regulation(options: Options) -> Section:
    """All traces, all policies, and the picture. In processes, two at a time: it is computing alone."""
    options.say(f"{len(TRACES)} traces of a plant, {len(SEEDS)} times each, under four policies")
    with ProcessPoolExecutor(2) as pool:
        halving = {hears: pool.submit(seconds_to_halve, hears_signals=hears) for hears in (True, False)}
        found = dict(zip((trace.name for trace in TRACES), pool.map(outcomes, TRACES_BY_NUMBER), strict=True))
        seconds = {hears: future.result() for hears, future in halving.items()}
    draw(PICTURE, SEEDS[0])
    worst = _worst([each["sosw"] for each in found.values()])
    return Section(
        key="regulation",
        title="Regulating a resource",
        about=ABOUT,
        columns=COLUMNS,
        rows=[_row(name, each) for name, each in found.items()],
        budgets=[
            Budget(name="% of the time in band, worst trace", value=worst.in_band, least=LEAST_IN_BAND),
            Budget(name="% overshoot, worst trace", value=worst.overshoot, most=MOST_OVERSHOOT),
            Budget(name="% of the oracle's throughput, worst trace", value=worst.of_oracle, least=LEAST_OF_ORACLE),
            Budget(name="s to halve, with signals", value=seconds[True], most=MOST_WITH_SIGNALS),
            Budget(name="s to halve, CloudWatch alone", value=seconds[False], most=MOST_WITH_CLOUDWATCH),
        ],
        summary=_summary(worst),
    )


TRACES_BY_NUMBER = range(len(TRACES))
"""What is sent to a process: a trace holds functions, which do not travel."""


def _worst(each: list[Outcome]) -> Outcome:
    return Outcome(
        in_band=min(one.in_band for one in each),
        overshoot=max(one.overshoot for one in each),
        of_oracle=min(one.of_oracle for one in each),
    )


def _summary(worst: Outcome) -> str:
    band, over, best = (number(round(value, 1)) for value in (worst.in_band, worst.overshoot, worst.of_oracle))
    return f"regulation: in band {band} %, overshoot {over} %, of oracle {best} %"


def _row(name: str, each: dict[str, Outcome]) -> list[str | float]:
    figures = ((one.in_band, one.overshoot, one.of_oracle) for one in (each["sosw"], each["static"], each["0.7.51"]))
    return [name, *(value for three in figures for value in three), each["oracle"].in_band]
