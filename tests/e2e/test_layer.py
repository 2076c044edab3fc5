"""A Worker whose package holds its own code alone: sosw comes from the layer that a release has."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from release.building import write_zip
from release.layer import layer_files
from sosw.local.tools import PYTHON_MINOR
from sosw.local.wheel import ensure_wheel
from tests.e2e.conftest import ROOT, declared, run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.e2e.conftest import Deployment

NAME = "on-a-layer"


@pytest.fixture
def layer(deployment: Deployment, tmp_path: Path) -> str:
    """ARN of the version of it that was published."""
    (wheel,) = ensure_wheel(ROOT).glob("*.whl")
    write_zip(tmp_path / "layer.zip", layer_files(wheel))
    content = {"ZipFile": (tmp_path / "layer.zip").read_bytes()}
    said = deployment.stack.client("lambda").publish_layer_version(LayerName="sosw", Content=content)
    arn: str = said["LayerVersionArn"]
    return arn


@pytest.fixture
def folder(deployment: Deployment, layer: str, tmp_path: Path) -> Iterator[Path]:
    """Of a Worker as `sosw new worker` makes it, without requirements, deployed with the layer."""
    made = run(deployment, "new", "worker", NAME, "--into", str(tmp_path))
    assert made.returncode == 0, made.stderr
    folder, stack = tmp_path / NAME, deployment.stack
    (folder / "worker" / "requirements.txt").unlink()
    stack.deploy(folder / "template.yaml", NAME, {"Runtime": f"python{PYTHON_MINOR}", "Layers": layer})
    with declared(stack, folder / "labourers.yaml"):
        yield folder


def test_a_worker_without_requirements_does_its_job_with_the_layer(deployment: Deployment, folder: Path) -> None:
    ended = run(deployment, "submit", "--job", str(folder / "job.json"), "--wait", "--json")

    assert ended.returncode == 0, ended.stderr
    said = json.loads(ended.stdout)
    assert (said["total"], said["done"], said["failed"]) == (3, 3, 0)
