"""A change is followed to its end, though AWS is late to tell of it, or does not answer for a while."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from sosw.aws.faults import AwsFailed
from sosw.aws.stacks import Stacks
from sosw.deploy.errors import ChangeFailed, LostSight
from sosw.deploy.following import PATIENCE, Follower
from sosw.domain.stacks import EventFacts, StackFacts
from tests.unit.deploy.cloud import event, sosw

Look = tuple[str | AwsFailed, list[EventFacts]]
THROTTLED = AwsFailed("stack sosw could not be looked at", "Throttling", "Rate exceeded")
FORBIDDEN = AwsFailed("stack sosw could not be looked at", "AccessDenied", "you may not")
SILENT = AwsFailed("stack sosw could not be looked at", "ConnectTimeoutError", "after 30 s")
BEGUN = event("sosw", "UPDATE_IN_PROGRESS", "User Initiated")
ENDED = event("sosw", "UPDATE_COMPLETE")


class Shown(Stacks):
    """What AWS shows, look after look; the last one stays."""

    def __init__(self, looks: Sequence[Look]) -> None:
        self._looks, self._seen = list(looks), list[EventFacts]()
        self.took = 0.0
        """Seconds that it did not answer."""

    def find(self, name: str) -> StackFacts | None:
        assert name
        status, news = self._looks[0]
        self._seen += news
        self._looks[0] = (status, [])
        if len(self._looks) > 1:
            self._looks.pop(0)
        if isinstance(status, AwsFailed):
            self.took += 30 * (status is SILENT)
            raise status
        return sosw(status) if status else None

    def events(self, stack: str, after: str | None) -> list[EventFacts]:
        assert stack
        ids = [each.id for each in self._seen]
        return self._seen[ids.index(after) + 1 :] if after in ids else list(self._seen)

    def refused(self, stack: str) -> str:
        assert stack
        return ""


def follow(*looks: Look) -> tuple[Callable[[], StackFacts | None], list[float]]:
    slept: list[float] = []
    shown = Shown(looks)
    follower = Follower(shown, lambda _event: None, 2.0, slept.append, lambda: sum(slept) + shown.took)
    return lambda: follower.to_the_end("sosw", None), slept


def test_how_the_stack_was_before_is_not_taken_for_its_end() -> None:
    end, _ = follow(
        ("CREATE_COMPLETE", []), ("CREATE_COMPLETE", []), ("UPDATE_IN_PROGRESS", [BEGUN]), ("UPDATE_COMPLETE", [ENDED])
    )
    found = end()
    assert found
    assert found.status == "UPDATE_COMPLETE"


def test_nor_is_it_where_aws_tells_of_the_beginning_before_it_shows_it() -> None:
    failed = [event("B", "UPDATE_FAILED", "the cause"), event("sosw", "UPDATE_ROLLBACK_COMPLETE")]
    end, _ = follow(("UPDATE_COMPLETE", [BEGUN]), ("UPDATE_COMPLETE", []), ("UPDATE_ROLLBACK_COMPLETE", failed))
    with pytest.raises(ChangeFailed, match="the cause"):
        end()


def test_a_change_of_which_nothing_is_told_for_a_minute_is_over() -> None:
    end, slept = follow(("UPDATE_COMPLETE", []))
    found = end()
    assert found
    assert (found.status, sum(slept)) == ("UPDATE_COMPLETE", PATIENCE)


def test_a_deletion_is_not_failed_because_it_has_not_begun() -> None:
    end, _ = follow(("UPDATE_COMPLETE", []), ("DELETE_IN_PROGRESS", [BEGUN]), ("", []))
    assert end() is None


def test_who_is_throttled_looks_again() -> None:
    end, _ = follow((THROTTLED, []), (THROTTLED, []), ("UPDATE_IN_PROGRESS", [BEGUN]), ("UPDATE_COMPLETE", [ENDED]))
    assert end() is not None


@pytest.mark.parametrize(("failed", "patience"), [(THROTTLED, PATIENCE), (FORBIDDEN, 0.0), (SILENT, 2.0)])
def test_who_cannot_look_any_more_is_told_that_aws_goes_on(failed: AwsFailed, patience: float) -> None:
    end, slept = follow(("UPDATE_IN_PROGRESS", [BEGUN]), (failed, []))
    with pytest.raises(
        LostSight, match=r"could not be looked at .*: AWS goes on with it; how it stands is told by the"
    ):
        end()
    assert sum(slept) == 2.0 + patience


@pytest.mark.parametrize(
    ("news", "said"),
    [
        (
            [
                event("sosw", "UPDATE_ROLLBACK_IN_PROGRESS", "Export sosw-X cannot be deleted as it is in use by Y"),
                event("sosw", "UPDATE_ROLLBACK_FAILED", "later"),
            ],
            "Export sosw-X cannot be deleted",
        ),
        (
            [
                event("A", "UPDATE_FAILED", "Resource update cancelled"),
                event("B", "UPDATE_FAILED", "the cause"),
                event("sosw", "UPDATE_ROLLBACK_IN_PROGRESS", "The following resource(s) failed to update: [A, B]."),
            ],
            "B (AWS::X::Y) UPDATE_FAILED: the cause",
        ),
        ([event("sosw", "UPDATE_ROLLBACK_IN_PROGRESS", "The following resource(s) failed")], "no reason is told"),
    ],
)
def test_the_first_cause_is_told_also_where_it_is_told_of_the_stack_alone(news: list[EventFacts], said: str) -> None:
    end, _ = follow(("UPDATE_ROLLBACK_COMPLETE", [BEGUN, *news]))
    with pytest.raises(ChangeFailed) as failed:
        end()
    assert said in str(failed.value)
