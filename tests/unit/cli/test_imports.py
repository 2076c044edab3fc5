"""What `sosw --help` pays for, and `from sosw import Client`."""

from __future__ import annotations

from importlib.metadata import entry_points

from tests.unit.test_import_budget import CLIENT, HELP, added, of

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
    assert [each.value for each in entry_points(group="console_scripts", name="sosw")] == ["sosw.cli.main:main"]
