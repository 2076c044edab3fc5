"""What a real error of botocore is called in a signal."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from sosw.domain.error_class import error_class
from tests.unit.aws.clients import answering


@pytest.mark.parametrize(("status", "name"), [(429, "429"), (503, "503")])
def test_an_error_of_botocore_is_called_by_its_status(status: int, name: str) -> None:
    client, _ = answering("lambda", "Invoke", status)
    with pytest.raises(ClientError) as refused:
        client.invoke(FunctionName="f")
    assert error_class(refused.value) == name
