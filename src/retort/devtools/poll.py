"""Answer the polls of error pages, which load again when the program has been loaded again.

The page asks with a header field that requests of other sites cannot have (Fetch standard: it
requires a preflight). The response has an id of this process, and nothing else: the reloader starts
a process for each change, so another id means another program.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from ..logging import UNLOGGED

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

HEADER = "HTTP_RETORT_POLL"

#: The id of this process.
PROCESS = secrets.token_hex(8)


def is_poll(environ: WSGIEnvironment) -> bool:
    """Whether a request is a poll of an error page of this site."""
    is_of_this_site = environ.get("HTTP_SEC_FETCH_SITE", "same-origin") == "same-origin"
    return HEADER in environ and environ["REQUEST_METHOD"] == "OPTIONS" and is_of_this_site


def answer_poll(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
    """Respond with the id of this process; the request has no line in the logs."""
    environ[UNLOGGED] = True
    fields = [("Retort-Poll", PROCESS), ("Cache-Control", "no-store")]
    start_response("204 No Content", fields)
    return []
