from pathlib import Path

import pytest

from tests.tiers import TIERS, require, require_dynamodb_local, tier_of

TESTS = Path(__file__).parents[1]


def test_a_test_belongs_to_the_tier_of_its_folder(request: pytest.FixtureRequest) -> None:
    assert tier_of(TESTS / "contract" / "aws" / "test_store.py") == "contract"
    assert request.node.get_closest_marker("unit") is not None


def test_a_test_outside_of_every_tier_is_refused_with_the_tiers_named() -> None:
    with pytest.raises(pytest.UsageError, match=r"test_lost\.py is in no tier: move it into .*unit,property"):
        tier_of(TESTS / "test_lost.py")


def test_every_tier_has_its_folder_and_its_marker(pytestconfig: pytest.Config) -> None:
    markers = {line.split(":")[0] for line in pytestconfig.getini("markers")}
    for tier in TIERS:
        assert (TESTS / tier).is_dir()
        assert tier in markers


@pytest.mark.parametrize("ci", ["true", "1"])
def test_what_is_missing_fails_in_ci(monkeypatch: pytest.MonkeyPatch, ci: str) -> None:
    monkeypatch.setenv("CI", ci)
    with pytest.raises(pytest.fail.Exception, match="CI runs every tier, but: Java is missing: install it"):
        require(condition=False, reason="Java is missing: install it.")


@pytest.mark.parametrize("ci", ["", "false", "0"])
def test_what_is_missing_is_a_skip_for_a_newcomer(monkeypatch: pytest.MonkeyPatch, ci: str) -> None:
    monkeypatch.setenv("CI", ci)
    with pytest.raises(pytest.skip.Exception, match="Java is missing: install it"):
        require(condition=False, reason="Java is missing: install it.")


def test_what_is_there_lets_the_test_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    require(condition=True, reason="never said")


def test_dynamodb_local_is_switched_on_by_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "")
    monkeypatch.setenv("SOSW_DYNAMODB_LOCAL", "0")
    with pytest.raises(pytest.skip.Exception, match="SOSW_DYNAMODB_LOCAL=1"):
        require_dynamodb_local()
    monkeypatch.setenv("SOSW_DYNAMODB_LOCAL", "1")
    require_dynamodb_local()
