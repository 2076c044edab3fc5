"""Links into the console, as its own address bar has them."""

from __future__ import annotations

from typing import Any

import pytest

from sosw.domain.log_links import LogPlace, log_group
from tests.factories import NOW, seconds

PLACE: dict[str, Any] = {"group": log_group("sales"), "start": NOW, "end": NOW + seconds(5)}
BEGIN = "https://eu-west-1.console.aws.amazon.com/cloudwatch/home?region=eu-west-1#logsV2:log-groups/log-group/"


def test_a_link_shows_the_group_in_the_time_of_the_attempt() -> None:
    assert LogPlace(**PLACE).url("eu-west-1") == (
        BEGIN + "$252Faws$252Flambda$252Fsales/log-events$3Fstart$3D1767268790000$26end$3D1767268815000"
    )


def test_with_the_stream_and_the_request_known_it_shows_those_alone() -> None:
    url = LogPlace(**PLACE, stream="2026/01/01/[$LATEST]ab12", request_id="c56a").url("eu-west-1")
    assert "/log-events/2026$252F01$252F01$252F$255B$2524LATEST$255Dab12$3F" in url
    assert url.endswith("$26filterPattern$3D$2522c56a$2522")


@pytest.mark.parametrize(
    ("region", "host"),
    [
        ("cn-north-1", "cn-north-1.console.amazonaws.cn"),
        ("us-gov-west-1", "us-gov-west-1.console.amazonaws-us-gov.com"),
        ("us-east-1", "us-east-1.console.aws.amazon.com"),
    ],
)
def test_each_partition_has_a_console_of_its_own(region: str, host: str) -> None:
    assert LogPlace(**PLACE).url(region).startswith(f"https://{host}/cloudwatch/home?region={region}#")
