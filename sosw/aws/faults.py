"""What AWS refuses to those who deploy, in a sentence with the next step."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, EndpointConnectionError

from sosw.aws.call_errors import ON_CREDENTIALS
from sosw.domain.errors import SoswError, did_you_mean

PATIENT = Config(retries={"mode": "standard", "total_max_attempts": 8})
"""Of clients with which somebody deploys: CloudFormation throttles a whole account, for longer than botocore tries."""
FORBIDDEN = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "403")


class AwsFailed(SoswError):
    """AWS did not do what was asked of it."""

    def __init__(self, what: str, code: str, reason: str) -> None:
        self.what, self.code, self.reason = what, code, reason
        super().__init__(f"{what} ({code}): {reason}")


@contextmanager
def asking(what: str, *, region: str | None = None) -> Iterator[None]:
    """Whatever AWS answers inside instead of doing it is raised as `AwsFailed`; `what` is what could not be done."""
    try:
        yield
    except ClientError as error:
        told = error.response.get("Error", {})
        code, message = told.get("Code", "Unknown"), told.get("Message", str(error))
        raise AwsFailed(what, code, _reason(code, message, error.operation_name)) from error
    except EndpointConnectionError as error:
        raise AwsFailed(what, "EndpointConnectionError", _nobody_there(region, str(error))) from error
    except BotoCoreError as error:
        code = type(error).__name__
        raise AwsFailed(what, code, ON_CREDENTIALS.get(code, str(error))) from error


def _reason(code: str, message: str, operation: str) -> str:
    if code in FORBIDDEN:
        return f"the credentials in use do not allow {operation}: {message}"
    return ON_CREDENTIALS.get(code, message)


def _nobody_there(region: str | None, said: str) -> str:
    regions = boto3.Session().get_available_regions("cloudformation")
    if region and region not in regions:
        return f"there is no region {region!r}: {did_you_mean(region, regions)}"
    return f"{said} Check the network, and the endpoint if you named one"
