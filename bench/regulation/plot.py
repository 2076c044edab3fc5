"""docs/images/regulation.svg: the load in each trace, under sosw and under sosw 0.7's coefficients."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

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
INK, PALE = "#1f2933", "#d9e2ec"
LINES = {"sosw": "#0b7285", "static limit": "#829ab1", "0.7's coefficients": "#e8590c"}
STYLE: dict[Any, Any] = {
    "svg.hashsalt": "sosw",
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.sans-serif": ["Helvetica", "Arial", "DejaVu Sans"],
    "font.size": 9,
    "text.color": INK,
    "axes.edgecolor": PALE,
    "axes.labelcolor": INK,
    "path.simplify_threshold": 0.5,
}
"""Nothing that differs from run to run: the same figures are the same file."""


def draw(path: Path, seed: int) -> None:
    """All traces, each run with `seed`."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=SIZE, layout="constrained")
        charts = figure.subplots(-(-len(TRACES) // COLUMNS), COLUMNS, sharex=True, sharey=True).flat
        for chart, trace in zip(charts, TRACES, strict=True):
            _chart(chart, trace, seed)
        handles, labels = charts[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper center", ncols=len(labels), frameon=False)
        figure.savefig(path, format="svg", metadata={"Date": None, "Creator": None})
    _tell(path)


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


def _tell(path: Path) -> None:
    """Say what the picture shows, for who cannot see it; without lines that end in blanks."""
    drawing = path.read_text("utf-8")
    start = drawing.index(">", drawing.index("<svg")) + 1
    told = f"\n <title>{TITLE}</title>\n <desc>{ABOUT}</desc>"
    lines = (drawing[:start] + told + drawing[start:]).splitlines()
    path.write_text("\n".join(line.rstrip() for line in lines) + "\n", "utf-8")
