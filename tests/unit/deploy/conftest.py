"""The folder of a Worker, and clouds with its stack or without."""

from __future__ import annotations

from pathlib import Path

import pytest

from sosw.domain.stacks import StackFacts
from tests.unit.deploy.cloud import Cloud
from tests.unit.deploy.workers import EXPORTS, HAS, WORKER, Clouds


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "sales_2"
    folder.mkdir()
    (folder / "template.yaml").write_text(WORKER)
    return folder


@pytest.fixture
def clouds(tmp_path: Path) -> Clouds:
    def make(there: StackFacts | None = None, made_of: str = WORKER) -> Cloud:
        cloud = Cloud(tmp_path, there)
        cloud.stacks.made_of, cloud.stacks.exports, cloud.stacks.has = made_of, dict(EXPORTS), list(HAS)
        return cloud

    return make
