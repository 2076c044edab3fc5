"""What the demo says to a person when it cannot go on."""

from sosw.domain.errors import SoswError


class DemoError(SoswError):
    """One sentence: what is wrong, and what to look at or to do next."""
