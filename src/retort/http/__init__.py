"""HTTP messages: what a request and a response are, and how a view's value becomes one."""

from .request import Request
from .response import Response

__all__ = ["Request", "Response"]
