"""What a URL lends."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sosw.aws.clients import Clients
from sosw.aws.objects import S3Objects


def test_a_url_is_signed_for_one_object_of_its_region_and_for_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "secret"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    objects = S3Objects("sosw-1-eu-west-1", clients=Clients(region="eu-west-1"))
    url = objects.to_put("results/j/0/1.json", timedelta(minutes=15))

    assert "/results/j/0/1.json?" in url
    assert "sosw-1-eu-west-1" in url
    assert {"X-Amz-Expires=900", "X-Amz-SignedHeaders=host"} <= set(url.partition("?")[2].split("&"))
    assert "%2Feu-west-1%2Fs3%2F" in url
    assert objects.to_get("results/j/0/1.json", timedelta(minutes=15)) != url
    assert objects.client is objects.client
