"""Orders and explanations, as people use them, on the deployed templates."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from sosw import Client
from sosw.client import OrderRefused, Reason
from tests.e2e.conftest import LIMIT, ROOT, run
from tests.unit.docs import markdown as md

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.conftest import Deployment


@pytest.fixture(autouse=True)
def nothing_ordered(client: Client) -> Iterator[None]:
    """However a test ends, the others find the labourers at work."""
    yield
    for target in ("obedient", "everything"):
        client.resume(target)
        client.limit(target, None, why="a test has ended")


def test_a_paused_labourer_lets_its_tasks_wait_says_why_and_goes_on_when_it_is_resumed(
    deployment: Deployment,
) -> None:
    paused = run(deployment, "pause", "obedient", "--why", "a test of pausing")
    again = json.loads(run(deployment, "pause", "obedient", "--why", "once more", "--json").stdout)
    run(deployment, "submit", "obedient", "--key", "controls-paused")
    waits = run(deployment, "job", "controls-paused", "--wait", "--timeout", "3")
    told = run(deployment, "why", "controls-paused#0")
    listed = json.loads(run(deployment, "labourers", "--json").stdout)["labourers"]
    resumed = run(deployment, "resume", "obedient")
    ended = run(deployment, "job", "controls-paused", "--wait", "--timeout", "60")
    log = run(deployment, "why", "obedient", "--log")

    assert (paused.stdout, again["changed"]) == (
        "labourer obedient is paused: nothing of it starts, what runs may end\n", False,
    )  # fmt: skip
    assert (waits.returncode, ended.returncode) == (3, 0), told.stdout
    assert told.stdout.startswith("controls-paused#0: paused by "), told.stdout
    assert told.stdout.splitlines()[0].endswith(": a test of pausing")
    (obedient,) = (each for each in listed if each["labourer"] == "obedient")
    assert (obedient["is_paused"], obedient["limit"], obedient["due"]) == (True, 0, 1)
    assert resumed.stdout.startswith("labourer obedient is resumed")
    told_last = [line.split("UTC  ")[1].split(" by ")[0] for line in log.stdout.splitlines() if "UTC  " in line]
    assert [line for line in told_last if not line.startswith("limit")][:2] == ["resumed", "paused"]
    assert told_last[0] == "limit 0 → 4 of 4"


def test_a_limit_of_everything_holds_until_it_is_lifted(client: Client) -> None:
    client.limit("everything", 0, why="a test", by="tests")
    job = client.submit("obedient", idempotency_key="controls-limited")
    told = client.why("controls-limited#0")
    lifted = client.limit("everything", None, why="over", by="tests")
    status = job.wait(timeout=60)

    assert told.headline.startswith(
        f"waiting: nothing may start: limit 0 of {LIMIT} because everything is limited to 0 by tests since "
    )
    assert (lifted.said, status.done) == ("the ordered limit of everything, 0, is lifted", 1)
    assert client.why("controls-limited#0").reason is Reason.DONE


def test_what_waits_for_a_missing_function_and_for_wrong_settings_is_told(client: Client) -> None:
    client.submit("absent", idempotency_key="controls-absent")
    (mistaken,) = (each for each in client.labourers() if each.labourer == "mistaken")

    assert client.why("controls-absent#0").reason in {Reason.NEXT, Reason.STARTING, Reason.RUNNING, Reason.RETRY}
    assert "max_simultaneous_invocations: -1 must be a whole number from 0 to 10,000" in mistaken.why


def test_a_wrong_order_is_refused_with_a_guess(client: Client, deployment: Deployment) -> None:
    with pytest.raises(OrderRefused, match=r"is not a registered labourer \(did you mean 'obedient'\?\)$"):
        client.pause("obediant", why="a test")
    ended = run(deployment, "limit", "obedient", "--to", "-1", "--why", "a test")
    assert (ended.returncode, ended.stderr.count("\n")) == (1, 1), ended.stderr
    assert "sosw: to: -1 must be a whole number from 0 to 10,000" in ended.stderr


@pytest.mark.parametrize("page", ["pause-and-limit", "find-out-why"])
def test_the_python_of_the_pages_runs(client: Client, page: str, capsys: pytest.CaptureFixture[str]) -> None:
    path = ROOT / "docs" / "howto" / f"{page}.md"
    (block,) = md.blocks(path, "python")
    exec(block.text.replace("flight-delays", "obedient"), {"client": client})  # noqa: S102  (what a reader copies)
    said = capsys.readouterr().out

    assert ("True" if page == "pause-and-limit" else "obedient ") in said
