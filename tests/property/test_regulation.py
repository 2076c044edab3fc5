"""The figures of the regulation benchmark are guarded: each trace, once, and the budgets of docs/benchmarks.md."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from bench import drawing
from bench.regulation import figures
from bench.regulation.policies import Coefficients, Oracle, Static, at_start, ours
from bench.regulation.traces import TARGET, TRACES, Trace
from bench.sections.regulation import (
    LEAST_IN_BAND,
    LEAST_OF_ORACLE,
    MOST_OVERSHOOT,
    MOST_WITH_CLOUDWATCH,
    MOST_WITH_SIGNALS,
)
from sosw.testing.regulation import Run

SEED = figures.SEEDS[0]
BY_NAME = {trace.name: trace for trace in TRACES}


@pytest.mark.long
@pytest.mark.parametrize("trace", TRACES, ids=lambda trace: trace.name)
def test_the_load_stays_at_its_target_in_every_trace(trace: Trace) -> None:
    done = figures.run(trace, ours(trace), SEED)
    assert figures.in_band(done) >= LEAST_IN_BAND
    assert figures.overshoot(done) <= MOST_OVERSHOOT


@pytest.mark.parametrize("name", ["step overload", pytest.param("lagging metrics", marks=pytest.mark.long)])
def test_nearly_as_much_is_done_as_by_one_who_knows_the_plant(name: str) -> None:
    trace = BY_NAME[name]
    best = figures.run(trace, Oracle(trace), SEED)
    assert 100 * figures.run(trace, ours(trace), SEED).done / best.done >= LEAST_OF_ORACLE
    assert figures.in_band(best) > 98


@pytest.mark.parametrize("phase", [0, 50])
def test_a_step_overload_halves_the_dispatch_rate_in_time(phase: int) -> None:
    assert figures._halved(phase, hears_signals=True, seed=SEED) <= MOST_WITH_SIGNALS
    assert figures._halved(phase, hears_signals=False, seed=SEED) <= MOST_WITH_CLOUDWATCH


@pytest.mark.long
def test_without_a_metric_signals_alone_keep_it_from_saturation_and_at_work() -> None:
    trace = BY_NAME["calm"]
    done = figures.run(trace, ours(trace, is_measured=False), SEED)
    assert max(done.minutely()) < 90
    assert done.refused == 0
    assert done.done >= 0.85 * figures.run(trace, Oracle(trace), SEED).done


def test_what_it_is_compared_with_begins_at_the_target() -> None:
    trace = replace(BY_NAME["calm"], seconds=1200)
    assert at_start(trace) == 100
    assert figures.in_band(figures.run(trace, Static(trace), SEED)) == 100
    assert Coefficients(trace).share == 0.5


def test_figures_are_counted_as_the_page_says() -> None:
    run = Run(load=[TARGET + 5.0] * 60 + [TARGET + 5.1] * 60)
    assert len(run.minutely()) == 61
    assert figures.in_band(run) == pytest.approx(100 / 61)
    assert figures.overshoot(run) == pytest.approx(100 * 5.1 / TARGET)


def test_a_run_with_the_same_seed_is_the_same_run() -> None:
    trace = replace(BY_NAME["short tasks"], seconds=600)
    first, second, other = (figures.run(trace, ours(trace), seed) for seed in (1, 1, 2))
    assert first == second
    assert first != other


def test_the_traces_are_ten_and_each_says_what_happens() -> None:
    assert len(BY_NAME) == 10
    assert all(trace.about for trace in TRACES)


def test_the_picture_says_what_it_shows(tmp_path: Path) -> None:
    path = tmp_path / "p.svg"
    path.write_text('<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg">  \n</svg>\n')
    drawing._tell(path, "A title", "What it shows.")
    told = ET.parse(path).getroot()  # noqa: S314  (a file of our own)
    assert [child.tag.rpartition("}")[2] for child in told] == ["title", "desc"]
