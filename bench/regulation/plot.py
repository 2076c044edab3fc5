"""docs/images/regulation.svg: the load in each trace, under sosw and under sosw 0.7's coefficients."""

from __future__ import annotations

from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench import drawing
from bench.drawing import INK, OURS, PLAIN, THEIRS
from bench.regulation.figures import run
from bench.regulation.policies import Coefficients, Static, ours
from bench.regulation.traces import BAND, TARGET, TRACES, Trace
from sosw.testing.regulation import MINUTE, Policy

TITLE = "The load in ten traces"
ABOUT = (
    "Ten small charts, one a trace, of CPU load over two hours, each with the target band from 65 to 75 per cent. "
    "The line of sosw climbs into the band within five minutes and stays there, but for short dips and peaks where "
    "others' load jumps. The line of sosw 0.7's coefficients swings between 30 and 100 per cent. That of a static "
    "limit is right until others' load changes, and off by as much from then on."
)
COLUMNS, SIZE, EVERY = 2, (10.5, 13.0), 20
"""Charts in a row; inches; seconds between two points of a line."""
LINES = {"sosw": OURS, "static limit": PLAIN, "0.7's coefficients": THEIRS}


def draw(path: Path, seed: int) -> None:
    """All traces, each run with `seed`."""
    drawing.draw(path, SIZE, lambda figure: _paint(figure, seed), title=TITLE, about=ABOUT)


def _paint(figure: Figure, seed: int) -> None:
    charts = figure.subplots(-(-len(TRACES) // COLUMNS), COLUMNS, sharex=True, sharey=True).flat
    for chart, trace in zip(charts, TRACES, strict=True):
        _chart(chart, trace, seed)
    handles, labels = charts[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=len(labels), frameon=False)


def _chart(chart: Axes, trace: Trace, seed: int) -> None:
    policies: dict[str, Policy] = {
        "0.7's coefficients": Coefficients(trace),
        "static limit": Static(trace),
        "sosw": ours(trace),
    }
    chart.axhspan(TARGET - BAND, TARGET + BAND, color="#e3f9f3", zorder=0)
    for name, policy in policies.items():
        loads = run(trace, policy, seed).minutely()[::EVERY]
        minutes = [1 + point * EVERY / MINUTE for point in range(len(loads))]
        width = 1.6 if name == "sosw" else 0.9
        chart.plot(minutes, loads, color=LINES[name], linewidth=width, label=name)
    chart.set_title(trace.name, fontsize=10, loc="left", color=INK)
    chart.set(xlim=(0, trace.seconds / MINUTE), ylim=(0, 104), yticks=[0, TARGET, 100], xticks=range(0, 121, 30))
    chart.set_xlabel("minutes" if trace in TRACES[-COLUMNS:] else "")
    chart.set_ylabel("load, %" if TRACES.index(trace) % COLUMNS == 0 else "")
    chart.tick_params(colors=INK, length=0)
