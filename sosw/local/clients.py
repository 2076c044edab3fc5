"""boto3 clients that can reach the local stack and nothing else."""

from __future__ import annotations

import functools
import os
from typing import Any

import boto3
import botocore.session
from botocore.config import Config

ACCOUNT = "000000000000"
SECRET = "local"


def make_client(service: str, *, endpoint: str, region: str, **config: Any) -> Any:
    """A client of that service. `config` goes to botocore's `Config`."""
    settings = Config(
        **{
            "connect_timeout": 5,
            "read_timeout": 70,
            "retries": {"total_max_attempts": 2, "mode": "standard"},
            "max_pool_connections": 32,
            "proxies": {},  # a company's proxy must not be asked for 127.0.0.1
            "s3": {"addressing_style": "path"},
            **config,
        }
    )
    session: Any = _session()  # its type knows services by literal names only
    return session.client(
        service,
        endpoint_url=endpoint,
        region_name=region,
        aws_access_key_id=ACCOUNT,
        aws_secret_access_key=SECRET,
        config=settings,
    )


@functools.cache
def _session() -> boto3.Session:
    """Reads neither profile nor files of the user: a missing AWS_PROFILE or an `endpoint_url` there must not matter."""
    nowhere = {
        "profile": (None, None, None, None),
        "config_file": (None, None, os.devnull, None),
        "credentials_file": (None, None, os.devnull, None),
    }
    return boto3.Session(botocore_session=botocore.session.Session(session_vars=nowhere))
