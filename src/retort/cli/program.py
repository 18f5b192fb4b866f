"""Load the program in a serving process, and describe it to the developer.

`retort.server` calls `load_for_serving` in each serving process, which may be a new process
without any initialization.
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
    """The program raised an exception while it was loaded; the message is a summary."""

    exit_code = 1


def install_alias() -> None:
    """Make ``import flask`` find Retort in this process and its child processes.

    :raises ProgramError: if the real Flask was imported before.
    """
    try:
        install()
    except AliasError as error:
        raise ProgramError(str(error)) from error


def warn_of_children() -> None:
    """Warn if child processes of the program would import another Flask."""
    reason = why_children_are_left_out()
    if reason is not None:
        click.secho(f" * {reason}", err=True, fg="yellow")


def load_for_serving(info: ScriptInfo, in_full: bool) -> Flask:
    """Load the application in a serving process.

    :param in_full: pass on exceptions of the program with their traceback, for the error page;
        otherwise they become a `ProgramError`.
    """
    install_alias()
    try:
        return info.load_app()
    except click.ClickException as error:
        cause = error.__cause__
        if not (in_full and isinstance(cause, ImportError) and blame.own_frames(cause)):
            raise
    except Exception as error:
        if in_full:
            raise
        raise ProgramError(blame.loading_failed(error)) from error
    raise cause  # not inside of `except`: the command's error is no context of it


def lines_about(app: Flask) -> Iterator[str]:
    """The lines for the developer: the routes, and pages with a form to open."""
    yield " * Routes:"
    for line in route_lines(app.url_map, "match"):
        yield f"   {line}".rstrip()
    for page in forms_beside(app):
        yield f" * A form to open in the browser: {page}"


def forms_beside(app: Flask) -> list[Path]:
    """HTML files with a form in the folder of the program, as absolute paths.

    Templates and static files are in other folders and are not included.
    """
    pages = sorted(Path(app.root_path).resolve().glob("*.html"))
    return [page for page in pages if _has_form(page)]


def _has_form(page: Path) -> bool:
    return b"<form" in page.read_bytes().lower()
