"""Swagger UI, from the package flask-swagger-ui, if it is installed: ``retort-web[docs]``.

Only its files are sent. The package itself is not imported.
"""

from __future__ import annotations

import json
import os
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from markupsafe import escape

from ...globals import current_app, request
from ...helpers import send_from_directory

if TYPE_CHECKING:
    from ...http import Response

PACKAGE = "flask_swagger_ui"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline';"
    " img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'"
)
_START = "start.js"

_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<link rel="icon" href="{base}/favicon-32x32.png">
<link rel="stylesheet" href="{base}/swagger-ui.css">
<noscript><p><a href="?plain">The page without scripts</a></p></noscript>
<div id="ui"></div>
<script src="{base}/swagger-ui-bundle.js"></script>
<script src="{base}/start.js"></script>
"""


@cache
def folder() -> str | None:
    """The folder with the files of Swagger UI; ``None`` if it is not installed."""
    spec = find_spec(PACKAGE)
    for place in (spec.submodule_search_locations or ()) if spec is not None else ():
        found = os.path.join(place, "dist")
        if os.path.isfile(os.path.join(found, "swagger-ui-bundle.js")):
            return found
    return None


def page(document: dict[str, Any], base: str) -> str:
    """The page that loads Swagger UI.

    :param base: the path of its files.
    """
    return _PAGE.format(title=escape(document["info"]["title"]), base=escape(base))


def send(name: str, **_: Any) -> Response:
    """Respond with a file of Swagger UI, or with the script that starts it."""
    if name == _START:
        url = f"{request.root_path}{current_app.config['OPENAPI_URL']}"
        # Without a validator: the page would send the address of the document to another site.
        options = {"url": url, "dom_id": "#ui", "deepLinking": True, "validatorUrl": None}
        text = f"SwaggerUIBundle({json.dumps(options)});\n"
        response: Response = current_app.response_class(text, mimetype="text/javascript")
        return response
    return send_from_directory(folder() or "", name)
