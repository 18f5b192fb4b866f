"""Warnings: responses that browsers handle differently than intended."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Any

from ..http.cookies import LARGEST
from ..http.cross_origin import is_loopback
from .advice import Advice
from .advice.diagnostic import setting_diff
from .advice.edit import FileEdit, add_import, diff_of
from .checks.program import first_line
from .checks.rules.escaping import unescaped_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..http import Request, Response
    from .advice.diagnostic import DiagnosticContext
    from .checks.program import View

_MARKUP = re.compile(r"<[a-zA-Z/!?]")
_TAG = re.compile(r"<[^>]*>?")
_MIN_TEXT = 3  # characters outside of tags
_MAX_CHARS = 1_000_000  # the number of characters of a response that are searched


# Request data in the HTML without escaping


def unescaped_input(diagnostic: DiagnosticContext, response: Response) -> Advice | None:
    """Markup from the request that the response repeats unescaped."""
    request = diagnostic.request
    if request is None or response.mimetype != "text/html" or response.is_streamed:
        return None
    came = list(_markup_in(request))
    if not came or (response.content_length or 0) > _MAX_CHARS:
        return None
    text = response.get_data(as_text=True)
    source, value = next((each for each in came if each[1] in text), ("", ""))
    if not value:
        return None
    view = diagnostic.view
    spots = unescaped_in(view) if view else []
    if not spots and not _is_distinctive(value):
        return None
    shown = ast.unparse(spots[0]) if spots else "..."
    name = view.name if view else repr(request.endpoint)
    line = spots[0].lineno if spots else 0
    place = None
    if view is not None:
        place = diagnostic.place(view.code.path, line or first_line(view), view.code.node.name)
    return Advice(
        what=(
            f"{name} put text from {source} into its HTML unescaped: a <script> in such text could"
            " run in a browser."
        ),
        why="Text in HTML must be escaped. Templates escape automatically.",
        place=place,
        fix=(
            f"Write escape({shown}), with 'from markupsafe import escape'."
            if spots
            else "Escape it: in Python with escape(...) of markupsafe, in a template without |safe."
        ),
        diff=_escaped(diagnostic, view, spots) if view and spots else "",
        facts=(("Came in", source), ("Value", value[:200])),
    )


def _is_distinctive(value: str) -> bool:
    """Whether a text is unlikely to be in a page by itself, as ``</p>`` is."""
    return len(_TAG.sub("", value).strip()) >= _MIN_TEXT


def _markup_in(request: Request) -> Iterator[tuple[str, str]]:
    for value in (request.view_args or {}).values():
        if isinstance(value, str) and _MARKUP.search(value):
            yield "the URL", value
    parts: dict[str, Any] = {"request.args": request.args}
    if "form" in request.__dict__:  # streams and files are not read
        parts["request.form"] = request.form
    for name, fields in parts.items():
        for value in fields.values():
            if _MARKUP.search(value):
                yield name, value


def _escaped(diagnostic: DiagnosticContext, view: View, spots: list[ast.expr]) -> str:
    edit = FileEdit(view.code.path)
    added = {
        side
        for node in ast.walk(view.code.node)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add)
        for side in (node.left, node.right)
    }
    for spot in dict.fromkeys(spots):
        escaped = f"escape({edit.source(spot)})"
        # Markup would escape the text in the concatenation.
        edit.replace_node(spot, f"str({escaped})" if spot in added else escaped)
    add_import(edit, view.code.source.tree, "markupsafe", "escape")
    return diff_of(diagnostic.folder, edit)


# Cookies

# Fields of a proxy, behind which the browser may use https.
_PROXY_FIELDS = ("Forwarded", "X-Forwarded-Proto", "X-Forwarded-For", "X-Forwarded-Host", "Via")


def _cookies(response: Response) -> Iterator[tuple[str, str, set[str]]]:
    """Name, the complete header field, and attributes of each cookie that is set."""
    for field in response.headers.getlist("Set-Cookie"):
        pair, *attributes = field.split(";")
        yield pair.partition("=")[0], pair, {one.strip().lower() for one in attributes}


def secure_cookie(diagnostic: DiagnosticContext, response: Response) -> Advice | None:
    """A Secure cookie that is sent over http."""
    request = diagnostic.request
    if request is None or request.scheme == "https" or is_loopback(request.host):
        return None
    if any(name in request.headers for name in _PROXY_FIELDS):
        return None
    for name, _, attributes in _cookies(response):
        if "secure" not in attributes:
            continue
        is_session = name == diagnostic.app.config["SESSION_COOKIE_NAME"]
        key = "SESSION_COOKIE_SECURE"
        return Advice(
            what=(
                f"The cookie {name!r} has the attribute Secure and was sent over"
                f" http://{request.host}, so the browser drops it."
            ),
            place=diagnostic.place_of(diagnostic.view) if diagnostic.view else None,
            fix=(
                f"Write app.config['{key}'] = 'auto', or serve with HTTPS."
                if is_session
                else "Remove secure=True, or serve with HTTPS: retort run --cert adhoc."
            ),
            diff=setting_diff(diagnostic, key, "'auto'") if is_session else "",
        )
    return None


def large_cookie(diagnostic: DiagnosticContext, response: Response) -> Advice | None:
    """A cookie that browsers drop because of its size."""
    for name, pair, _ in _cookies(response):
        size = len(pair.encode()) - 1  # without the "="
        if size <= LARGEST:
            continue
        return Advice(
            what=(
                f"The cookie {name!r} has {size} bytes, so the browser drops it: the maximum is"
                f" {LARGEST}."
            ),
            place=diagnostic.place_of(diagnostic.view) if diagnostic.view else None,
            fix="Store less in it: for the session, an id of data that is stored on the server.",
        )
    return None
