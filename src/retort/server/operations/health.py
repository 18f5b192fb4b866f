"""Monitoring pages: health, readiness and metrics.

The server answers them before the application and does not write them to the access log. They are
served on the site's port or on a port of their own: `options.py`.
"""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class Page(NamedTuple):
    """A response of a monitoring page."""

    status: HTTPStatus
    content_type: str
    body: bytes


def json_page(status: HTTPStatus, content: Mapping[str, Any]) -> Page:
    """A JSON page; errors are problem details (RFC 9457)."""
    content_type = "application/json"
    if status >= 400:
        content_type = "application/problem+json"
        content = {"title": status.phrase, "status": status.value, **content}
    return Page(status, content_type, json.dumps(content).encode() + b"\n")


def health() -> Page:
    """The liveness page: this process responds. The program is not called."""
    return json_page(HTTPStatus.OK, {"status": "ok"})


class Readiness:
    """The readiness page: runs the checks in the program's ``READY_CHECKS``.

    A check is called without arguments, in the app's context. It fails by raising or by returning
    ``False``. The response names the checks; exceptions appear only in the log.

    :param is_shutting_down: returns whether the server is shutting down; then it is not ready.
    """

    def __init__(self, program: Any, is_shutting_down: Callable[[], bool]) -> None:
        self.program = program
        self.is_shutting_down = is_shutting_down

    def __call__(self) -> Page:
        if self.is_shutting_down():
            detail = "The server is being stopped."
            return json_page(HTTPStatus.SERVICE_UNAVAILABLE, {"detail": detail})
        results = {_name_of(check): self.run(check) for check in self.checks()}
        checks = {name: "ok" if is_good else "failed" for name, is_good in results.items()}
        if all(results.values()):
            return json_page(HTTPStatus.OK, {"status": "ready", "checks": checks})
        detail = "A check of the program failed."
        return json_page(HTTPStatus.SERVICE_UNAVAILABLE, {"detail": detail, "checks": checks})

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
    """Serves monitoring pages.

    :param pages: path -> function that makes the page.
    :param fallback: the application for other paths; ``None``: they are not found.
    """

    def __init__(
        self, pages: Mapping[str, Callable[[], Page]], fallback: WSGIApplication | None = None
    ) -> None:
        self.pages = pages
        self.fallback = fallback

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        make = self.pages.get(environ["PATH_INFO"])
        if make is None and self.fallback is not None:
            return self.fallback(environ, start_response)
        if make is None:
            page = json_page(HTTPStatus.NOT_FOUND, {"pages": sorted(self.pages)})
        elif environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            page = json_page(HTTPStatus.METHOD_NOT_ALLOWED, {"detail": "Use GET or HEAD."})
        else:
            page = make()
        start_response(f"{page.status.value} {page.status.phrase}", _headers(page))
        return [b""] if environ["REQUEST_METHOD"] == "HEAD" else [page.body]


def _headers(page: Page) -> list[tuple[str, str]]:
    headers = [
        ("Content-Type", page.content_type),
        ("Content-Length", str(len(page.body))),
        ("Cache-Control", "no-store"),
    ]
    if page.status == HTTPStatus.METHOD_NOT_ALLOWED:
        headers.append(("Allow", "GET, HEAD"))
    return headers
