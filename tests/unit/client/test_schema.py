"""Tables of an older version are brought to this one's, step by step."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sosw.client.schema import Migration, Schema
from sosw.client.service import Service
from sosw.domain import schema as rules
from sosw.domain.errors import SoswError
from sosw.domain.schema import SCHEMA_CONFIG, SCHEMA_VERSION
from tests.unit.client.conftest import ClientWorld
from tests.unit.client.doctoring import Examined


@pytest.fixture
def service() -> Service:
    return ClientWorld().service


def step(version: int, run: Callable[[Service], None] = lambda _service: None) -> Migration:
    return Migration(version=version, what=f"step {version}", run=run)


def test_tables_of_this_version_need_nothing_and_say_so_when_it_is_noted(service: Service) -> None:
    found = Schema(service)
    assert (found.version, found.steps, found.is_noted) == (1, (), False)

    found.note()
    assert (Schema(service).version, Schema(service).is_noted) == (SCHEMA_VERSION, True)


def test_steps_are_taken_in_order_and_each_is_noted(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "SCHEMA_VERSION", 3)
    taken: list[int] = []
    steps = [step(number, lambda _service, number=number: taken.append(number)) for number in (2, 3)]  # type: ignore[misc]

    found = Schema(service, steps)
    assert [each.what for each in found.steps] == ["step 2", "step 3"]
    found.migrate()
    assert (taken, service.config.get(SCHEMA_CONFIG)) == ([2, 3], {"version": 3})
    assert Schema(service, steps).steps == ()


def test_interrupted_it_goes_on_with_the_step_that_was_not_noted(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "SCHEMA_VERSION", 3)

    def break_off(_service: Service) -> None:
        raise SoswError("the table is too busy")

    with pytest.raises(SoswError, match="too busy"):
        Schema(service, [step(2), step(3, break_off)]).migrate()
    assert [each.version for each in Schema(service, [step(2), step(3)]).steps] == [3]


def test_the_doctor_tells_of_tables_that_only_a_newer_sosw_knows() -> None:
    world = Examined()
    world.service.config.replace(world.service.config.look(SCHEMA_CONFIG), {"version": SCHEMA_VERSION + 1})

    (finding,) = world.examine().findings
    assert "the tables are of version 2, and this sosw knows version 1" in str(finding)


def test_the_doctor_offers_the_migration_of_older_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    world = Examined()
    monkeypatch.setattr("sosw.client.doctor.stack.Schema", lambda service: Schema(service, [step(2)]))

    (finding,) = world.examine().findings
    assert (str(finding), finding.mend) == ("the tables are of version 1, and this sosw works with 1", "sosw migrate")
