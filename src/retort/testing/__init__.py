"""Tools to test an app without a server: a client for requests, a runner for commands.

``app.test_client()`` and ``app.test_cli_runner()`` make them; ``app.test_request_context()``
uses the builder. Documented on Flask's "Testing Flask Applications" page.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .builder import EnvironBuilder
from .client import FlaskClient
from .runner import FlaskCliRunner
from .serving import TestApp

if TYPE_CHECKING:
    from .websockets import WebSocketRefused

__all__ = ["EnvironBuilder", "FlaskCliRunner", "FlaskClient", "TestApp", "WebSocketRefused"]


def __getattr__(name: str) -> Any:
    """Import what needs asyncio at its first use."""
    if name != "WebSocketRefused":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from .websockets import WebSocketRefused

    return WebSocketRefused
