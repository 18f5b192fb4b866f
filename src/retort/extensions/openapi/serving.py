"""Serve the document and the page about it: ``OPENAPI_URL``, ``OPENAPI_DOCS_URL``.

No source is read here: fields that only the source of views shows are in the document if it comes
from a file that ``retort openapi --output`` has written (``OPENAPI_FILE``).
"""

from __future__ import annotations

import json
import os
import threading
from typing import TYPE_CHECKING, Any

from ...errors import SetupError
from ...globals import current_app, request
from . import files, swagger
from .page import page_of
from .writer import DOCS_ENDPOINT, DOCUMENT_ENDPOINT, SWAGGER_ENDPOINT, document

if TYPE_CHECKING:
    from collections.abc import Callable

    from ...app import Flask
    from ...http import Response

_SETTINGS = {"OPENAPI_URL": DOCUMENT_ENDPOINT, "OPENAPI_DOCS_URL": DOCS_ENDPOINT}
_NO_SCRIPTS = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_REFERRER = {"Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"}


def add_routes(app: Flask) -> None:
    """Add the routes that the configuration names, unless they were added before.

    Called when plans are composed: before the first request. An address that is not valid or is
    taken is logged as an error, and not served.
    """
    if not app.is_in_setup:
        return
    try:
        check_addresses(app)
    except SetupError as error:
        app.logger.error("%s", error)
        app.config.update(OPENAPI_URL=None, OPENAPI_DOCS_URL=None)
        return
    served = _Served()
    for key, view in (("OPENAPI_URL", served.document), ("OPENAPI_DOCS_URL", served.page)):
        if app.config.get(key) and _SETTINGS[key] not in app.view_functions:
            _add(app, app.config[key], _SETTINGS[key], view)
    if _has_swagger(app) and SWAGGER_ENDPOINT not in app.view_functions:
        rule = f"{app.config['OPENAPI_DOCS_URL'].rstrip('/')}/ui/<path:name>"
        _add(app, rule, SWAGGER_ENDPOINT, swagger.send)


def _add(app: Flask, rule: str, endpoint: str, view: Callable[..., Any]) -> None:
    options: dict[str, Any] = {"host": "<retort_host>"} if app.url_map.host_matching else {}
    app.add_url_rule(rule, endpoint, view, **options)


def check_addresses(app: Flask) -> None:
    """Check the addresses that the configuration names.

    :raises SetupError: if one is not valid, or is the address of a view.
    """
    for key, endpoint in _SETTINGS.items():
        if app.config.get(key):
            _check(app, key, endpoint)


def _check(app: Flask, key: str, endpoint: str) -> None:
    url = app.config[key]
    if not isinstance(url, str) or not url.startswith("/") or "<" in url:
        raise SetupError(
            f"{key} is {url!r}. It is a path without variables, such as '/openapi.json' or '/docs'."
        )
    for rule in app.url_map.iter_rules():
        is_other = rule.endpoint != endpoint and rule.rule == url
        if is_other and "GET" in (rule.methods or {"GET"}):
            raise SetupError(
                f"{key} is {url!r}, which is the route of the endpoint {rule.endpoint!r}."
                f" Choose another path for {key}."
            )


def _has_swagger(app: Flask) -> bool:
    config = app.config
    return bool(config.get("OPENAPI_URL") and config.get("OPENAPI_DOCS_URL")) and (
        swagger.folder() is not None
    )


class _Served:
    """The document of an application, made at its first use in this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[str, Any] | None = None

    def document(self, **_: Any) -> Response:
        """Respond with the document as JSON."""
        return _conditional(files.as_json(self._made()), "application/json")

    def page(self, **_: Any) -> Response:
        """Respond with the page: Swagger UI if it is installed, else the page without scripts."""
        app = current_app
        if _has_swagger(app) and "plain" not in request.args:
            text = swagger.page(self._made(), f"{request.root_path}{_base(app)}")
            return _conditional(text, "text/html", swagger.POLICY)
        url = app.config.get("OPENAPI_URL")
        text = page_of(self._made(), f"{request.root_path}{url}" if url else None)
        return _conditional(text, "text/html", _NO_SCRIPTS)

    def _made(self) -> dict[str, Any]:
        with self._lock:
            if self._known is None:
                self._known = _load(current_app)
            return self._known


def _base(app: Flask) -> str:
    return f"{app.config['OPENAPI_DOCS_URL'].rstrip('/')}/ui"


def _load(app: Flask) -> dict[str, Any]:
    """The document of the file that is configured, or of the running program.

    :raises SetupError: if the file cannot be used.
    """
    file = app.config.get("OPENAPI_FILE")
    if file is None:
        made = document(app)
        return dict(json.loads(json.dumps(made, default=str)))
    path = os.path.join(app.root_path, file)
    try:
        return files.read(path)
    except files.DocumentError as error:
        raise SetupError(
            f"OPENAPI_FILE is {file!r}. {error} Write it with 'retort openapi --output {file}'."
        ) from error


def _conditional(text: str, mimetype: str, policy: str | None = None) -> Response:
    response: Response = current_app.response_class(text, mimetype=mimetype, headers=_REFERRER)
    if policy is not None:
        response.headers["Content-Security-Policy"] = policy
    response.add_etag()
    return response.make_conditional(request)
