"""What readings teach of a plant, and what was used while they were taken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from random import Random

import pytest

from sosw.domain import usage
from sosw.domain.plant_model import PlantModel
from sosw.domain.signals import Signals
from tests.factories import NOW, seconds

FIRST = PlantModel.first(30.0, 20.0, moved=0.0, band=5.0, typical=0.2)


def learnt(pairs: Sequence[tuple[float, float]], model: PlantModel = FIRST) -> PlantModel:
    for load, used in pairs:
        model = model.corrected(load, used, band=5.0, moved=0.0)
    return model


def test_one_reading_is_between_all_ours_and_hardly_ours() -> None:
    assert 0.2 < FIRST.gain < 30 / 20
    assert FIRST.load(20) == pytest.approx(30)


def test_rest_and_gain_are_learnt_from_readings_with_different_use() -> None:
    random = Random(1)
    pairs = [(20 + 0.5 * used + random.gauss(0, 1), used) for used in (20, 30, 50, 80, 100, 90, 100, 80, 100, 90)]
    model = learnt(pairs)
    assert model.rest == pytest.approx(20, abs=4)
    assert model.gain == pytest.approx(0.5, abs=0.05)
    assert model.is_sure
    assert model.most_gain > model.gain


def test_a_jump_is_news_of_the_others() -> None:
    model = learnt([(20 + 0.5 * used, used) for used in (20, 40, 80, 100, 90, 100)])
    jumped = learnt([(95.0, 100.0)], model)
    assert jumped.gain == pytest.approx(model.gain, abs=0.05)
    assert jumped.rest > model.rest + 15


def test_noise_is_learnt_and_then_moves_less() -> None:
    random = Random(2)
    calm = learnt([(70.0, 100.0)] * 60)
    noisy = learnt([(70 + random.gauss(0, 6), 100.0) for _ in range(60)])
    assert noisy.noise_var > 4 * calm.noise_var
    moves = [abs(learnt([(76.0, 100.0)], model).load(100) - model.load(100)) for model in (calm, noisy)]
    assert moves[1] < moves[0]


def test_a_gain_is_never_more_than_all_of_the_load_nor_another_one_at_once() -> None:
    assert learnt([(5.0, 100.0)]).gain <= 0.05
    assert learnt([(99.0, 20.0)]).gain <= 2 * FIRST.gain
    assert learnt([(1.0, 0.0)]).gain >= FIRST.gain / 4
    far, near, negative = (replace(FIRST, gain=gain).bounded(90.0, 20.0, 0.5) for gain in (9.0, 0.6, -1.0))
    assert (far.gain, near.gain, negative.gain) == (1.0, 0.6, 0.45)


def test_without_use_or_load_the_gain_is_a_guess() -> None:
    idle = PlantModel.first(30.0, 0.0, moved=0.0, band=5.0, typical=0.7)
    assert (idle.rest, idle.gain) == (30.0, 0.7)
    assert PlantModel.first(0.0, 20.0, moved=0.0, band=5.0, typical=0.7).rest == 0.0
    assert learnt([(0.0, 20.0)]).gain >= FIRST.gain / 4


def test_a_gain_that_is_known_exactly_stays_what_it_is() -> None:
    exact = replace(FIRST, gain_var=0.0, both_var=0.0).bounded(30.0, 20.0, FIRST.gain)
    assert (exact.gain, exact.gain_var) == (FIRST.gain, 0.0)


def test_what_moved_while_it_was_measured_teaches_less() -> None:
    still, moved = (FIRST.corrected(60.0, 40.0, band=5.0, moved=m) for m in (0.0, 40.0))
    assert moved.gain_var > still.gain_var
    assert moved.noise_var == FIRST.noise_var


def test_it_is_kept_and_read_again_unless_it_is_broken() -> None:
    assert PlantModel.of(FIRST.kept()) == FIRST
    assert PlantModel.of({}) is None
    assert PlantModel.of({**FIRST.kept(), "gain": -1.0}) is None
    assert PlantModel.of({**FIRST.kept(), "rest": float("nan")}) is None


def test_use_between_two_moments_is_a_mean_over_time() -> None:
    memory = usage.sampled(usage.sampled({}, 10, NOW), 30, NOW + seconds(60))
    memory = usage.sampled(memory, 30, NOW + seconds(120))
    assert usage.between(memory, NOW, NOW + seconds(60)) == (20, 20)
    assert usage.between(memory, NOW + seconds(60), NOW + seconds(300)) == (30, 0)
    assert usage.between(memory, NOW - seconds(60), NOW) == (10, 0)
    assert usage.between(memory, NOW, NOW + seconds(120)) == (25, 20)
    assert usage.between(memory, NOW + seconds(30), NOW + seconds(30)) == (20, 0)


def test_what_is_too_old_is_forgotten() -> None:
    memory = usage.timed(usage.sampled({"other": 1.0}, 10, NOW), Signals(count=1, timed=1, seconds=0.5), NOW)
    later = NOW + seconds(3600)
    forgotten = usage.timed(usage.sampled(memory, 20, later), Signals(), later)
    assert usage.latency(memory, NOW, NOW + seconds(60)) == (0.5, 1)
    assert usage.latency(forgotten, NOW, NOW + seconds(60)) == (0, 0)
    assert usage.last(forgotten) == 20
    assert forgotten["other"] == 1.0


def test_what_was_used_before_a_cut_is_no_more_than_seen_nor_than_allowed() -> None:
    memory = usage.sampled({}, 10, NOW)
    assert usage.last(usage.noted(memory, 40, NOW + seconds(5))) == 10
    assert usage.last(usage.noted(memory, 4, NOW + seconds(5))) == 4
    assert usage.noted({}, 40, NOW) == {}
