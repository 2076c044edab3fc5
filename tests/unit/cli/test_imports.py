"""What `sosw --help` pays for, and `from sosw import Client`."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

from tests.unit.test_import_budget import CLIENT, HELP, added, of

ROOT = Path(__file__).parents[3]
AWS = ("boto3", "botocore", "pynamodb", "aws_lambda_powertools", "psutil", "yaml", "samtranslator")
ASK_FOR_HELP = """
import os, sys
from sosw.cli.main import main
sys.argv, sys.stdout = ["sosw", "--help"], open(os.devnull, "w")
try:
    main()
except SystemExit:
    pass
"""


def test_help_is_told_within_its_budget_without_aws_and_without_a_client() -> None:
    loaded = added(ASK_FOR_HELP)

    assert len(loaded) <= HELP, (len(loaded), sorted(loaded))
    assert of(AWS, loaded) == []
    assert [name for name in loaded if name.startswith(("sosw.client", "sosw.aws", "sosw.local"))] == []


def test_a_client_is_made_within_its_budget_and_without_any_aws_library() -> None:
    loaded = added("from sosw import Client\nClient()")
    assert len(loaded) <= CLIENT, (len(loaded), sorted(loaded))
    assert of((*AWS, "rich"), loaded) == []


def test_the_command_is_installed() -> None:
    assert [each.value for each in entry_points(group="console_scripts", name="sosw")] == ["sosw.cli.entry:main"]


def test_the_command_of_a_bare_install_says_what_it_needs_and_no_traceback() -> None:
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from sosw.cli.entry import main; main()"
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=False)
    sentence = "sosw: the command needs typer, which is not installed: install sosw[cli]\n"
    assert (done.returncode, done.stderr) == (1, sentence)


def test_a_module_of_our_own_that_is_missing_is_not_taken_for_something_to_install() -> None:
    code = "import sys; sys.modules['sosw.cli.main'] = None; from sosw.cli.entry import main; main()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "ModuleNotFoundError" in done.stderr
    assert "not installed: install" not in done.stderr
