"""The local stack: a whole AWS on this machine, without Docker. See `docs/howto/local-stack.md`."""

from sosw.local.errors import LocalStackError
from sosw.local.stack import LocalStack, attach, local_stack

__all__ = ["LocalStack", "LocalStackError", "attach", "local_stack"]
