"""What an error is called in a signal: the HTTP status that it carries, or else its name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeGuard

from sosw.domain.jsontext import words

MAX_CLASS_BYTES = 100
"""A longer name is cut."""
_REFUSED, _TOO_MANY, _SERVER, _BEYOND = 400, 429, 500, 600
_DEPTH = 5
"""So many errors are looked at: the one that was raised, and what it was raised from."""
_GENERAL = ("OperationalError", "DatabaseError", "DBAPIError", "InternalError", "InterfaceError")
"""Names that databases' libraries give to much: the database's own code says more."""
_SQLSTATE, _MYSQL = 5, 1000
"""Length of an SQLSTATE, and the smallest number of MySQL's errors."""


def error_class(error: Any) -> str:
    """Of an exception: `429` for a reply of that status, `ThrottlingException` for AWS's code, or its class's name.

    Looks where botocore, requests, httpx, urllib and aiohttp keep them, in `error` and in what it was raised from. Of a
    database's error with a general name it is the code: `53300` of PostgreSQL, `1040` of MySQL. What is no exception is
    a class already, as a text or a number.
    """
    found = _class(error) if isinstance(error, BaseException) else words(error)
    return found.encode(errors="replace")[:MAX_CLASS_BYTES].decode(errors="ignore")


def _class(error: BaseException) -> str:
    name = type(error).__name__
    looks = [_told, _code_of_database] if name in _GENERAL else [_told]
    return next((found for look in looks for each in _chain(error) if (found := look(each))), name)


def _chain(error: BaseException) -> Iterator[BaseException]:
    found: BaseException | None = error
    for _ in range(_DEPTH):
        if found is None:
            return
        yield found
        found = found.__cause__


def _told(error: BaseException) -> str | None:
    response = _get(error, "response")
    if isinstance(response, Mapping):
        return _told_by_aws(response)
    of_response = [] if response is None else [_get(response, "status_code"), _get(response, "status")]
    own = [_get(error, "status_code"), _get(error, "status"), _get(error, "code")]
    return next((str(int(each)) for each in [*of_response, *own] if _is_status(each)), None)


def _told_by_aws(response: Mapping[Any, Any]) -> str | None:
    """Botocore's. Some services throttle with status 400: then the code says what it was."""
    facts, meta = response.get("Error"), response.get("ResponseMetadata")
    code = facts.get("Code") if isinstance(facts, Mapping) else None
    told = meta.get("HTTPStatusCode") if isinstance(meta, Mapping) else None
    status = int(told) if _is_status(told) else 0
    is_plain = status == _TOO_MANY or status >= _SERVER
    if isinstance(code, str) and code and not is_plain:
        return code
    return str(status) if status else None


def _code_of_database(error: BaseException) -> str | None:
    """Where psycopg, psycopg2, mysql-connector, PyMySQL and mysqlclient keep it."""
    for state in (_get(error, "sqlstate"), _get(error, "pgcode")):
        if isinstance(state, str) and len(state) == _SQLSTATE and state.isalnum():
            return state
    for number in (_get(error, "errno"), next(iter(error.args), None)):
        if isinstance(number, int) and number >= _MYSQL:
            return str(int(number))
    return None


def _is_status(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and _REFUSED <= value < _BEYOND


def _get(thing: Any, name: str) -> Any:
    """Also of a thing whose properties raise: nothing that a foreign error does may cost the report."""
    try:
        return getattr(thing, name, None)
    except Exception:  # noqa: BLE001  (as above)
        return None
