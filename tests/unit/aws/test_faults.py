"""What AWS refuses to those who deploy is told in a sentence with the next step."""

from __future__ import annotations

import pytest
from botocore.exceptions import BotoCoreError, ClientError, EndpointConnectionError, NoCredentialsError, NoRegionError

from sosw.aws.faults import AwsFailed, asking


def refusal(code: str, message: str = "said AWS") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "CreateChangeSet")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (refusal("ExpiredToken"), "the AWS credentials in use are not valid, or no longer: renew them"),
        (refusal("InvalidClientTokenId"), "the AWS credentials in use are not valid, or no longer: renew them"),
        (refusal("AccessDenied"), "the credentials in use do not allow CreateChangeSet: said AWS"),
        (refusal("ValidationError", "Template error: no Q"), "Template error: no Q"),
        (NoCredentialsError(), "there are no AWS credentials: set them in the environment, or name a profile"),
        (NoRegionError(), "no AWS region is set: set AWS_REGION, or name one"),
        (EndpointConnectionError(endpoint_url="https://x"), "there is no region 'eu-wst-1': did you mean 'eu-west-1'?"),
    ],
)
def test_each_is_told_with_what_could_not_be_done(error: Exception, said: str) -> None:
    with pytest.raises(AwsFailed) as failed, asking("the stack could not be seen", region="eu-wst-1"):
        raise error
    assert str(failed.value).startswith("the stack could not be seen (")
    assert said in str(failed.value)


def test_where_the_region_is_right_nobody_answers() -> None:
    with pytest.raises(AwsFailed, match="Check the network, and the endpoint"), asking("x", region="eu-west-1"):
        raise EndpointConnectionError(endpoint_url="https://x")
    assert issubclass(EndpointConnectionError, BotoCoreError)
