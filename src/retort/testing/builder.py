"""Build a WSGI environ for a test: Werkzeug's builder, with the app's host, root and JSON.

`client.py` sends the request and keeps the cookies.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, urlsplit

import werkzeug.test

if TYPE_CHECKING:
    from ..app import Flask


class EnvironBuilder(werkzeug.test.EnvironBuilder):
    """Builds the environ of a request.

    :param app: defines the host (``SERVER_NAME``), root (``APPLICATION_ROOT``), scheme
        (``PREFERRED_URL_SCHEME``) and JSON provider.
    :param path: the path, with or without a query; or a whole URL.
    :param base_url: scheme, host and root, in place of the app's.
    :param subdomain: prepended to the app's host.
    :param url_scheme: in place of the app's.
    :param args: as for :class:`werkzeug.test.EnvironBuilder`, after its ``base_url``.
    :param kwargs: as for :class:`werkzeug.test.EnvironBuilder`.
    :raises AssertionError: if ``base_url`` comes with ``subdomain`` or ``url_scheme``.
    """

    app: Flask

    def __init__(
        self,
        app: Flask,
        path: str = "/",
        base_url: str | None = None,
        subdomain: str | None = None,
        url_scheme: str | None = None,
        *args: Any,
        **kwargs: Any,
    ) -> None:
        if base_url is None:
            url = urlsplit(path)
            base_url = _base_url(app, url, subdomain, url_scheme)
            path = f"{url.path}?{url.query}" if url.query else url.path
        elif subdomain or url_scheme:
            raise AssertionError(
                f"base_url={base_url!r} already has the host and the scheme, so it cannot"
                " be combined with subdomain= or url_scheme=. Put them into base_url."
            )
        self.app = app
        super().__init__(path, base_url, *args, **kwargs)

    def json_dumps(self, obj: Any, **kwargs: Any) -> str:
        """Serialize the ``json=`` argument as the app does.

        :param kwargs: options of ``app.json.dumps``.
        """
        return self.app.json.dumps(obj, **kwargs)


def _base_url(app: Flask, url: SplitResult, subdomain: str | None, url_scheme: str | None) -> str:
    """The base URL of a test's path. A host or scheme in the path takes precedence."""
    scheme = url.scheme or url_scheme or app.config["PREFERRED_URL_SCHEME"]
    host = url.netloc
    if not host:
        host = app.config["SERVER_NAME"] or "localhost"
        if subdomain:
            host = f"{subdomain}.{host}"
    root = app.config["APPLICATION_ROOT"].lstrip("/")
    return f"{scheme}://{host}/{root}"
