"""Why a function could not be called, or failed. This imports nothing of AWS."""

from __future__ import annotations

from sosw.domain.errors import NotThere, SoswError

_NEW_CREDENTIALS = "the AWS credentials in use are not valid, or no longer: renew them"
_FORBIDDEN = "the credentials in use do not allow it: they need lambda:InvokeFunction on it"
_BUSY = "Lambda is too busy, or slow to answer: try again in a while"
ON_CREDENTIALS = {
    "UnrecognizedClientException": _NEW_CREDENTIALS,
    "InvalidClientTokenId": _NEW_CREDENTIALS,
    "InvalidSignatureException": _NEW_CREDENTIALS,
    "SignatureDoesNotMatch": _NEW_CREDENTIALS,
    "ExpiredTokenException": _NEW_CREDENTIALS,
    "ExpiredToken": _NEW_CREDENTIALS,
    "TokenRetrievalError": _NEW_CREDENTIALS,
    "UnauthorizedSSOTokenError": _NEW_CREDENTIALS,
    "SSOTokenLoadError": _NEW_CREDENTIALS,
    "NoCredentialsError": "there are no AWS credentials: set them in the environment, or name a profile in AWS_PROFILE",
    "PartialCredentialsError": "the AWS credentials are not whole: set the access key and the secret key",
    "NoRegionError": "no AWS region is set: set AWS_REGION, or name one",
}
"""What to do about the errors that any call of AWS may end in before anything is done, by their codes."""
_ABSENT = "ResourceNotFoundException"
_ADVICE = {
    **ON_CREDENTIALS,
    _ABSENT: (
        "there is no such function in this account and region: deploy the stack, or name its prefix and its region"
    ),
    "AccessDeniedException": _FORBIDDEN,
    "AccessDenied": _FORBIDDEN,
    "TooManyRequestsException": _BUSY,
    "ServiceException": _BUSY,
    "ReadTimeoutError": "it did not answer in time: what was asked may have been done all the same",
}


class CallFailed(SoswError):
    """A function could not be called, or its answer was lost."""

    def __init__(self, function: str, code: str, reason: str) -> None:
        self.function, self.code = function, code
        self.reason = _ADVICE.get(code, reason)
        super().__init__(f"function {function} could not be called ({code}): {self.reason}")

    @classmethod
    def of(cls, function: str, code: str, reason: str) -> CallFailed:
        """For an error code of Lambda's; `reason` is told where we have no better advice."""
        return (FunctionAbsent if code == _ABSENT else cls)(function, code, reason)


class FunctionAbsent(CallFailed, NotThere):
    """There is no such function."""


class FunctionFailed(SoswError):
    """A function was called and raised: `error` is the name of the exception's class, `said` its message."""

    def __init__(self, function: str, error: str, said: str) -> None:
        self.function, self.error, self.said = function, error, said
        super().__init__(f"function {function} failed ({error}): {said}: see its log")
