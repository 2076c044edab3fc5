"""Moments as they are stored and sent."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from sosw.domain.moments import EPOCH, from_ms, to_ms, told


def test_a_moment_is_its_whole_milliseconds_since_the_epoch_rounded_down() -> None:
    assert to_ms(EPOCH + timedelta(microseconds=1_999)) == 1
    assert to_ms(datetime(2026, 1, 1, 13, tzinfo=timezone(timedelta(hours=1)))) == 1_767_268_800_000


def test_what_is_read_back_is_aware_and_in_utc() -> None:
    assert from_ms(1_767_268_800_000) == datetime(2026, 1, 1, 12, tzinfo=timezone.utc)
    assert from_ms(0).tzinfo is timezone.utc


def test_people_are_told_a_moment_of_today_by_its_time() -> None:
    noon = from_ms(1_767_268_805_000)
    assert told(noon, noon + timedelta(hours=11)) == "12:00:05 UTC"
    assert told(noon, noon + timedelta(hours=12)) == told(noon) == "2026-01-01 12:00:05 UTC"
