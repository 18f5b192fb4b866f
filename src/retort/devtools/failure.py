"""The error page that is served while the program cannot be started.

The server keeps running, so that a browser reload after the fix works. This file builds the
report; `retort.server` serves it and detects the fix.
"""

from __future__ import annotations

import importlib
import itertools
import os
import runpy
import traceback
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import click
from werkzeug.debug.tbtools import DebugTraceback

from ..errors import ServingError
from ..tracebacks import format_from_program
from .advice import Advice, advise
from .debugger import is_local
from .frames import errors_of, shown_path
from .html.editor import editor_address
from .pages import answer
from .poll import answer_poll, is_poll
from .redaction import redact
from .report import Report, without_secrets

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from .frames import Error


@dataclass(frozen=True)
class Failure:
    """The reason why the program did not start. ``details`` is a traceback, or empty."""

    summary: str
    details: str = ""
    advice: Advice | None = field(default=None, compare=False)
    errors: tuple[Error, ...] = field(default=(), compare=False)

    @classmethod
    def from_exception(cls, error: BaseException) -> Failure:
        """Describe ``error``, without the frames that started the program."""
        if isinstance(error, click.ClickException):
            return cls(error.format_message())
        if isinstance(error, SystemExit):
            return cls(_why_it_ended(error.code))
        if isinstance(error, ServingError):
            return cls._from_serving_error(error)
        first = _first_own_frame(error.__traceback__)
        lines = traceback.format_exception(type(error), error, first)
        summary = traceback.format_exception_only(type(error), error)[-1].strip()
        errors = map(_without_starters, errors_of(DebugTraceback(error), error, with_values=False))
        return cls(summary, "".join(lines), advise(error, None, None), tuple(errors))

    @classmethod
    def _from_serving_error(cls, error: ServingError) -> Failure:
        """Describe the program's exception; the message names the function that raised it."""
        cause = error.__cause__
        if cause is None:
            return cls(str(error))
        trace = format_from_program(cause, cause.__traceback__)
        failure = cls.from_exception(cause)
        return replace(failure, summary=str(error), details=f"{trace}{error}\n")

    @property
    def explanation(self) -> str:
        """The advice as lines of text; empty without advice."""
        return "" if self.advice is None else "\n".join(_lines_of(self.advice))


def _lines_of(advice: Advice) -> Iterator[str]:
    yield advice.what
    if advice.place is not None:
        yield f"  {shown_path(advice.place.file)}:{advice.place.line}: {advice.place.source}"
    if advice.fix:
        yield advice.fix
    if advice.diff:
        yield advice.diff.rstrip("\n")


def _why_it_ended(code: object) -> str:
    if isinstance(code, str):
        return code
    return f"The program ended with exit status {code} before it served; see the terminal."


def _first_own_frame(frame: TracebackType | None) -> TracebackType | None:
    """The first traceback entry of the program; ``None`` if there is none."""
    while frame is not None and _is_a_starter(frame.tb_frame.f_code.co_filename):
        frame = frame.tb_next
    return frame


def _without_starters(error: Error) -> Error:
    library = itertools.dropwhile(lambda frame: _is_a_starter(frame.path), error.library)
    return replace(error, library=tuple(library))


def _file_of(function: Any) -> str:
    """The file name in the module's code; without sources, it differs from ``__file__``."""
    path: str = function.__code__.co_filename
    return path


_STARTERS = (
    os.path.dirname(_file_of(click.echo)) + os.sep,
    os.path.dirname(os.path.dirname(_file_of(_file_of))) + os.sep,
    "<frozen ",
)
_START_FILES = (_file_of(runpy.run_path), _file_of(importlib.import_module))


def _is_a_starter(filename: str) -> bool:
    return filename.startswith(_STARTERS) or filename in _START_FILES


_WAITS = "The server waits until the file is corrected and saved."


def failure_page(failure: Failure) -> WSGIApplication:
    """A WSGI application that responds to all requests with this failure and status 500."""
    safe_summary = redact(failure.summary)
    details = redact(failure.details, by_name=False)
    report = Report(
        status=500,
        heading="The program does not start",
        advice=without_secrets(failure.advice) or Advice(what=safe_summary),
        errors=failure.errors,
        traceback=details.replace(redact(failure.summary, by_name=False), safe_summary),
        note=_WAITS,
    )

    def page(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        if is_poll(environ):
            return answer_poll(environ, start_response)
        shown = replace(
            report,
            method=environ["REQUEST_METHOD"],
            editor=editor_address() if is_local(environ) else "",
        )
        headers, body = answer(shown, environ)
        start_response("500 Internal Server Error", headers)
        return [b"" if environ["REQUEST_METHOD"] == "HEAD" else body]

    return page
