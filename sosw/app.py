"""The names under which sosw 0.7 offered its base classes."""

from sosw.handler import LambdaGlobals, get_lambda_handler
from sosw.processor import Processor

__all__ = ["LambdaGlobals", "Processor", "get_lambda_handler"]
