"""The HTTP/1.1 client for one side.

`client` sends a request and reads its response, `connection` limits how long that takes, and
`cookies` keeps the side's own cookies.
"""

from .client import STREAM_SECONDS, Client

__all__ = ["STREAM_SECONDS", "Client"]
