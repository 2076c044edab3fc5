"""With `AUTH=true` a policy that refuses what does not come over TLS (`aws:SecureTransport`) refuses everything, for
there is no TLS here. Here: every request counts as one that came over TLS.
"""

from __future__ import annotations

from sosw.local.shims.patching import ministack

GUARDS = {"core.iam_evaluator:pin_request_origin": "de819c1bd9ac"}


def apply() -> None:
    evaluator = ministack("core.iam_evaluator")
    pin = evaluator.pin_request_origin
    evaluator.pin_request_origin = lambda source_ip, _secure: pin(source_ip, secure_transport=True)
