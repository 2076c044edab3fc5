"""The README shows what the demo really does."""

import json
import re

from examples.flight_delays.verdict import subjects
from tests.unit.docs import markdown as md

README = md.page("README.md")
EXAMPLE = md.ROOT / "examples" / "flight_delays"


def test_the_figures_of_the_demo_add_up_and_are_those_of_its_job() -> None:
    (shown,) = (block.text for block in md.blocks(README, "text") if "demo:" in block.text)
    last = re.fullmatch(r"demo: (\d+) tasks, (\d+) done, (\d+) dead, (\d+) lost, [\d.]+ s", shown.splitlines()[-1])
    assert last
    total, done, dead, lost = map(int, last.groups())
    assert total == len(subjects(json.loads((EXAMPLE / "job.json").read_text("utf-8"))))
    assert (done + dead, dead, lost) == (total, 1, 0)


def test_the_readme_gives_the_two_commands_of_a_newcomer_each_in_a_block_of_its_own() -> None:
    assert [block.text for block in md.blocks(README, "shell")] == ["make demo\n", "make test\n"]


def test_the_worker_of_the_readme_is_ten_lines() -> None:
    (worker,) = md.blocks(README, "python")
    assert len([line for line in worker.text.splitlines() if line.strip()]) <= 10
