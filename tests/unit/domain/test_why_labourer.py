"""Why a labourer runs what it runs, how its limit came about, and how a resource stands."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from sosw.domain.errors import Problem
from sosw.domain.facts import COUNTED, LabourerFacts, RateFacts, ResourceFacts
from sosw.domain.health import OnMissing
from sosw.domain.resources import Rate
from sosw.domain.standing import Budget, Control, Decision, Health, Standing
from sosw.domain.task import LabourerName
from sosw.domain.why import Answer, Reason, why_everything, why_labourer, why_resource
from tests.factories import LABOURER, NOW, seconds
from tests.unit.domain.why_facts import DATABASE, LIMITED, PAUSED, RESOURCE, budget, drawing, labourer, settings

HEALTH = Health(status=2, since=NOW, why="CPUUtilization is at 60: moderate")
SICK = settings(health_metrics=(object(),))


def told(facts: LabourerFacts) -> tuple[Reason, str]:
    answer = why_labourer(facts)
    return answer.reason, answer.headline


@pytest.mark.parametrize(
    ("facts", "reason", "headline"),
    [
        (labourer(), Reason.IDLE, "idle: nothing waits"),
        (labourer(later=[NOW + seconds(7), NOW + seconds(9)]), Reason.NOT_DUE,
         "nothing is due; 2 for later, the next at 12:00:07 UTC"),
        (labourer(3, later=[NOW + seconds(7)]), Reason.RUNNING,
         "3 of 100 running, nothing else is due; 1 for later, the next at 12:00:07 UTC"),
        (labourer(later=[NOW + seconds(7)] * (COUNTED + 1)), Reason.NOT_DUE,
         "nothing is due; more than 1,000 for later"),
        (labourer(3), Reason.RUNNING, "3 of 100 running, nothing else is due"),
        (labourer(100), Reason.RUNNING, "100 of 100 running, nothing else is due"),
        (labourer(101), Reason.RUNNING, "101 running, more than the limit of 100, nothing else is due"),
        (labourer(3, due=7), Reason.NEXT,
         "3 of 100 running, 7 due: more start with the next wake, within a minute at most"),
        (labourer(3, due=COUNTED + 1), Reason.NEXT,
         "3 of 100 running, more than 1,000 due: more start with the next wake, within a minute at most"),
        (labourer(100, due=7), Reason.FULL, "100 of 100 running; limit 100; 7 due"),
        (labourer(due=7, labourer=settings(0)), Reason.NO_LIMIT, "nothing may start: limit 0; 7 due"),
        (labourer(3, due=7, rate=RateFacts(rate=Rate(per_second=5, burst=5), next_at=NOW + seconds(7))), Reason.RATE,
         "at most 5 starts a second, and these are used up: the next at 12:00:07 UTC; 7 due"),
        (labourer(3, due=7, rate=RateFacts(rate=Rate(per_second=5, burst=5), next_at=NOW)), Reason.NEXT,
         "3 of 100 running, 7 due: more start with the next wake, within a minute at most"),
    ],
)  # fmt: skip
def test_what_a_labourer_does_is_told_by_its_slots_and_its_line(
    facts: LabourerFacts, reason: Reason, headline: str
) -> None:
    assert told(facts) == (reason, headline)


def test_a_labourer_that_is_not_registered_is_told_with_a_guess_and_with_what_is_left_of_it() -> None:
    facts = labourer(2, due=3, name=LabourerName("slaes"), labourer=None, known=["sales", "stock"])
    assert why_labourer(facts) == Answer(
        reason=Reason.UNREGISTERED,
        headline="it is not registered (did you mean 'sales'?)",
        more=("2 still running: they may end, and their results are taken", "3 due: they wait, none is lost"),
    )


def test_wrong_settings_are_told_with_all_problems() -> None:
    problems = (Problem("x.arn", 7, "must be a text"), Problem("x.max", -1, "must be a whole number"))
    assert told(labourer(labourer=None, problems=problems)) == (
        Reason.MISTAKEN, "its settings are wrong: x.arn: 7 must be a text; x.max: -1 must be a whole number",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("facts", "headline"),
    [
        (labourer(standing=Standing(control=PAUSED)), "paused by ann since 12:00:00 UTC: migration"),
        (labourer(everything=PAUSED, standing=Standing(control=replace(PAUSED, paused_by="bob"))),
         "everything is paused by ann since 12:00:00 UTC: migration"),
        (drawing(of=budget(control=PAUSED)), "rds:orders is paused by ann since 12:00:00 UTC: migration"),
        (labourer(standing=Standing(control=PAUSED), now=NOW + seconds(86_400)),
         "paused by ann since 2026-01-01 12:00:00 UTC: migration"),
        (labourer(labourer=settings(0), standing=Standing(control=PAUSED)),
         "paused by ann since 12:00:00 UTC: migration"),
    ],
)  # fmt: skip
def test_a_pause_is_told_with_who_when_and_why(facts: LabourerFacts, headline: str) -> None:
    assert told(facts) == (Reason.PAUSED, headline)
    running = replace(facts, rows=labourer(2).rows)
    assert why_labourer(running).more[0] == "2 still running: they may end, and their results are taken"


SIGNALLED = replace(RESOURCE, query=None)
CUT: Any = {"why": "2 of 9 failed by 429", "changed_at": NOW, "reading": None}
LOW = {
    "an order about it": (
        labourer(standing=Standing(control=LIMITED)),
        "limit 40 of 100 because it is limited to 40 by bob since 12:00:00 UTC: locks",
    ),
    "an order about everything": (
        labourer(everything=LIMITED),
        "limit 40 of 100 because everything is limited to 40 by bob since 12:00:00 UTC: locks",
    ),
    "its health": (
        labourer(labourer=SICK, standing=Standing(health=HEALTH)),
        "limit 50 of 100 because its health is 2 of 4, moderate: CPUUtilization is at 60: moderate",
    ),
    "a load above the target": (
        drawing(), "limit 40 of 100 because rds:orders CPU is at 83 %, target 70 ± 5",
    ),
    "its share while the load is right": (
        drawing(of=budget(reading=71.26)),
        "limit 40 of 100 because its share of rds:orders is 40 of 48 (rds:orders CPU is at 71.3 %, target 70 ± 5)",
    ),
    "a budget before the first measurement": (
        drawing(of=budget(8, limit=None, reading=None)),
        (
            "limit 8 of 100 because its share of rds:orders is 8 of 8"
            " (rds:orders CPU has not been measured yet, target 70 ± 5)"
        ),
    ),
    "a budget that signals alone steer": (
        drawing(of=budget(5, limit=5.5, **CUT), resources={DATABASE: SIGNALLED}),
        "limit 5 of 100 because its share of rds:orders is 5 of 5 (2 of 9 failed by 429, since 12:00:00 UTC)",
    ),
    "no share yet": (
        drawing(of=budget(None)),
        "limit 0 of 100 because it has no share of rds:orders yet: shares are made every minute",
    ),
    "an order about a resource": (
        drawing(of=budget(30, control=LIMITED)),
        (
            "limit 30 of 100 because its share of rds:orders is 30 of 40:"
            " rds:orders is limited to 40 by bob since 12:00:00 UTC: locks"
        ),
    ),
    "an order about a resource that is not shared out yet": (
        drawing(of=budget(44, control=LIMITED)),
        "limit 44 of 100 because rds:orders CPU is at 83 %, target 70 ± 5",
    ),
    "an order about a resource that binds nobody": (
        drawing(of=budget(control=replace(LIMITED, limit=60))),
        "limit 40 of 100 because rds:orders CPU is at 83 %, target 70 ± 5",
    ),
    "a measurement that is missing": (
        drawing(of=budget(problem="no data points")),
        "limit 40 of 100 because rds:orders CPU has no data since 12:00:00 UTC: holding at 48 (no data points)",
    ),
    "a resource whose settings are gone": (
        drawing(resources={}), "limit 40 of 100 because its share of rds:orders is 40 of 48",
    ),
    "a resource of which nothing is known": (
        drawing(resources={}, of=Budget()),
        "limit 0 of 100 because it has no share of rds:orders yet: shares are made every minute",
    ),
}  # fmt: skip


@pytest.mark.parametrize("cause", LOW)
def test_a_low_limit_is_told_with_its_cause(cause: str) -> None:
    facts, limit = LOW[cause]
    most = facts.decision(settings()).limit if facts.labourer is not SICK else 50
    full = replace(facts, rows=labourer(most).rows, due=labourer(due=7).due)
    running = f"{most} of {most} running" if most else "nothing may start"

    assert why_labourer(facts).more[0] == limit
    assert told(full)[1] == f"{running}{';' if most else ':'} {limit}; 7 due"


def test_the_lowest_of_several_causes_is_told_and_the_others_follow() -> None:
    standing = Standing(control=LIMITED, health=HEALTH)
    facts = drawing(39, due=1, everything=replace(LIMITED, limit=60), standing=standing, labourer=SICK,
                    of=budget(20))  # fmt: skip
    assert why_labourer(facts) == Answer(
        reason=Reason.FULL,
        headline="39 running, more than the limit: none starts until enough have ended;"
        " limit 20 of 100 because rds:orders CPU is at 83 %, target 70 ± 5; 1 due",
        more=(
            "everything is limited to 60 by bob since 12:00:00 UTC: locks",
            "it is limited to 40 by bob since 12:00:00 UTC: locks",
            "health is 2 of 4, moderate: CPUUtilization is at 60: moderate, since 12:00:00 UTC",
            "rds:orders: its share is 20 of 48; rds:orders CPU is at 83 %, target 70 ± 5",
        ),
    )


def test_a_decision_that_is_not_yet_in_force_is_told() -> None:
    standing = Standing(control=LIMITED, decision=Decision(limit=100, of=100, at=NOW))
    more = why_labourer(labourer(standing=standing)).more
    assert more[1] == "the last wave had 100 of 100, since 12:00:00 UTC: the next has 40"
    same = replace(standing, decision=Decision(limit=40, of=100, why="x", at=NOW))
    assert len(why_labourer(labourer(standing=same)).more) == len(more) - 1


def test_what_the_headline_says_is_not_said_again() -> None:
    standing = Standing(control=LIMITED)
    assert why_labourer(labourer(40, due=1, standing=standing)).more == ()
    assert why_labourer(labourer(standing=standing)).more == (
        "limit 40 of 100 because it is limited to 40 by bob since 12:00:00 UTC: locks",
    )
    assert why_labourer(labourer(standing=Standing(control=replace(LIMITED, limit=400)))).more == (
        "limit 100", "it is limited to 400 by bob since 12:00:00 UTC: locks",
    )  # fmt: skip


def test_a_cause_that_no_single_fact_explains_is_told_as_it_was_decided(monkeypatch: pytest.MonkeyPatch) -> None:
    decision = Decision(limit=7, of=100, why="two things together", at=NOW)

    def decide(*parts: Any, **_now: Any) -> Decision:
        together = parts[1].control == LIMITED and parts[2] == LIMITED
        return decision if together else replace(decision, limit=100, why="")

    monkeypatch.setattr("sosw.domain.facts.decide", decide)
    facts = drawing(everything=LIMITED, standing=Standing(control=LIMITED, health=HEALTH))
    assert why_labourer(facts).more[0] == "limit 7 of 100 because two things together"


@pytest.mark.parametrize(
    ("policy", "count", "held"),
    [
        (OnMissing.HOLD, 48.7, "holding at 48"),
        (OnMissing.FLOOR, 48.7, "at 48, to fall to its floor, 4"),
        (OnMissing.FLOOR, 4.0, "at its floor, 4"),
        (OnMissing.IGNORE, 48.7, "it is left out, at 48"),
    ],
)
def test_what_holds_while_a_measurement_is_missing_is_told(policy: OnMissing, count: float, held: str) -> None:
    given = ResourceFacts(
        name=DATABASE,
        now=NOW,
        resource=replace(RESOURCE, on_missing=policy),
        budget=budget(limit=count, problem="access denied", read_at=None),
    )
    told = f"rds:orders CPU has never had data: {held} (access denied); {int(count)} attempts at once"
    assert why_resource(given).headline == told


@pytest.mark.parametrize(
    ("given", "reason", "headline"),
    [
        (budget(), Reason.RUNNING, "rds:orders CPU is at 83 %, target 70 ± 5; 48 attempts at once"),
        (Budget(), Reason.IDLE, "rds:orders CPU has not been measured yet, target 70 ± 5; 8 attempts at once"),
        (budget(control=PAUSED), Reason.PAUSED, "paused by ann since 12:00:00 UTC: migration"),
    ],
)
def test_a_resource_is_told_by_its_load_and_its_budget(given: Budget, reason: Reason, headline: str) -> None:
    answer = why_resource(ResourceFacts(name=DATABASE, now=NOW, resource=RESOURCE, budget=given))
    assert (answer.reason, answer.headline) == (reason, headline)


def test_the_budget_of_a_resource_is_told_by_its_last_change_and_its_shares() -> None:
    shares = {LABOURER: 30, LabourerName("orders-sync"): 18}
    given = budget(shares=shares, why="rds:orders CPU 83 % > 75 %", changed_at=NOW, control=LIMITED)
    facts = ResourceFacts(name=DATABASE, now=NOW, resource=RESOURCE, budget=given, everything=PAUSED)
    held = replace(given, why="within its band", changed_at=None, control=Control())

    assert why_resource(facts) == Answer(
        reason=Reason.PAUSED,
        headline="everything is paused by ann since 12:00:00 UTC: migration",
        more=("it is limited to 40 by bob since 12:00:00 UTC: locks",
              "rds:orders CPU 83 % > 75 %, since 12:00:00 UTC", "orders-sync: 18", "sales: 30"),
    )  # fmt: skip
    assert why_resource(replace(facts, budget=held)).more[0] == "within its band"


def test_a_resource_that_nothing_measures_is_told_by_what_workers_signalled() -> None:
    of = budget(**CUT)
    facts = ResourceFacts(name=DATABASE, now=NOW, resource=SIGNALLED, budget=of)
    calm = why_resource(replace(facts, budget=replace(of, why=""))).headline
    assert why_resource(facts).headline == "2 of 9 failed by 429, since 12:00:00 UTC; 48 attempts at once"
    assert calm == "Workers have signalled no trouble with rds:orders yet; 48 attempts at once"


def test_what_is_ordered_of_everything_is_told() -> None:
    both = replace(PAUSED, limit=40, limit_by="bob", limit_why="locks", limit_at=NOW)
    limit = "no labourer runs more: limited to 40 by bob since 12:00:00 UTC: locks"
    pause = "everything is paused by ann since 12:00:00 UTC: migration"

    assert why_everything(Control(), NOW) == Answer(reason=Reason.FREE, headline="neither paused nor limited")
    assert why_everything(LIMITED, NOW) == Answer(reason=Reason.LIMITED, headline=limit)
    assert why_everything(PAUSED, NOW) == Answer(reason=Reason.PAUSED, headline=pause)
    assert why_everything(both, NOW) == Answer(reason=Reason.PAUSED, headline=pause, more=(limit,))
    assert str(why_everything(both, NOW)) == f"{pause}\n  {limit}"


def test_a_resource_without_a_unit_or_a_start_is_told_as_well() -> None:
    plain = replace(RESOURCE, unit="", start=None, label="load")
    facts = ResourceFacts(name=DATABASE, now=NOW, resource=plain, budget=Budget(reading=12))
    assert why_resource(facts).headline == "rds:orders load is at 12, target 70 ± 5; 4 attempts at once"


def test_an_unknown_resource_is_told_with_a_guess() -> None:
    facts = ResourceFacts(name=DATABASE, now=NOW, resource=None, known=["rds:order"])
    assert why_resource(facts).headline == "it is not a registered resource (did you mean 'rds:order'?)"
    wrong = replace(facts, problems=[Problem("resources.rds:orders.target", 0, "must be > 0")])
    assert why_resource(wrong) == Answer(
        reason=Reason.MISTAKEN, headline="its settings are wrong: resources.rds:orders.target: 0 must be > 0"
    )
