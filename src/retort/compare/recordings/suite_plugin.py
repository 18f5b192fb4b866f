"""A plugin of pytest that writes outcomes of tests, and their requests, to a file.

It is copied into a folder of its own, because a test process on the real Flask must not import
Retort. So it imports nothing of it.
"""

from __future__ import annotations

import base64
import importlib
import io
import json
import os
from typing import Any
from urllib.parse import quote

_MAX_BODY_BYTES = 1_000_000
_current = [""]  # the id of the test that runs


def _write(**values: Any) -> None:
    """Write one line, at once: the processes of pytest-xdist write to the same file."""
    with open(os.environ["RETORT_COMPARE_RESULTS"], "ab", buffering=0) as file:
        file.write(json.dumps(values).encode() + b"\n")


def pytest_collection_finish(session: Any) -> None:
    """Record requests, now that the suite's conftest files and test modules are imported.

    Flask is imported by its name, because nothing of Retort imports Flask, and not earlier, because
    the suite may set what Flask reads at its import.
    """
    try:
        flask = importlib.import_module("flask")
    except ImportError:
        return
    if os.environ.get("RETORT_COMPARE_RECORDS"):
        _record_requests(flask.Flask)


def pytest_runtest_logstart(nodeid: str, location: Any) -> None:
    """Remember the test whose requests follow, and write that it has begun."""
    _current[0] = nodeid
    _write(test=nodeid)


def pytest_runtest_logreport(report: Any) -> None:
    """Write the outcome of a test: of its call, or of a set-up that did not pass."""
    is_final = report.when == "call" or (report.outcome != "passed")
    if not is_final:
        return
    outcome = report.outcome
    if hasattr(report, "wasxfail"):
        outcome = "xpassed" if report.outcome == "passed" else "xfailed"
    elif report.when != "call" and outcome == "failed":
        outcome = "error"
    text = str(report.longrepr) if outcome in ("failed", "error") else ""
    _write(test=report.nodeid, outcome=outcome, text=text[-20_000:])


def pytest_collectreport(report: Any) -> None:
    """Write that a file cannot be collected."""
    if report.failed:
        text = str(report.longrepr)[-20_000:]
        _write(test=report.nodeid or "collection", outcome="uncollected", text=text)


def _record_requests(application_class: Any) -> None:
    call = application_class.__call__

    def recorded(self: Any, environ: Any, start_response: Any) -> Any:
        _write_request(environ)
        return call(self, environ, start_response)

    application_class.__call__ = recorded


def _write_request(environ: Any) -> None:
    try:
        length = int(environ.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return
    if length > _MAX_BODY_BYTES:
        return
    body = environ["wsgi.input"].read(length) if length else b""
    environ["wsgi.input"] = io.BytesIO(body) if length else environ["wsgi.input"]
    path = quote(environ.get("PATH_INFO", "").encode("latin-1"), safe="/:@!$&'()*+,;=-._~")
    query = environ.get("QUERY_STRING", "")
    fields = [
        [name[5:].replace("_", "-").title(), value]
        for name, value in environ.items()
        if name.startswith("HTTP_") and isinstance(value, str)
    ]
    if environ.get("CONTENT_TYPE"):
        fields.append(["Content-Type", environ["CONTENT_TYPE"]])
    _write(
        of=_current[0],
        method=environ["REQUEST_METHOD"],
        target=(path or "/") + (f"?{query}" if query else ""),
        fields=fields,
        body=base64.b64encode(body).decode(),
    )
