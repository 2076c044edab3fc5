"""Two stacks for all tests here: one as sosw runs it, one without our shims; and projects in folders of their own."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from sosw.local import LocalStack, local_stack
from tests.integration.local.support import ROOT, TEMPLATE, make_project


@dataclass(frozen=True)
class Probe:
    """A stack with the probe template deployed, and a rule of a minute made at a known moment."""

    stack: LocalStack
    outputs: dict[str, str]
    rule_made: float


@pytest.fixture(scope="session", autouse=True)
def probes() -> Iterator[tuple[Probe, Probe]]:
    """Started first, for their minute rules take a minute to fire: with every shim, and with none."""
    with _probe("all") as shimmed, _probe("none") as bare:
        yield shimmed, bare


@pytest.fixture
def probe(probes: tuple[Probe, Probe]) -> Probe:
    return probes[0]


@pytest.fixture
def bare(probes: tuple[Probe, Probe]) -> Probe:
    return probes[1]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return make_project(tmp_path)


@contextlib.contextmanager
def _probe(shims: str) -> Iterator[Probe]:
    with contextlib.ExitStack() as until_the_end:
        with pytest.MonkeyPatch.context() as patch:  # no longer than it starts: others start stacks, too
            patch.setenv("SOSW_LOCAL_SHIMS", shims)
            stack = until_the_end.enter_context(local_stack(ROOT, name=f"tests-{shims}"))
        outputs = stack.deploy(TEMPLATE, "probe")
        yield Probe(stack=stack, outputs=outputs, rule_made=_make_minute_rule(stack))


def _make_minute_rule(stack: LocalStack) -> float:
    function = stack.client("lambda").get_function_configuration(FunctionName="probe-reader")
    events = stack.client("events")
    made = time.time()
    events.put_rule(Name="tick", ScheduleExpression="rate(1 minute)")
    target = {"Id": "reader", "Arn": function["FunctionArn"], "Input": json.dumps({"id": "tick"})}
    events.put_targets(Rule="tick", Targets=[target])
    return made
