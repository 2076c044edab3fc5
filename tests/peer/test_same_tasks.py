"""A job that is valid for sosw 0.7.51 makes the same tasks here, in the same order, or a difference that is meant."""

from __future__ import annotations

import json
import sys
from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from sosw.domain.chunking import chunk
from sosw.domain.survey import survey
from tests.peer.conftest import Peer
from tests.peer.differences import SAYS_NO, as_mended, foretold, lacks_only, refusals, unset
from tests.peer.jobs import Case, cases

JOBS = 5_000


def ours(case: Case) -> tuple[list[dict[str, Any]], list[str]]:
    """Our tasks of the case, and what is refused."""
    job = {key: value for key, value in case.job.items() if key != "lambda_name"}
    seen = survey(job, case.schema, case.today)
    if seen.problems:
        return [], list(map(str, seen.problems))
    tasks = json.loads(json.dumps(list(chunk(job, case.schema, case.today))))
    assert len(tasks) == seen.tasks
    return tasks, []


def explained(case: Case, peer: Peer) -> list[str]:
    """How our tasks differ from the peer's, by the names of the rules; `?` where no rule foretells it."""
    theirs, (tasks, refused) = peer(case), ours(case)
    if theirs is None:
        return ["refused by both" if refused else "invalid there"]
    if refused or tasks == theirs:
        return refusals(refused) or ["same"]
    return ["lost"] if lacks_only(theirs, tasks) else by_mending(case, peer, tasks)


def by_mending(case: Case, peer: Peer, tasks: list[dict[str, Any]]) -> list[str]:
    """The faults of the peer's that must be mended in the case until it makes our tasks of it."""
    names = []
    for name, then in foretold(case, peer):
        names.append(name)
        renamed = unset(as_mended(case, tasks))
        if then is None:
            return names if name == SAYS_NO else ["?"]
        if renamed == unset(then):
            return names
        if lacks_only(unset(then), renamed):
            return [*names, "lost"]
    return ["?"]


def test_every_job_makes_the_tasks_that_sosw_makes_of_it(peer: Peer, capsys: pytest.CaptureFixture[str]) -> None:
    seen: Counter[str] = Counter()

    @settings(max_examples=JOBS, suppress_health_check=list(HealthCheck), print_blob=True)
    @given(cases())
    def compare(case: Case) -> None:
        names = explained(case, peer)
        seen.update(names)
        assert "?" not in names, f"{case}\n there: {peer(case)}\n here: {ours(case)}"

    try:
        compare()
    finally:
        with capsys.disabled():
            sys.stdout.write("\n" + "".join(f"{count:7,} {name}\n" for name, count in seen.most_common()))
