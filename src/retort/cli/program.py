"""Load the program in a process that is to serve it, and tell the developer about it.

Processes that serve may be new ones, in which nothing is prepared; `retort.server` decides
when they start, and calls `load_for_serving` there.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..as_flask import AliasError, install
from ..as_flask.children import why_children_are_left_out
from . import blame
from .routes import route_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..app import Flask
    from .script_info import ScriptInfo


class ProgramError(click.ClickException):
    """The program raised something while it was loaded; the message tells it in short."""

    exit_code = 1


def install_alias() -> None:
    """Let ``import flask`` find Retort in this process and those it starts.

    :raises ProgramError: if the real Flask was imported before.
    """
    try:
        install()
    except AliasError as error:
        raise ProgramError(str(error)) from error


def warn_of_children() -> None:
    """Say so if Python processes that the program starts would import another Flask."""
    reason = why_children_are_left_out()
    if reason is not None:
        click.secho(f" * {reason}", err=True, fg="yellow")


def load_for_serving(info: ScriptInfo, in_full: bool) -> Flask:
    """The application, in a process that serves.

    :param in_full: pass on what the program raises, with its traceback, to be shown on a
        page; else it becomes a `ProgramError`.
    """
    install_alias()
    try:
        return info.load_app()
    except click.ClickException:
        raise
    except Exception as error:
        if in_full:
            raise
        raise ProgramError(blame.loading_failed(error)) from error


def lines_about(app: Flask) -> Iterator[str]:
    """What a developer wants to know first: the routes, and pages with a form to open."""
    yield " * Routes:"
    for line in route_lines(app.url_map, "match"):
        yield f"   {line}".rstrip()
    for page in forms_beside(app):
        yield f" * A form to open in the browser: {page}"


def forms_beside(app: Flask) -> list[Path]:
    """HTML files in the folder of the program that have a form, as absolute paths.

    Templates and static files lie in folders of their own and are not looked at.
    """
    pages = sorted(Path(app.root_path).resolve().glob("*.html"))
    return [page for page in pages if _has_form(page)]


def _has_form(page: Path) -> bool:
    return b"<form" in page.read_bytes().lower()
