"""AWS's Signature Version 4 for one POST, by the standard library alone.

The protocol: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html. botocore's own
signer does the same and takes 240 modules to import: this one is for a single small request from a cold start. A test
compares the two.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """Of a role or a user."""

    access_key: str
    secret_key: str
    token: str | None = None
    """Of a role's session."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """A request."""

    host: str
    path: str
    """Percent-encoded already."""
    headers: Mapping[str, str]
    body: bytes


def signed(post: Post, credentials: Credentials, *, service: str, region: str, now: datetime) -> dict[str, str]:
    """The headers of the request: its own, and what proves who sends it.

    `now` is in UTC: AWS takes a signature for five minutes.
    """
    stamp, scope = f"{now:%Y%m%dT%H%M%SZ}", f"{now:%Y%m%d}/{region}/{service}/aws4_request"
    told = {**post.headers, "Host": post.host, "X-Amz-Date": stamp}
    if credentials.token:
        told["X-Amz-Security-Token"] = credentials.token
    lines = sorted((name.lower(), " ".join(value.split())) for name, value in told.items())
    names = ";".join(name for name, _ in lines)
    headers = "".join(f"{name}:{value}\n" for name, value in lines)
    digest = hashlib.sha256(post.body).hexdigest()
    canonical = "\n".join(["POST", quote(post.path, safe="/~"), "", headers, names, digest])
    text = "\n".join([ALGORITHM, stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    signature = hmac.new(_key(credentials, scope), text.encode(), hashlib.sha256).hexdigest()
    proof = f"{ALGORITHM} Credential={credentials.access_key}/{scope}, SignedHeaders={names}, Signature={signature}"
    return {**told, "Authorization": proof}


def _key(credentials: Credentials, scope: str) -> bytes:
    key = f"AWS4{credentials.secret_key}".encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key
