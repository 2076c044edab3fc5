"""The crash points of the store's calls, on the real engine: each call of botocore's goes wrong, and all comes to rest.

`SOSW_DYNAMODB_LOCAL=1 make soak` tries all of them; one in so many here.
"""

from __future__ import annotations

from itertools import islice

import pytest

from tests.contract.backends import Dynamo
from tests.contract.crashing import KINDS, Tables, broken, every_point
from tests.property.crash.stories import STORIES

TRIED = ("a_job_is_done", "an_orchestrator_dies_between_naming_and_claiming")
ONE_IN = 67


@pytest.mark.long
def test_from_crash_points_on_the_real_engine_all_comes_to_its_end(metered: Dynamo) -> None:
    tables = Tables(metered)
    stories = [story for story in STORIES if story.name in TRIED]
    points = list(every_point(tables, stories))
    assert {point.call.operation for point in points} == KINDS.keys()
    tried = list(islice(points, 0, None, ONE_IN))
    assert [told for point in tried if (told := broken(tables, point))] == []
