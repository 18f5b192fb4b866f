"""The notes printed once when the program starts, below the address.

They describe how the program is served, and the findings of `checks`. `retort.server` prints them.
"""

from __future__ import annotations

import logging
import os
import textwrap
from inspect import iscoroutinefunction, unwrap
from typing import TYPE_CHECKING, Any

from ..app import Flask
from ..setup import App
from .checks import check_at_start
from .checks.findings import shown
from .html import editor

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .checks import Finding

_log = logging.getLogger("retort.devtools")
_WIDTH = 96


def notes(app: object, threads: int, *, is_first: bool = True) -> list[str]:
    """The lines to print, each paragraph marked like the server's lines.

    Never raises: a program that cannot be analyzed can still be served.

    :param app: the served application; other WSGI applications get no notes.
    :param threads: the maximum number of concurrent views.
    :param is_first: whether this is not a reload; after a reload, only findings are printed.
    """
    if not isinstance(app, App):
        return []
    try:
        findings = check_at_start(app)  # type: ignore[arg-type]  # App is what it reads
    except Exception:
        _log.debug("The notes about %r could not be created.", app, exc_info=True)
        findings = []
    lines = [interface_line(app, threads), *_editor_lines()] if is_first else []
    for finding in findings:
        lines += _paragraph(finding)
    return lines


def interface_line(app: App, threads: int) -> str:
    """How views are called, and the reason."""
    at_once = "one view at a time" if threads == 1 else f"up to {threads} views at once, in threads"
    line = f" * Interface: WSGI, {at_once}"
    rules: Iterable[Any] = getattr(app.url_map, "iter_rules", tuple)()
    sockets = {str(rule.endpoint) for rule in rules if rule.websocket}
    views = [
        name for name, view in app.view_functions.items() if name not in sockets and _is_async(view)
    ]
    return "; ".join([line, _about_async(app, views), *_about_websockets(sockets)])


def _about_async(app: App, views: list[str]) -> str:
    if not views:
        return "no view is async"
    listed = f"async views ({', '.join(sorted(views))})"
    if _runs_async_itself(app):
        return f"{listed} are run by the application's own async_to_sync"
    return f"{listed} run on one event loop"


def _about_websockets(endpoints: set[str]) -> Iterator[str]:
    if endpoints:
        yield f"WebSockets ({', '.join(sorted(endpoints))})"


def _editor_lines() -> Iterator[str]:
    """Why ``RETORT_EDITOR`` is not used, if it cannot be."""
    problem = editor.problem_of(os.environ.get(editor.VARIABLE, ""))
    if problem is not None:
        yield f" * Note: {editor.VARIABLE} is not used: {problem}. Write {editor.EXAMPLE}."


def _is_async(view: Any) -> bool:
    """Whether a view, or one of its functions by method, is a coroutine function."""
    parts = [view, *getattr(view, "views_by_method", {}).values()]
    cls = getattr(view, "view_class", None)
    names = {"dispatch_request", *(name.lower() for name in getattr(cls, "methods", None) or ())}
    parts += [getattr(cls, name, None) for name in names]
    return any(iscoroutinefunction(unwrap(part)) for part in parts if callable(part))


def _runs_async_itself(app: App) -> bool:
    """Whether a class of the program runs coroutines in its own way."""
    own = type(app)
    names = ("async_to_sync", "ensure_sync")
    return any(getattr(own, name) is not getattr(Flask, name) for name in names)


def _paragraph(finding: Finding) -> Iterator[str]:
    text = f"Note: {shown(finding.file)}:{finding.line}: {finding.message} {finding.fix}"
    yield from textwrap.wrap(
        text,
        width=_WIDTH,
        initial_indent=" * ",
        subsequent_indent="   ",
        break_long_words=False,
        break_on_hyphens=False,
    )
