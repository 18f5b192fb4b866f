"""The page served while the program cannot be started: what went wrong, and that it waits.

The server stays up, so that the browser's next reload after the fix finds it. Building
the text is done here; who serves it, and notices the fix, is `retort.server`.
"""

from __future__ import annotations

import html
import os
import runpy
import sys
import traceback
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

import retort

if TYPE_CHECKING:
    from types import TracebackType

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


@dataclass(frozen=True)
class Failure:
    """Why the program did not start. ``details`` is a traceback, or empty."""

    summary: str
    details: str = ""

    @classmethod
    def from_exception(cls, error: BaseException) -> Failure:
        """Describe ``error``, without the frames of those who started the program."""
        if isinstance(error, click.ClickException):
            return cls(error.format_message())
        if isinstance(error, SystemExit):
            return cls(_why_it_ended(error.code))
        first = _first_own_frame(error.__traceback__)
        lines = traceback.format_exception(type(error), error, first)
        summary = traceback.format_exception_only(type(error), error)[-1].strip()
        return cls(summary, "".join(lines))

    def report(self) -> None:
        """Write it to the terminal."""
        sys.stderr.flush()
        click.echo(self.details.rstrip() or f"Error: {self.summary}", err=True)


def _why_it_ended(code: object) -> str:
    if isinstance(code, str):
        return code
    return f"The program ended with exit status {code} before it served; see the terminal."


def _first_own_frame(frame: TracebackType | None) -> TracebackType | None:
    """Where the program's part of a traceback begins; ``None`` if it did not get that far."""
    while frame is not None and _is_a_starter(frame.tb_frame.f_code.co_filename):
        frame = frame.tb_next
    return frame


_STARTERS = tuple(
    os.path.dirname(module.__file__) + os.sep for module in (click, retort) if module.__file__
)


def _is_a_starter(filename: str) -> bool:
    return filename.startswith((*_STARTERS, "<frozen ")) or filename == runpy.__file__


_PAGE = """\
<!doctype html>
<html lang=en>
<meta charset=utf-8>
<title>The program does not start</title>
<style>
  body {{ font: 16px/1.5 sans-serif; margin: 2em auto; max-width: 60em; padding: 0 1em }}
  pre {{ background: #f4f4f4; border-left: 4px solid #b00; overflow: auto; padding: 1em }}
</style>
<h1>The program does not start</h1>
<p>{summary}</p>
{details}
<p>The server waits: correct the file, save it, and load this page again.</p>
"""


def failure_page(failure: Failure) -> WSGIApplication:
    """A WSGI application that answers everything with this failure and status 500.

    Browsers get HTML, others plain text.
    """

    def page(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        if "text/html" in environ.get("HTTP_ACCEPT", ""):
            kind, text = "text/html", _as_html(failure)
        else:
            kind, text = "text/plain", _as_text(failure)
        body = text.encode("utf-8", "replace")
        headers = [
            ("Content-Type", f"{kind}; charset=utf-8"),
            ("Content-Length", str(len(body))),
            ("Cache-Control", "no-store"),
        ]
        start_response("500 Internal Server Error", headers)
        return [body]

    return page


def _as_html(failure: Failure) -> str:
    details = f"<pre>{html.escape(failure.details)}</pre>" if failure.details else ""
    return _PAGE.format(summary=html.escape(failure.summary), details=details)


def _as_text(failure: Failure) -> str:
    parts = ["The program does not start.", failure.details or failure.summary]
    parts.append("The server waits: correct the file, save it, and ask again.")
    return "\n\n".join(part.strip() for part in parts) + "\n"
