"""What a URL lends."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sosw.aws.clients import Clients
from sosw.aws.objects import S3Objects


@pytest.fixture(autouse=True)
def _caller(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "secret"}.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("region", ["eu-west-1", "eu-south-1", "il-central-1"])
def test_a_url_leads_to_the_region_of_the_bucket_and_not_to_the_endpoint_that_all_regions_share(region: str) -> None:
    url = S3Objects("sosw-1", clients=Clients(region=region)).to_get("payloads/j/0.json", timedelta(minutes=15))

    assert url.startswith(f"https://sosw-1.s3.{region}.amazonaws.com/payloads/j/0.json?")


def test_a_url_leads_to_the_endpoint_that_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    named = Clients(region="eu-west-1", endpoint="http://localhost:4566")
    url = S3Objects("sosw-1", clients=named).to_get("payloads/j/0.json", timedelta(minutes=15))
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://localhost:4567")
    by_variable = S3Objects("sosw-1", clients=Clients(region="eu-west-1"))

    assert url.startswith("http://localhost:4566/sosw-1/payloads/j/0.json?")
    assert by_variable.to_get("k", timedelta(minutes=15)).startswith("http://localhost:4567/sosw-1/k?")


def test_a_url_is_signed_for_one_object_of_its_region_and_for_a_time() -> None:
    objects = S3Objects("sosw-1-eu-west-1", clients=Clients(region="eu-west-1"))
    url = objects.to_put("results/j/0/1.json", timedelta(minutes=15))

    assert "/results/j/0/1.json?" in url
    assert "sosw-1-eu-west-1" in url
    assert {"X-Amz-Expires=900", "X-Amz-SignedHeaders=host"} <= set(url.partition("?")[2].split("&"))
    assert "%2Feu-west-1%2Fs3%2F" in url
    assert objects.to_get("results/j/0/1.json", timedelta(minutes=15)) != url
    assert objects.client is objects.client
