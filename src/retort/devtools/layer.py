"""Middleware for development: replaces error responses by a report.

Unhandled exceptions and unhandled HTTP errors get a report with their status. All other responses
pass unchanged. `advice` explains errors; `pages.py` renders the report.
"""

from __future__ import annotations

import logging
import sys
from collections import deque
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from werkzeug.debug import DebuggedApplication
from werkzeug.debug.tbtools import DebugTraceback
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Request

from ..aio.bodies import AsyncBody
from ..context import PRESERVE_CONTEXT
from ..errors import FileFieldError
from ..lifecycle.deferred import MAY_DEFER, call_through
from ..lifecycle.errors import ON_PLAIN_ERROR
from ..logging import escape_controls, escape_in_lines, retort_logger
from ..websockets.handshake import has_switched
from .advice import Advice, advise
from .advice.returned.parts import checked_pieces
from .explained_body import ExplainedBody
from .frames import errors_of, redacted_traceback, traceback_text
from .html.editor import editor_address
from .pages import REPLACED_HEADERS, answer
from .poll import answer_poll, is_poll
from .redaction import Budget, redact
from .redirects import RedirectPages
from .report import Console, Report, phrase, without_secrets
from .requested import sections_of
from .route_table import routes_near
from .trial import HEADER, try_out
from .warnings import warnings_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from _typeshed import OptExcInfo
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from .route_table import Route

    Headers = list[tuple[str, str]]

_LOGGER = "retort.devtools"

_MAX_ERRORS = 20  # errors whose frames the console can use
_ROUTING = frozenset({404, 405})
_FILES = frozenset(
    function.__code__.co_filename for function in (call_through, RedirectPages.__call__)
) | {__file__}
# Paths that browsers request by themselves; a 404 is no error of the program.
_BROWSER_PATHS = ("/favicon.ico", "/.well-known/")


class Watch:
    """The state of one request; `start` is its ``start_response``."""

    def __init__(self, start_response: StartResponse) -> None:
        self.start_response = start_response
        self.contexts: list[Any] = []
        self.app: Any = None
        self.error: HTTPException | None = None
        self.held: tuple[str, Headers] | None = None
        self.has_started = False
        self.written: list[bytes] = []

    def note(self, app: Any, error: HTTPException) -> None:
        """Called by `lifecycle/errors.py` when an HTTP error becomes a short page."""
        self.app, self.error = app, error

    def start(
        self, status: str, headers: Headers, exc_info: OptExcInfo | None = None
    ) -> Callable[[bytes], object]:
        """Defer the start of a short page; pass on any other."""
        if self.error is not None and status.startswith(f"{self.error.code} "):
            self.held = status, headers
            return self.written.append
        self.held = None
        return self.start_anew(status, headers, exc_info)

    def start_anew(
        self, status: str, headers: Headers, exc_info: OptExcInfo | None
    ) -> Callable[[bytes], object]:
        """Pass on the start of a response, possibly in place of an earlier one.

        :raises Exception: the one in ``exc_info``, if the earlier start has been sent (PEP 3333).
        """
        if not self.has_started or exc_info is None:
            self.has_started = True
            return self.start_response(status, headers)
        return self.start_response(status, headers, exc_info)


@dataclass(frozen=True)
class Incident:
    """An error of one request, with the advice on it.

    :param is_uncaught: no handler of the program converted it to a response.
    """

    error: Exception
    trace: DebugTraceback
    environ: WSGIEnvironment
    contexts: list[Any]
    request: Request
    app: Any
    advice: Advice | None
    is_uncaught: bool

    @classmethod
    def of(
        cls,
        error: Exception,
        watch: Watch,
        environ: WSGIEnvironment,
        trace: DebugTraceback,
        *,
        is_uncaught: bool = False,
    ) -> Incident:
        """Compute the advice, and log it with the application's logger."""
        request = watch.contexts[-1].request if watch.contexts else Request(environ)
        app = watch.contexts[-1].app if watch.contexts else watch.app
        advice = advise(error, app, request)
        log_sentence(app, request.path, status_of(error), advice)
        return cls(error, trace, environ, watch.contexts, request, app, advice, is_uncaught)


class Debugger(DebuggedApplication):
    """Werkzeug's debugger, with its console and PIN, and Retort's pages."""

    def debug_application(  # type: ignore[override]  # a deferred body is no iterator
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        """Call the application, and replace its error responses."""
        if is_poll(environ):
            return iter(answer_poll(environ, start_response))
        if HEADER in environ:
            environ.pop(MAY_DEFER, None)
            return iter(try_out(self.explained, environ, start_response))
        return self.explained(environ, start_response)

    def explained(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """The application's response, or a report in place of an error."""
        watch = Watch(start_response)
        environ[PRESERVE_CONTEXT] = watch.contexts.append
        environ[ON_PLAIN_ERROR] = watch.note
        return call_through(  # type: ignore[no-any-return]
            partial(self.app, environ, watch.start), partial(self.explain, environ, watch)
        )

    def explain(
        self, environ: WSGIEnvironment, watch: Watch, outcome: Callable[[], Iterable[bytes]]
    ) -> Iterable[bytes]:
        """The application's body, or a report; see `call_through`."""
        try:
            body = outcome()
        except Exception as error:
            if isinstance(error, ConnectionError) and has_switched(environ):
                raise  # the end of a WebSocket
            return self.in_place_of_error(environ, watch, error)
        if watch.held is None and isinstance(body, AsyncBody):
            return ExplainedBody(body, partial(self.in_place_of_error, environ, watch))
        return self.explain_pieces(environ, watch, body)

    def explain_pieces(
        self, environ: WSGIEnvironment, watch: Watch, body: Iterable[bytes]
    ) -> Iterator[bytes]:
        try:
            if watch.held is None:
                yield from checked_pieces(body)
            else:
                yield from self.in_place_of_short_page(body, environ, watch)
        except Exception as error:
            yield from self.in_place_of_error(environ, watch, error)
        finally:
            close = getattr(body, "close", None)
            if close is not None:
                close()

    def in_place_of_short_page(
        self, body: Iterable[bytes], environ: WSGIEnvironment, watch: Watch
    ) -> Iterator[bytes]:
        """A report on an HTTP error; the program's response, if it has changed the page."""
        assert watch.held is not None
        assert watch.error is not None
        status, headers = watch.held
        sent = b"".join(body)  # first: it may call `write`
        content = b"".join(watch.written) + sent
        if is_short_page(watch.error, environ["REQUEST_METHOD"], content, headers):
            try:
                incident = Incident.of(watch.error, watch, environ, DebugTraceback(watch.error))
                headers, content = in_headers_of(headers, *answer(self.report(incident), environ))
            except Exception:
                retort_logger(_LOGGER).exception(
                    "The page about %r could not be created.", watch.error
                )
        watch.start_anew(status, headers, None)
        if environ["REQUEST_METHOD"] != "HEAD":
            yield content

    def in_place_of_error(
        self, environ: WSGIEnvironment, watch: Watch, error: Exception
    ) -> Iterator[bytes]:
        """A report on an exception; only in the log, if the response has started."""
        trace = DebugTraceback(error, skip=frames_of_layer(error))
        status = status_of(error)
        headers, content = self.page_about(error, trace, environ, watch)
        try:
            watch.start_anew(f"{status} {phrase(status)}", headers, sys.exc_info())
        except Exception:
            environ["wsgi.errors"].write(
                "The response had started when this happened, so no page could be sent.\n"
            )
            raise  # so that the server aborts the response and prints the traceback
        if status >= 500:
            environ["wsgi.errors"].write(
                escape_in_lines(traceback_text(error, skip=frames_of_layer(error)))
            )
        if environ["REQUEST_METHOD"] != "HEAD":
            yield content

    def page_about(
        self, error: Exception, trace: DebugTraceback, environ: WSGIEnvironment, watch: Watch
    ) -> tuple[Headers, bytes]:
        """The rendered report on an exception; the plain traceback if rendering fails."""
        try:
            incident = Incident.of(error, watch, environ, trace, is_uncaught=True)
            return answer(self.report(incident), environ)
        except Exception:
            retort_logger(_LOGGER).exception("The page about %r could not be created.", error)
            content = redacted_traceback(error, skip=frames_of_layer(error)).encode(
                "utf-8", "replace"
            )
            headers = [("Content-Type", "text/plain; charset=utf-8")]
            return [*headers, ("Content-Length", str(len(content)))], content

    def report(self, incident: Incident) -> Report:
        """Create the report on an error; for an uncaught one, with traceback and values."""
        error, request, status = incident.error, incident.request, status_of(incident.error)
        budget = Budget()
        is_local = self.check_host_trust(incident.environ)
        errors = errors_of(incident.trace, error, with_values=is_local, budget=budget)
        is_uncaught = incident.is_uncaught
        return Report(
            status=status,
            heading=phrase(status),
            advice=without_secrets(incident.advice) or Advice(what=redact(sentence_of(error))),
            method=request.method,
            path=request.path,
            errors=errors if is_uncaught or errors[0].own else (),
            traceback=redacted_traceback(error, skip=frames_of_layer(error)) if is_uncaught else "",
            routes=() if is_uncaught else routes_for(incident.app, request.path, status),
            warnings=tuple(warnings_of(incident.app)),
            sections=sections_of(request, budget),
            console=self.console_for(incident) if is_uncaught else None,
            editor=editor_address() if is_local else "",
        )

    def console_for(self, incident: Incident) -> Console | None:
        """Register the frames of this error for the console, if this client may use it."""
        if not (self.evalex and self.check_host_trust(incident.environ)):
            return None
        frames = incident.trace.all_frames
        keys = [id(frame) for frame in frames]
        self.frames.update(zip(keys, frames, strict=True))
        self.frame_contexts.update(dict.fromkeys(keys, incident.contexts))
        self.forget_old_frames(keys)
        return Console(self.secret, bool(self.check_pin_trust(incident.environ)))

    def forget_old_frames(self, keys: list[int]) -> None:
        """Keep the frames of a few errors only: they refer to all objects of a request."""
        recent = self.__dict__.setdefault("_recent", deque())
        recent.append(keys)
        if len(recent) > _MAX_ERRORS:
            for key in recent.popleft():
                self.frames.pop(key, None)
                self.frame_contexts.pop(key, None)


def is_short_page(error: HTTPException, method: str, content: bytes, headers: Headers) -> bool:
    """Whether a response is Werkzeug's default one for the error, not the program's."""
    expected = error.get_body().encode("utf-8", "replace")
    if method != "HEAD" or content:
        return content == expected
    return any(
        name.lower() == "content-length" and value == str(len(expected)) for name, value in headers
    )


def in_headers_of(headers: Headers, page: Headers, content: bytes) -> tuple[Headers, bytes]:
    """The headers of a response, such as ``Allow``, with a page as its body."""
    kept = [(name, value) for name, value in headers if name.lower() not in REPLACED_HEADERS]
    return [*kept, *page], content


def frames_of_layer(error: Exception) -> int:
    """The number of frames at the begin of a traceback that belong to this layer."""
    count, trace = 0, error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename in _FILES:
        count, trace = count + 1, trace.tb_next
    return count


def status_of(error: Exception) -> int:
    """The status of the response to an exception outside of debug mode."""
    if isinstance(error, HTTPException) and error.code is not None and error.code >= 400:
        return error.code
    return 400 if isinstance(error, FileFieldError) else 500


def sentence_of(error: Exception) -> str:
    """The message of an error."""
    if isinstance(error, HTTPException) and error.description:
        return str(error.description)
    try:
        return f"{type(error).__name__}: {error}".removesuffix(": ")
    except Exception:  # its __str__ raised
        return type(error).__name__


def log_sentence(app: Any, path: str, status: int, advice: Advice | None) -> None:
    """Log the sentence of a page with the application's logger."""
    if app is not None and advice is not None and not path.startswith(_BROWSER_PATHS):
        level = logging.ERROR if status >= 500 else logging.WARNING
        app.logger.log(level, "%s", escape_controls(advice.what))


def routes_for(app: Any, path: str, status: int) -> tuple[Route, ...]:
    """The routes for a page about an address or a method; empty for other errors."""
    return routes_near(app, path) if app is not None and status in _ROUTING else ()
