"""Why a release, or a check of one, is not made."""

from __future__ import annotations


class Refused(Exception):
    """One sentence, for the person who asked."""
