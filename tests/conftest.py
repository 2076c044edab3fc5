"""What holds for every test: its tier's mark, how hypothesis searches, and no way to a real AWS account by accident."""

import os
import signal

import pytest
from hypothesis import settings

from tests.tiers import in_ci, tier_of

# `dev` looks for new counterexamples in each run and remembers them; `ci` tries the same ones every time.
settings.register_profile("dev", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, database=None, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if in_ci() else "dev"))

# A runner in the background ignores Ctrl-C, and so would the commands that tests start and interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        tier = tier_of(item.path)
        item.add_marker(tier)
        if tier != "unit":
            item.add_marker("no_cover")  # the unit tests alone reach every branch; traced, the rest takes twice as long


@pytest.fixture(autouse=True, scope="session")
def _no_real_aws_account() -> None:
    """Credentials that no account knows, and no profile: a client that forgot its endpoint is refused, not obeyed."""
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE"):
        os.environ.pop(name, None)
    os.environ.update(
        AWS_ACCESS_KEY_ID="000000000000",
        AWS_SECRET_ACCESS_KEY="local",
        AWS_DEFAULT_REGION="us-east-1",
        AWS_EC2_METADATA_DISABLED="true",
        AWS_CONFIG_FILE=os.devnull,
        AWS_SHARED_CREDENTIALS_FILE=os.devnull,
    )
