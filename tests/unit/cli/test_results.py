"""`sosw job --results --failures --json` is one document, whatever goes wrong while it is written."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from sosw.cli.results import tell
from sosw.cli.session import Session
from sosw.client import Result, SubmittedJob
from sosw.domain.errors import SoswError
from sosw.domain.task import JobId, task_id
from tests.unit.cli.conftest import Run
from tests.unit.client.conftest import SHOPS, ClientWorld


@pytest.fixture
def done(world: ClientWorld) -> ClientWorld:
    """A world with a job of three tasks that are done."""
    world.client.submit("sales", idempotency_key="k", **SHOPS, shops=["a", "b", "c"])
    world.end("k", 0, 1, 2)
    world.count()
    return world


def test_tasks_that_have_left_end_the_document_with_an_error_after_the_results(sosw: Run, done: ClientWorld) -> None:
    del done.tasks.tasks[task_id(JobId("k"), 0)]
    told = sosw("job", "k", "--results", "--failures", "--json")

    assert [each["number"] for each in told.json["results"]] == [1, 2]
    assert "failures" not in told.json
    assert (told.json["error"]["type"], told.json["error"]["exit_code"], told.code) == ("TasksGone", 1, 1)
    assert told.json["error"]["message"] in told.err


@pytest.mark.parametrize(
    ("error", "kind", "code"),
    [(SoswError("throttled"), "SoswError", 1), (KeyboardInterrupt(), "KeyboardInterrupt", 130)],
)
def test_what_was_read_before_an_error_is_in_the_document(
    sosw: Run, done: ClientWorld, monkeypatch: pytest.MonkeyPatch, error: BaseException, kind: str, code: int
) -> None:
    whole = SubmittedJob.results

    def broken(self: SubmittedJob) -> Iterator[Result]:
        yield next(whole(self))
        raise error

    monkeypatch.setattr(SubmittedJob, "results", broken)
    told = sosw("job", "k", "--results", "--json")

    assert [each["result"] for each in told.json["results"]] == [{"n": 0}]
    assert (told.json["error"]["type"], told.json["error"]["exit_code"], told.code) == (kind, code, code)
    assert done.client.job("k").known_status.done == 3


def test_an_error_before_the_first_result_leaves_an_empty_list(
    sosw: Run, done: ClientWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> Any:
        raise SoswError("throttled")

    monkeypatch.setattr(done.tasks, "get_many", broken)
    told = sosw("job", "k", "--failures", "--json")

    assert (told.json["failures"], told.json["error"]["message"], told.code) == ([], "throttled", 1)


def test_a_bug_is_raised_as_it_is_and_leaves_a_whole_document(
    done: ClientWorld, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: Any, **__: Any) -> Any:
        raise ZeroDivisionError("bug")

    job = done.client.job("k")
    monkeypatch.setattr(done.tasks, "get_many", broken)
    with pytest.raises(ZeroDivisionError):
        tell(Session(as_json=True), job, job.known_status, done=True, dead=False)

    document = json.loads(capsys.readouterr().out)
    assert (document["results"], document["error"]["type"]) == ([], "ZeroDivisionError")
