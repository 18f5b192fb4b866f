"""Tools to test an app without a server: a client for requests, a runner for commands.

``app.test_client()`` and ``app.test_cli_runner()`` make them; ``app.test_request_context()``
uses the builder. Documented on Flask's "Testing Flask Applications" page.
"""

from __future__ import annotations

from .builder import EnvironBuilder
from .client import FlaskClient
from .runner import FlaskCliRunner
from .serving import TestApp

__all__ = ["EnvironBuilder", "FlaskCliRunner", "FlaskClient", "TestApp"]
