"""Build URLs: from the compiled path of an endpoint if possible, otherwise with Werkzeug.

`build.py` builds the paths. An application's ``url_for`` calls `build_url`.
"""

from __future__ import annotations

import typing as t
from urllib.parse import quote

from werkzeug.routing import BuildError

from ..globals import current_app_context, current_request_context
from .build import build_path

if t.TYPE_CHECKING:
    from werkzeug.routing import MapAdapter

    from ..app import Flask
    from ..context import AppContext

# Not escaped in the fragment of a URL: RFC 3986 section 3.5.
_FRAGMENT_SAFE = "%!#$&'()*+,/:;=?@"


def build_url(
    app: Flask,
    endpoint: str,
    values: dict[str, t.Any],
    *,
    anchor: str | None,
    method: str | None,
    scheme: str | None,
    external: bool | None,
) -> str:
    """Implements `Flask.url_for`."""
    context = current_request_context.get(None)
    if context is not None and endpoint.startswith("."):
        blueprint = context.request.blueprint
        endpoint = endpoint[1:] if blueprint is None else blueprint + endpoint
    if external is None:
        external = context is None or scheme is not None
    path_context = None if external or scheme is not None or method is not None else context
    adapter = _find_adapter(app, endpoint) if path_context is None else None
    if scheme is not None and not external:
        raise ValueError(
            f"When specifying '_scheme', '_external' must be True: a URL with the"
            f" scheme {scheme!r} has a host too."
        )
    app.inject_url_defaults(endpoint, values)
    url = None if path_context is None else build_path(path_context, app, endpoint, values)
    if url is None:
        adapter = adapter or _find_adapter(app, endpoint)
        try:
            url = adapter.build(
                endpoint, values, method=method, url_scheme=scheme, force_external=external
            )
        except BuildError as error:
            values.update(_anchor=anchor, _method=method, _scheme=scheme, _external=external)
            return app.handle_url_build_error(error, endpoint, values)
    return url if anchor is None else f"{url}#{quote(anchor, safe=_FRAGMENT_SAFE)}"


def _find_adapter(app: Flask, endpoint: str) -> MapAdapter:
    context: AppContext | None = current_request_context.get(None)
    if context is None:
        context = current_app_context.get(None)
    adapter = app.create_url_adapter(None) if context is None else context.url_adapter
    if adapter is None:
        raise RuntimeError(
            f"Unable to build a URL for the endpoint {endpoint!r} outside an active"
            " request, since the host is not known. Set app.config['SERVER_NAME'] ="
            " 'example.com', and 'APPLICATION_ROOT' and 'PREFERRED_URL_SCHEME' as"
            " needed."
        )
    return adapter
