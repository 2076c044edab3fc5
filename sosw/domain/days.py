"""The outermost cut of a job: by the days, or the steps, of its period."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from sosw.domain.errors import invalid
from sosw.domain.extensions import Extensions
from sosw.domain.flags import DAYS_PER_BATCH, ISOLATE_DAYS, batch_size, is_set
from sosw.domain.periods import dates, zone
from sosw.domain.steps import is_stepped, pieces

KEYS = ("period", "time_zone", "date_list", ISOLATE_DAYS, DAYS_PER_BATCH)
"""All that days are made of."""


def by_days(job: Mapping[str, Any], today: date, extensions: Extensions, *, is_whole: bool) -> Iterator[dict[str, Any]]:
    """The job for each of its days, batches of days or steps; as it is where none are asked for.

    `is_whole` says that no attribute is chunked: sosw then leaves `period` in the payload, so it stays beside the days.
    """
    period = job.get("period")
    rest = {key: value for key, value in job.items() if key not in {"period", ISOLATE_DAYS}}
    asked = next((flag for flag in (ISOLATE_DAYS, DAYS_PER_BATCH) if is_set(job.get(flag))), None)
    if isinstance(period, dict) and is_stepped(period):
        if asked:
            raise invalid(asked, job[asked], "cannot be asked for beside period.step: choose one of them")
        yield from ({**rest, **piece} for piece in pieces(period, zone(job.get("time_zone"))))
    elif asked:
        days = _days(job, today, extensions, asked)
        size = batch_size(job, {}, (DAYS_PER_BATCH,))
        yield from ({**rest, "date_list": days[begin : begin + size]} for begin in range(0, len(days), size))
    elif period is not None:
        kept = job if is_whole and isinstance(period, str) else rest
        yield {**kept, "date_list": [str(day) for day in dates(period, today, extensions)]}
    else:
        yield dict(job) if is_whole else rest


def _days(job: Mapping[str, Any], today: date, extensions: Extensions, asked: str) -> list[Any]:
    if job.get("period") is not None:
        return [str(day) for day in dates(job["period"], today, extensions)]
    days = job.get("date_list")
    if not isinstance(days, list) or not days:
        raise invalid(asked, job[asked], "needs a period, or a date_list of days to isolate")
    return days
