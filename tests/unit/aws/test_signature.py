"""Our signatures are those that botocore makes."""

from __future__ import annotations

from datetime import datetime, timezone
from unittest.mock import patch
from urllib.parse import quote

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotoCredentials
from hypothesis import given
from hypothesis import strategies as st

from sosw.aws.signature import Credentials, Post, signed

NAMES = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=40)
SECRETS = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=60)
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1)).map(lambda at: at.replace(tzinfo=timezone.utc))  # noqa: DTZ001


@given(
    function=NAMES.filter(lambda name: name.strip(".")),
    secret=SECRETS,
    token=st.none() | SECRETS,
    body=st.binary(max_size=200),
    now=MOMENTS,
)
def test_a_signature_is_the_one_that_botocore_makes(
    function: str, secret: str, token: str | None, body: bytes, now: datetime
) -> None:
    path = f"/2015-03-31/functions/{quote(function, safe='')}/invocations"
    headers = {"Content-Type": "application/json", "X-Amz-Invocation-Type": "Event"}
    request = AWSRequest("POST", f"https://lambda.eu-west-1.amazonaws.com{path}", headers, body)
    with patch("botocore.auth.get_current_datetime", lambda: now):
        SigV4Auth(BotoCredentials("AKID", secret, token), "lambda", "eu-west-1").add_auth(request)

    post = Post(host="lambda.eu-west-1.amazonaws.com", path=path, headers=headers, body=body)
    credentials = Credentials(access_key="AKID", secret_key=secret, token=token)
    ours = signed(post, credentials, service="lambda", region="eu-west-1", now=now)

    assert ours["Authorization"] == request.headers["Authorization"]
    assert ours["X-Amz-Date"] == request.headers["X-Amz-Date"]
    assert ours.get("X-Amz-Security-Token") == request.headers.get("X-Amz-Security-Token")
