"""Find redirects that lead to each other: a warning in the log, and a page in the browser.

A browser shows a page of its own after about 20 redirects in a row, which does not say where they
come from. So the last redirect before that is replaced by a report. All responses before it are
unchanged, and no cookie or field is added: a request continues a row of redirects if it has the
address, the client and the method that the last redirect leads to.
"""

from __future__ import annotations

import logging
import time
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urljoin, urlsplit
from weakref import WeakKeyDictionary

from werkzeug.wsgi import get_host

from ..bounded import BoundedCache
from ..lifecycle.deferred import call_through
from .advice.diagnostic import DiagnosticContext
from .advice.redirects import Step, redirect_loop
from .pages import answer
from .redaction import Budget
from .report import Report, without_secrets
from .requested import sections_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from _typeshed import OptExcInfo
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from ..http import Response
    from .advice import Advice

    Steps = tuple[Step, ...]
    Headers = list[tuple[str, str]]
    Key = tuple[str, str, str, str]

# Safari follows 16 redirects; Chrome, Firefox and the Fetch standard 20.
MAX_IN_A_ROW = 15
_MAX_SECONDS = 10.0  # between a redirect and the request that follows it
_MAX_CLIENTS = 256
_MAX_CHARS = 16 * 1024  # of an address
_IN_QUERY = "!$%&'()*+,/:;=?@[]"  # besides letters, digits and "-._~"
_KEEP_METHOD = (307, 308)
_ROW = "retort.devtools.redirects"  # environ key: the application, and the row so far
_LOOP = HTTPStatus.LOOP_DETECTED  # 508: RFC 5842 section 7.2

_log = logging.getLogger("retort.devtools")


class Rows:
    """The redirects in a row of each client, by the request that would continue them."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._next: BoundedCache[Key, tuple[float, Steps]] = BoundedCache(_MAX_CLIENTS)

    def follow(self, environ: WSGIEnvironment, status: int, location: str | None) -> Steps:
        """Record a response; the redirects that led to it, with itself, if it is one."""
        url, method = _address(environ), environ["REQUEST_METHOD"]
        begun, steps = self._next.pop(_key(environ, method, url), (0.0, ()))
        if self._clock() - begun > _MAX_SECONDS:
            steps = ()
        if not location or status not in (301, 302, 303, 307, 308):
            return ()
        target = urljoin(url, location).partition("#")[0]
        if len(target) > _MAX_CHARS:
            return ()
        steps = (*steps, Step(url, target, status))[-MAX_IN_A_ROW:]
        if status not in _KEEP_METHOD and method != "HEAD":
            method = "GET"
        self._next.keep(_key(environ, method, target), (self._clock(), steps))
        return steps


def _address(environ: WSGIEnvironment) -> str:
    """The URL of a request, with all characters outside ASCII escaped."""
    path = quote(f"{environ.get('SCRIPT_NAME', '')}{environ['PATH_INFO']}", encoding="latin-1")
    query = quote(environ.get("QUERY_STRING", ""), safe=_IN_QUERY, encoding="latin-1")
    url = f"{environ['wsgi.url_scheme']}://{get_host(environ)}{path or '/'}"
    return f"{url}?{query}" if query else url


def _key(environ: WSGIEnvironment, method: str, url: str) -> Key:
    parts = urlsplit(url)
    address = f"{parts.scheme}://{parts.netloc.lower()}{unquote(parts.path) or '/'}"
    client = environ.get("REMOTE_ADDR", ""), environ.get("HTTP_USER_AGENT", "")
    return *client, method, f"{address}?{unquote(parts.query)}"


# For each application, the rows of its clients.
_rows: WeakKeyDictionary[Any, Rows] = WeakKeyDictionary()


def record_redirect(app: Any, environ: WSGIEnvironment, response: Response) -> None:
    """Record a response of an application; each of its responses has to be recorded."""
    rows = _rows.setdefault(app, Rows())
    environ[_ROW] = app, rows.follow(environ, response.status_code, response.location)


def repeated_redirect(diagnostic: DiagnosticContext, response: Response) -> Advice | None:
    """A warning: the first redirect that is made again in a row, or a long row."""
    request = diagnostic.request
    _, steps = (None, ()) if request is None else request.environ.get(_ROW, (None, ()))
    *before, last = steps or (None,)
    is_first_repeated = last in before and len({*before}) == len(before)
    if len(steps) < MAX_IN_A_ROW and not is_first_repeated:
        return None
    return redirect_loop(diagnostic, steps)


class RedirectPages:
    """Middleware: replaces the last redirect of a long row by a page with the status 508.

    :param app: an application whose responses are recorded; those of others are unchanged.
    """

    def __init__(self, app: WSGIApplication) -> None:
        self.app = app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Call the application."""
        pages: list[bytes] = []
        is_started = False

        def start(status: str, headers: Headers, exc_info: OptExcInfo | None = None) -> Any:
            nonlocal is_started
            is_started = True
            page = None if exc_info is not None else self.page(environ)
            if page is None:
                return start_response(status, headers, exc_info)
            pages.append(b"" if environ["REQUEST_METHOD"] == "HEAD" else page[1])
            start_response(f"{_LOOP.value} {_LOOP.phrase}", page[0])
            return lambda piece: None

        def finish(outcome: Callable[[], Iterable[bytes]]) -> Iterable[bytes]:
            body = outcome()
            return body if is_started and not pages else _unless_replaced(body, pages)

        return call_through(partial(self.app, environ, start), finish)  # type: ignore[no-any-return]

    def page(self, environ: WSGIEnvironment) -> tuple[Headers, bytes] | None:
        """The headers and the body of the page, if the response is to be replaced."""
        app, steps = environ.get(_ROW, (None, ()))
        if len(steps) < MAX_IN_A_ROW:
            return None
        try:
            return answer(_report(app, environ["werkzeug.request"], steps), environ)
        except Exception:
            _log.exception("The page about a redirect loop could not be created.")
            return None


def _report(app: Any, request: Any, steps: Steps) -> Report:
    advice = without_secrets(redirect_loop(DiagnosticContext(Exception(), app, request), steps))
    assert advice is not None
    return Report(
        status=_LOOP.value,
        heading=_LOOP.phrase,
        advice=advice,
        method=request.method,
        path=request.path,
        sections=sections_of(request, Budget()),
        note=(
            f"This page replaces redirect number {len(steps)} in a row, because browsers stop after"
            " 16 to 20. Reload it to begin again."
        ),
    )


def _unless_replaced(body: Iterable[bytes], pages: list[bytes]) -> Iterator[bytes]:
    """The pieces of a body, or the page in place of it; decided when the body is iterated."""
    try:
        for piece in body:
            if not pages:
                yield piece
        yield from pages
    finally:
        close = getattr(body, "close", None)
        if close is not None:
            close()
