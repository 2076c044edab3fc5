"""What `sosw --help` pays for, and `from sosw import Client`."""

from __future__ import annotations

from importlib.metadata import entry_points

from tests.unit.test_import_budget import modules

AWS = ("boto3", "botocore", "pynamodb", "aws_lambda_powertools", "psutil", "yaml", "samtranslator")
HELP = """
import sys
from sosw.cli.main import main
sys.argv = ["sosw", "--help"]
try:
    main()
except SystemExit:
    pass
"""


def test_help_loads_nothing_of_aws_and_no_client() -> None:
    loaded = modules(HELP)

    assert [name for name in loaded if name.split(".")[0] in AWS] == []
    assert [name for name in loaded if name.startswith(("sosw.client", "sosw.aws", "sosw.local"))] == []


def test_a_client_is_made_without_any_aws_library() -> None:
    loaded = modules("from sosw import Client\nClient()")
    assert [name for name in loaded if name.split(".")[0] in AWS or name.startswith("rich")] == []


def test_the_command_is_installed() -> None:
    assert [each.value for each in entry_points(group="console_scripts", name="sosw")] == ["sosw.cli.main:main"]
