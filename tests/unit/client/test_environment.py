"""An environment that is not there is told in one sentence; one that is damaged gives all of its findings."""

from __future__ import annotations

import pytest

from sosw.aws.dynamodb.errors import TableFailed
from sosw.aws.inspector import expected_tables
from sosw.client import NoSuchEnvironment
from sosw.domain.errors import NotThere, SoswError
from tests.unit.client.doctoring import NAMES, Examined

FULL = (
    "there is no environment 'sosw' in account 123456789012, region eu-west-1{}another --prefix or --region, "
    "or deploy this one: sosw deploy --prefix sosw"
)


@pytest.fixture
def world() -> Examined:
    return Examined()


def empty(world: Examined, *others: str) -> Examined:
    """Nothing of it is there, but tables of those other environments."""
    world.inspector.functions.clear()
    world.inspector.tables.clear()
    world.inspector.others = [name for other in others for name in expected_tables(other)]
    return world


@pytest.mark.parametrize(
    ("others", "said"),
    [
        (("soswa", "other"), ": did you mean 'soswa'? Name "),
        (("billing", "stage"), ": known: billing, stage. Name "),
        (("a1", "b2", "c3", "d4", "e5", "f6"), ": known: a1, b2, c3, d4, e5, …. Name "),
        ((), ", nor any other: name "),
    ],
)
def test_an_environment_that_is_not_there_is_told_in_one_sentence_with_those_that_are(
    world: Examined, others: tuple[str, ...], said: str
) -> None:
    with pytest.raises(NoSuchEnvironment) as told:
        empty(world, *others).examine()
    assert str(told.value) == FULL.format(said)


def test_a_table_or_two_that_end_as_ours_do_are_no_environment(world: Examined) -> None:
    empty(world).inspector.others = ["shop-jobs", "shop-tasks", "mail-config"]
    with pytest.raises(NoSuchEnvironment) as told:
        world.client.require_environment()
    assert told.value.known == ()


def test_what_is_there_is_told_of_by_all_of_its_findings(world: Examined) -> None:
    world.inspector.functions.clear()
    only = next(iter(world.inspector.tables))
    world.inspector.tables = {only: world.inspector.tables[only]}
    world.client.require_environment()
    assert {f"function {name} is not there" for name in NAMES.functions} <= set(world.told())


def test_one_function_that_is_left_is_an_environment(world: Examined) -> None:
    empty(world, "soswa").inspector.functions[NAMES.scavenger] = Examined().inspector.functions[NAMES.scavenger]
    world.client.require_environment()
    assert len(world.told()) > 5


@pytest.mark.parametrize("blind", ["function", "table", "here"])
def test_where_it_cannot_be_seen_nothing_is_said_to_be_absent(world: Examined, blind: str) -> None:
    empty(world, "soswa").inspector.blind = {blind}
    world.client.require_environment()
    assert not world.examine().is_clean


def test_where_tables_may_not_be_listed_no_other_is_told(world: Examined) -> None:
    empty(world, "soswa").inspector.blind = {"table_names"}
    with pytest.raises(NoSuchEnvironment, match="nor any other"):
        world.client.require_environment()


@pytest.mark.parametrize(("code", "is_absent"), [("ResourceNotFoundException", True), ("AccessDenied", False)])
def test_a_table_that_is_not_there_is_an_error_of_its_own(code: str, *, is_absent: bool) -> None:
    error: SoswError = TableFailed.of("sosw-jobs", "GetItem", code, "")
    assert isinstance(error, NotThere) is is_absent
