"""What people see of a deployment's plan, and of its end."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from rich.console import Console

from sosw.cli import show_deploy
from sosw.deploy import Demolition, Deployment, own_stack
from tests.unit.deploy.cloud import Cloud, sosw


def told(tmp_path: Path, **parameters: str) -> list[str]:
    cloud, out = Cloud(tmp_path), Console(width=200)
    planned = Deployment(cloud.site, root=cloud.folder).plan(cloud.wanted())
    with out.capture() as shown:
        show_deploy.plan(out, replace(planned, parameters=parameters))
    return shown.get().splitlines()


def test_a_plan_says_what_will_be(tmp_path: Path) -> None:
    lines = told(tmp_path, Days="7")
    assert lines[:2] == ["stack sosw in account 123456789012, region eu-west-1 will be created", "  Days: '7'"]

    cloud, out = Cloud(tmp_path, sosw()), Console(width=200)
    with out.capture() as shown:
        show_deploy.demolition(out, Demolition(cloud.site).plan(own_stack("sosw", is_said=False)), delete_data=False)
    assert shown.get().splitlines()[0].endswith("is CREATE_COMPLETE: it will be deleted")


def test_a_job_among_the_parameters_is_one_line_of_json(tmp_path: Path) -> None:
    lines = told(tmp_path, Job='{\n  "words": ["é"]\n}', Other="a: 1\nb", Plain='{"a":1}')
    assert lines[1:4] == ["""  Job: {"words": ["é"]}""", "  Other: 'a: 1\\nb'", """  Plain: '{"a":1}'"""]


def test_each_of_the_next_commands_has_a_line_of_its_own() -> None:
    out = Console(width=200)
    with out.capture() as shown:
        show_deploy.deployed(out, sosw(), ["sosw apply x", "sosw doctor"], " --local")
    assert shown.get().splitlines()[-3:] == ["next:", "  sosw apply x --local", "  sosw doctor --local"]
