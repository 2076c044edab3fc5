"""What is locked: complete, within pyproject's bounds, and what the tests run with."""

from __future__ import annotations

from importlib.metadata import distributions, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import sosw
from release.locks import Needs, missing, on_lambda, pins, read_pins, versions

ROOT = Path(__file__).parents[3]
DEV, EXTRAS = ROOT / "requirements" / "dev.txt", ROOT / "requirements" / "extras.txt"
DEPLOYED, HASHES = ROOT / "essentials" / "constraints.txt", ROOT / "essentials" / "hashes.txt"
WHERE = [on_lambda(f"3.{minor}", machine) for minor in range(10, 14) for machine in ("aarch64", "x86_64")]
NEEDS: Needs = {(canonicalize_name(each.name), each.version): each.requires or [] for each in distributions()}
"""Of what is installed here; `sosw` is our own."""
LOCKED_FOR = [
    (DEV, "dev"),
    *((EXTRAS, extra) for extra in ("cli", "deploy", "essentials", "local")),
    (DEPLOYED, "essentials"),
]


def missing_of(lock: Path, extra: str) -> set[str]:
    """Of `sosw[extra]`, on any of Lambda's Pythons and processors."""
    problems: set[str] = set()
    for where in WHERE:
        wanted = [Requirement(f"sosw[{extra}]")]
        found = {"sosw": sosw.__version__, **versions(read_pins(lock), where)}
        problems |= set(missing(wanted, found, NEEDS, where))
    return problems


@pytest.mark.parametrize(("lock", "extra"), LOCKED_FOR, ids=lambda each: getattr(each, "stem", each))
def test_a_lock_pins_all_that_an_extra_brings_within_its_bounds(lock: Path, extra: str) -> None:
    assert missing_of(lock, extra) == set()


def test_what_users_install_is_what_the_tests_run_with() -> None:
    for where in WHERE:
        tested = versions(read_pins(DEV), where)
        locked = versions(read_pins(EXTRAS), where)
        assert locked.items() <= tested.items()


def test_what_is_deployed_is_what_the_extra_of_the_essentials_is_locked_to() -> None:
    for where in WHERE:
        assert versions(read_pins(DEPLOYED), where).items() <= versions(read_pins(EXTRAS), where).items()


def test_of_all_that_is_deployed_the_wheels_are_known_by_their_hashes() -> None:
    hashed = read_pins(HASHES)
    assert all(pin.hashes for pin in hashed)
    for where in WHERE:
        assert versions(hashed, where) == versions(read_pins(DEPLOYED), where)


def test_nothing_is_deployed_that_the_essentials_do_not_ask_for() -> None:
    for pin in read_pins(DEPLOYED):
        others = [each for each in read_pins(DEPLOYED) if each.name != pin.name]
        found = {"sosw": sosw.__version__, **versions(others, WHERE[0])}
        assert missing([Requirement("sosw[essentials]")], found, NEEDS, WHERE[0]), f"{pin.name} is not needed"


def test_the_extras_that_are_locked_are_all_there_are() -> None:
    named = {extra for each in requires("sosw") or [] for extra in each.partition("extra == ")[2].strip("'\" ").split()}
    assert named == {extra for _, extra in LOCKED_FOR}


def test_a_line_that_pins_no_version_is_refused() -> None:
    for line in ("six", "six>=1", "six==1,!=2"):
        with pytest.raises(ValueError, match="does not pin one version"):
            pins(line)


def test_a_package_that_is_pinned_twice_for_one_python_is_refused() -> None:
    twice = pins("six==1.16 ; python_version < '3.12'\nsix==1.17 ; python_version >= '3.11'\n")
    assert versions(twice, on_lambda("3.10", "x86_64")) == {"six": "1.16"}
    assert versions(twice, on_lambda("3.12", "x86_64")) == {"six": "1.17"}
    with pytest.raises(ValueError, match=r"six is pinned twice: 1\.16 and 1\.17"):
        versions(twice, on_lambda("3.11", "x86_64"))


def test_what_a_pinned_package_needs_in_turn_must_be_pinned_too() -> None:
    needs: Needs = {
        ("a", "1"): ["b[x]>=2 ; python_version > '3'"],
        ("b", "2"): ["c ; extra == 'x'", "d ; extra == 'y'"],
    }
    where, wanted = on_lambda("3.13", "aarch64"), [Requirement("a")]
    assert missing(wanted, {"a": "1", "b": "2", "c": "1"}, needs, where) == []
    assert missing(wanted, {"a": "1", "b": "1"}, needs, where) == ['b[x]>=2; python_version > "3" is pinned to 1']
    assert missing(wanted, {"a": "1", "b": "2"}, needs, where) == ['c; extra == "x" is not pinned']
