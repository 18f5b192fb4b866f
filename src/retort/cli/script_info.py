"""Select the application of a command, and load it once.

This file decides which option, variable or file names the application; `locate.py` loads it.
"""

from __future__ import annotations

import functools
import os
from typing import TYPE_CHECKING, Any, TypeVar

import click

from ..context import has_app_context
from ..helpers import get_debug_flag
from . import nearby
from .locate import (
    USUAL_FILES,
    NoAppException,
    can_be_found,
    check_file,
    check_module,
    locate_app,
    parse_reference,
    prepare_import,
    split_target,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..app import Flask

F = TypeVar("F", bound="Callable[..., Any]")


class ScriptInfo:
    """The state shared by commands: how to load the application, and the loaded application.

    :param app_import_path: the value of ``--app``: ``module``, ``module:name``,
        ``module:factory()`` or the path of a file instead of the module.
    :param create_app: returns the application; overrides ``app_import_path``.
    :param set_debug_flag: set ``app.debug`` from ``--debug`` or ``FLASK_DEBUG``.
    :param load_dotenv_defaults: whether ``.env`` and ``.flaskenv`` are read.

    ``data`` is a dict for the data of programs.
    """

    def __init__(
        self,
        app_import_path: str | None = None,
        create_app: Callable[..., Flask] | None = None,
        set_debug_flag: bool = True,
        load_dotenv_defaults: bool = True,
    ) -> None:
        self._loaded_app: Flask | None = None
        self._app_import_path = app_import_path
        self.create_app = create_app
        self.set_debug_flag = set_debug_flag
        self.load_dotenv_defaults = load_dotenv_defaults
        self.data: dict[Any, Any] = {}
        self.load_error: Exception | None = None
        self.variables_from_files: dict[str, str] = {}

    @property
    def app_import_path(self) -> str | None:
        """The name of the application; another one discards an application that was loaded."""
        return self._app_import_path

    @app_import_path.setter
    def app_import_path(self, value: str | None) -> None:
        if self._loaded_app is not None and value != self._app_import_path:
            self._loaded_app = None
        self._app_import_path = value

    def load_app(self) -> Flask:
        """The application; the same object at each call.

        :raises NoAppException: if there is none; exceptions of the program are passed on.
        """
        if self._loaded_app is None:
            try:
                self._loaded_app = self._load()
            except Exception as error:
                self.load_error = error  # so the command line can distinguish it from others
                raise
        return self._loaded_app

    def check(self) -> None:
        """Check that there is a program to load, without importing it.

        :raises NoAppException: if there is none.
        """
        if self.create_app is not None:
            return
        if self.app_import_path:
            path, name = split_target(self.app_import_path)
            check_file(path)
            check_module(prepare_import(path))
            if name is not None:
                parse_reference(name)
        elif not any(can_be_found(prepare_import(file)) for file in USUAL_FILES):
            raise NoAppException(_nothing_named())

    def _load(self) -> Flask:
        app = self._find()
        if self.set_debug_flag:
            app.debug = get_debug_flag()
        return app

    def _find(self) -> Flask:
        if self.create_app is not None:
            return self.create_app()
        if self.app_import_path:
            path, name = split_target(self.app_import_path)
            check_file(path)
            app = locate_app(prepare_import(path), name)
        else:
            app = _usual_app()
        if app is None:
            raise NoAppException(_nothing_named())
        return app


pass_script_info = click.make_pass_decorator(ScriptInfo, ensure=True)


def with_appcontext(f: F) -> F:
    """Run a command with the application loaded and its app context pushed.

    Commands created with ``app.cli.command()`` already have this.
    """

    @click.pass_context
    def run_with_app(ctx: click.Context, /, *args: Any, **kwargs: Any) -> Any:
        if not has_app_context():
            app = ctx.ensure_object(ScriptInfo).load_app()
            ctx.with_resource(app.app_context())
        return ctx.invoke(f, *args, **kwargs)

    return functools.update_wrapper(run_with_app, f)  # type: ignore[return-value]


def _usual_app() -> Flask | None:
    """The application of ``wsgi.py`` or ``app.py`` in the current folder."""
    for file in USUAL_FILES:
        app = locate_app(prepare_import(file), None, raise_if_not_found=False)
        if app is not None:
            return app
    return None


def _nothing_named() -> str:
    targets = nearby.visible_targets()
    example = targets[0] if targets else "path/to/program.py"
    return (
        f"Could not locate a Flask application: {os.getcwd()} has no wsgi.py or app.py, and"
        f" none was named.{nearby.hint()} Name one: 'retort run {example}', the option --app, or"
        " the environment variable FLASK_APP."
    )
