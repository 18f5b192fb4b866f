"""Pages for the machines that watch a server: does it answer, is it ready, its measurements.

They are answered before the application and appear in no access log. Where they are served, on
the site's own port or on one of their own, is decided in `options.py`.
"""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class Page(NamedTuple):
    """An answer to a machine."""

    status: HTTPStatus
    kind: str
    body: bytes


def as_page(status: HTTPStatus, content: Mapping[str, Any]) -> Page:
    """JSON; for an error a problem as RFC 9457 has it."""
    kind = "application/json"
    if status >= 400:
        kind = "application/problem+json"
        content = {"title": status.phrase, "status": status.value, **content}
    return Page(status, kind, json.dumps(content).encode() + b"\n")


def health() -> Page:
    """This process runs and answers; nothing is asked of the program."""
    return as_page(HTTPStatus.OK, {"status": "ok"})


class Readiness:
    """Whether the program can do its work: every check in its ``READY_CHECKS`` says so.

    A check is called without arguments, within the app's context. It fails by raising, or by
    returning ``False``. The answer names the checks; what was raised is in the log only.

    :param is_shutting_down: whether the server shuts down, so balancers should stop using it.
    """

    def __init__(self, program: Any, is_shutting_down: Callable[[], bool]) -> None:
        self.program = program
        self.is_shutting_down = is_shutting_down

    def __call__(self) -> Page:
        if self.is_shutting_down():
            detail = "The server is being stopped."
            return as_page(HTTPStatus.SERVICE_UNAVAILABLE, {"detail": detail})
        results = {_name_of(check): self.run(check) for check in self.checks()}
        checks = {name: "ok" if is_good else "failed" for name, is_good in results.items()}
        if all(results.values()):
            return as_page(HTTPStatus.OK, {"status": "ready", "checks": checks})
        detail = "A check of the program failed."
        return as_page(HTTPStatus.SERVICE_UNAVAILABLE, {"detail": detail, "checks": checks})

    def checks(self) -> Iterable[Callable[[], object]]:
        config: Mapping[str, Any] = getattr(self.program, "config", {})
        checks: Iterable[Callable[[], object]] = config.get("READY_CHECKS", ())
        return checks

    def run(self, check: Callable[[], object]) -> bool:
        try:
            with self.program.app_context():
                return check() is not False
        except Exception:
            self.program.logger.exception("The ready check %s failed.", _name_of(check))
            return False


def _name_of(check: Callable[[], object]) -> str:
    return getattr(check, "__name__", type(check).__name__)


class Pages:
    """Answer these paths; everything else is ``otherwise``'s, or not found.

    :param pages: what to call for a path.
    """

    def __init__(
        self, pages: Mapping[str, Callable[[], Page]], otherwise: WSGIApplication | None = None
    ) -> None:
        self.pages = pages
        self.otherwise = otherwise

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        make = self.pages.get(environ["PATH_INFO"])
        if make is None and self.otherwise is not None:
            return self.otherwise(environ, start_response)
        if make is None:
            page = as_page(HTTPStatus.NOT_FOUND, {"pages": sorted(self.pages)})
        elif environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            page = as_page(HTTPStatus.METHOD_NOT_ALLOWED, {"detail": "Ask with GET or HEAD."})
        else:
            page = make()
        start_response(f"{page.status.value} {page.status.phrase}", _headers(page))
        return [b""] if environ["REQUEST_METHOD"] == "HEAD" else [page.body]


def _headers(page: Page) -> list[tuple[str, str]]:
    headers = [
        ("Content-Type", page.kind),
        ("Content-Length", str(len(page.body))),
        ("Cache-Control", "no-store"),
    ]
    if page.status == HTTPStatus.METHOD_NOT_ALLOWED:
        headers.append(("Allow", "GET, HEAD"))
    return headers
