"""What an error is called in a signal, wherever its library keeps the status."""

from __future__ import annotations

import urllib.error
from email.message import Message
from http import HTTPStatus
from types import SimpleNamespace
from typing import Any

import pytest

from sosw.domain.error_class import MAX_CLASS_BYTES, error_class


class Refused(Exception):
    """With the attributes that a library gives its errors."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__()
        self.__dict__.update(attributes)


class Spiteful(Exception):
    @property
    def response(self) -> Any:
        raise RuntimeError("not now")


def of_aws(code: str, status: int) -> Refused:
    """As botocore's `ClientError`."""
    return Refused(response={"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}})


def raised_from(cause: BaseException) -> BaseException:
    error = ValueError("no rows")
    error.__cause__ = cause
    return error


def test_urllib_keeps_the_status_as_code() -> None:
    refused = urllib.error.HTTPError("http://shop", 503, "busy", Message(), None)
    assert error_class(refused) == "503"
    refused.close()


@pytest.mark.parametrize(
    ("error", "name"),
    [
        (of_aws("TooManyRequestsException", 429), "429"),
        (of_aws("SlowDown", 503), "503"),
        (of_aws("ThrottlingException", 400), "ThrottlingException"),
        (of_aws("", 400), "400"),
        (of_aws("", 200), "Refused"),
        (Refused(response={}), "Refused"),
        (Refused(response=SimpleNamespace(status_code=429)), "429"),  # requests, httpx
        (Refused(response=SimpleNamespace(status=503)), "503"),
        (Refused(response=None, status=429), "429"),  # aiohttp
        (Refused(status_code=HTTPStatus.TOO_MANY_REQUESTS), "429"),
        (Refused(code=lambda: 429), "Refused"),
        (Refused(code=7), "Refused"),
        (Refused(status=True), "Refused"),
        (Refused(status=600), "Refused"),
        (TimeoutError(), "TimeoutError"),
        (Spiteful(), "Spiteful"),
        ("timeout", "timeout"),
        (503, "503"),
        ("x" * 200, "x" * MAX_CLASS_BYTES),
        ("ü" * 200, "ü" * (MAX_CLASS_BYTES // 2)),
    ],
)
def test_an_error_is_called_by_its_status_or_else_by_its_name(error: Any, name: str) -> None:
    assert error_class(error) == name


class OperationalError(Exception):
    """As PEP 249 has it."""


class OfPostgres(OperationalError):
    """With a code, as psycopg's and psycopg2's."""

    sqlstate: Any = "53300"


class OfPsycopg2(OperationalError):
    sqlstate = None
    pgcode = "57014"


class OfConnector(OperationalError):
    errno = 1203


@pytest.mark.parametrize(
    ("cause", "code"),
    [
        (OfPostgres(), "53300"),
        (OfPsycopg2(), "57014"),
        (OfConnector(), "1203"),
        (OperationalError(1040, "Too many connections"), "1040"),
        (OperationalError("gone away"), "OperationalError"),
        (OSError(111, "refused"), "OperationalError"),
        (Refused(status=503), "503"),
    ],
)
def test_the_code_of_a_database_says_more_than_a_general_name(cause: Exception, code: str) -> None:
    error = OperationalError("of SQLAlchemy, say")
    error.__cause__ = cause
    assert error_class(error) == code


def test_a_name_that_says_what_it_was_stays() -> None:
    assert error_class(OfPostgres()) == "OfPostgres"


def test_the_status_of_what_it_was_raised_from_counts() -> None:
    assert error_class(raised_from(raised_from(Refused(status=503)))) == "503"
    assert error_class(raised_from(TimeoutError())) == "ValueError"


def test_errors_that_were_raised_from_each_other_come_to_an_end() -> None:
    one, other = ValueError(), KeyError()
    one.__cause__, other.__cause__ = other, one
    assert error_class(one) == "ValueError"
