"""HTTP messages: requests, responses, and the conversion of return values to responses."""

from .request import Request
from .response import Response

__all__ = ["Request", "Response"]
