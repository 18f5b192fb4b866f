"""Resolve an import path (``login.py``, ``shop:create_app("x")``) to the application object.

Each failure has one message with what was searched, where, and what to type instead.
`script_info.py` decides which application to load; `blame.py` describes exceptions that the program
raises while it is imported.
"""

from __future__ import annotations

import ast
import difflib
import importlib.util
import inspect
import os
import sys
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any, TypeGuard

import click

from ..app import Flask
from . import blame, nearby
from .nearby import USUAL_FACTORIES, USUAL_NAMES

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

USUAL_FILES = ("wsgi.py", "app.py")  # the default files if no application is named
OUR_NAMES = ("flask", "retort")


class NoAppException(click.UsageError):
    """No application can be loaded; the message has the reason and what to type."""

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the message without the usage, which is not the problem."""
        click.echo(f"Error: {self.format_message()}", file=file, err=file is None)


def split_target(target: str) -> tuple[str, str | None]:
    """Split ``shop:create_app()`` into module (or path) and name; the name is optional."""
    module, colon, name = target.partition(":")
    if name.startswith(("\\", "/")):  # the colon of a Windows drive: C:\\shop.py:app
        path, colon, name = name.partition(":")
        module = f"{module}:{path}"
    return module, name if colon else None


def prepare_import(path: str) -> str:
    """Make ``path`` importable, and return its dotted module name.

    ``path`` is a dotted name, or a file or folder with or without ``.py``. The folder that
    contains its outermost package is prepended to ``sys.path``.
    """
    file = os.path.realpath(path)
    stem, extension = os.path.splitext(file)
    if extension == ".py":
        file = stem
    if os.path.basename(file) == "__init__":
        file = os.path.dirname(file)
    folder, name = os.path.split(file)
    names = [name]
    while os.path.isfile(os.path.join(folder, "__init__.py")):
        folder, package = os.path.split(folder)
        names.insert(0, package)
    if sys.path[:1] != [folder]:
        sys.path.insert(0, folder)
    return ".".join(names)


def check_file(path: str) -> None:
    """Check that ``path``, if it is the path of a file, exists.

    :raises NoAppException: with the missing file and similar names.
    """
    if not _is_path(path) or os.path.exists(path) or os.path.exists(path + ".py"):
        return
    name = os.path.splitext(os.path.basename(path))[0]
    raise NoAppException(
        f"Could not import {name!r}: there is no file {os.path.abspath(path)}."
        f"{nearby.hint(name)} Pass the path of the program as seen from"
        f" {os.getcwd()}, or the name of a module: module:app."
    )


def can_be_found(module_name: str) -> bool:
    """Whether there is such a module, or for a dotted name its outermost package.

    Nothing is imported.
    """
    outermost = module_name.partition(".")[0]
    return outermost in sys.modules or importlib.util.find_spec(outermost) is not None


def check_module(module_name: str) -> None:
    """Check that there is a module to import.

    :raises NoAppException: with the searched places.
    """
    if module_name in OUR_NAMES:
        raise NoAppException(_hides_us(module_name))
    if not can_be_found(module_name):
        raise NoAppException(_no_module(module_name))


def locate_app(
    module_name: str, app_name: str | None, raise_if_not_found: bool = True
) -> Flask | None:
    """Import a module and return the application in it.

    :param app_name: a name in the module, or a call of a factory with literal arguments;
        ``None`` to search the usual ones.
    :param raise_if_not_found: ``False`` to return ``None`` for a module that does not exist.
    :raises NoAppException: if there is none; also if the module raises ``ImportError``.

    Any other exception of the module is passed on.
    """
    if module_name in OUR_NAMES:
        raise NoAppException(_hides_us(module_name))
    try:
        module = importlib.import_module(module_name)
    except ImportError as error:
        if blame.own_frames(error):
            raise NoAppException(blame.import_failed(module_name, error)) from error
        if not raise_if_not_found:
            return None
        raise NoAppException(_no_module(module_name)) from error
    if app_name is None:
        return find_best_app(module)
    return find_app_by_string(module, app_name)


def find_best_app(module: ModuleType) -> Flask:
    """The application of a module, if none is named.

    In this order: ``app`` or ``application``; the only application in the module; the return value
    of ``create_app`` or ``make_app``, called without arguments.

    :raises NoAppException: if there is none, or more than one.
    """
    for name in USUAL_NAMES:
        found = getattr(module, name, None)
        if _is_app(found):
            return found
    apps = _apps_by_name(module)
    if len(apps) > 1:
        raise NoAppException(_several_apps(module, list(apps)))
    if apps:
        return next(iter(apps.values()))
    for name in USUAL_FACTORIES:
        factory = getattr(module, name, None)
        if inspect.isfunction(factory):
            app = _call_without_arguments(module, name, factory)
            if app is not None:
                return app
    raise NoAppException(_no_app(module))


def find_app_by_string(module: ModuleType, app_name: str) -> Flask:
    """The application named ``app_name`` in ``module``.

    :param app_name: ``name``, ``factory`` or ``factory("literal", arguments=True)``.
    :raises NoAppException: if it cannot be parsed, found or called, or is not an application.
    """
    wanted = parse_reference(app_name)
    try:
        found = getattr(module, wanted.name)
    except AttributeError as error:
        raise NoAppException(_no_attribute(module, wanted.name)) from error
    if inspect.isfunction(found):
        found = _call_factory(module, app_name, found, wanted)
    if _is_app(found):
        return found
    raise NoAppException(
        f"A valid Flask application was not obtained from '{module.__name__}:{app_name}':"
        f" it is {_described(found)}.{_instead(module)}"
    )


@dataclass
class Reference:
    """A name, and the arguments if it is a call."""

    name: str
    args: list[Any] = field(default_factory=list)
    kwargs: dict[str, Any] = field(default_factory=dict)


def parse_reference(text: str) -> Reference:
    """Parse ``name`` or ``factory("literal", arguments=True)``.

    :raises NoAppException: if it is neither.
    """
    try:
        node = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError):  # ValueError: a NUL character, before Python 3.12
        node = None
    if isinstance(node, ast.Name):
        return Reference(node.id)
    if not isinstance(node, ast.Call):
        raise NoAppException(
            f"Failed to parse {text!r} as an attribute name or function call. Write a plain"
            " name (module:app) or a call (module:create_app('argument'))."
        )
    if not isinstance(node.func, ast.Name):
        raise NoAppException(
            f"Function reference must be a simple name: {text!r}. Write"
            " module:create_app(), without dots or brackets before the parenthesis."
        )
    return Reference(node.func.id, *_literal_arguments(node, text))


def _literal_arguments(call: ast.Call, text: str) -> tuple[list[Any], dict[str, Any]]:
    try:
        args = [ast.literal_eval(value) for value in call.args]
        named = {_keyword(kw): ast.literal_eval(kw.value) for kw in call.keywords}
    except (TypeError, ValueError) as error:
        raise NoAppException(
            f"Failed to parse arguments as literal values: {text!r}. Strings (in quotes that"
            " the shell does not remove), numbers, True, None, lists and dicts can be passed."
        ) from error
    return args, named


def _keyword(keyword: ast.keyword) -> str:
    if keyword.arg is None:
        raise ValueError("** is not a literal")
    return keyword.arg


def _call_without_arguments(
    module: ModuleType, name: str, factory: Callable[..., Any]
) -> Flask | None:
    """The return value of the factory, if it is an application."""
    missing = _why_not_callable(factory, Reference(name))
    if missing:
        raise NoAppException(
            f"Detected factory {name!r} in module {module.__name__!r}"
            f" ({blame.place_of(factory)}), but could not call it without arguments:"
            f" {missing}. Pass them: '{module.__name__}:{name}(...)'."
        )
    app = factory()
    return app if _is_app(app) else None


def _call_factory(
    module: ModuleType, text: str, factory: Callable[..., Any], wanted: Reference
) -> Any:
    mismatch = _why_not_callable(factory, wanted)
    if mismatch:
        raise NoAppException(
            f"The factory {text!r} in module {module.__name__!r}"
            f" ({blame.place_of(factory)}) could not be called with the specified"
            f" arguments: {mismatch}. Its signature is"
            f" {wanted.name}{inspect.signature(factory)}."
        )
    return factory(*wanted.args, **wanted.kwargs)


def _why_not_callable(factory: Callable[..., Any], wanted: Reference) -> str | None:
    """Which arguments do not match the signature; ``None`` if they match."""
    try:
        inspect.signature(factory).bind(*wanted.args, **wanted.kwargs)
    except TypeError as error:
        return str(error)
    return None


def _is_app(value: object) -> TypeGuard[Flask]:
    return isinstance(value, Flask)


def _apps_by_name(module: ModuleType) -> dict[str, Flask]:
    """Each application of the module, once, with its first name."""
    apps: dict[str, Flask] = {}
    for name, value in vars(module).items():
        if _is_app(value) and not any(value is known for known in apps.values()):
            apps[name] = value
    return apps


def _hides_us(name: str) -> str:
    return (
        f"Could not import {name!r} as a program: this is the name of the framework. If your"
        f" program is in {name}.py, rename the file."
    )


def _no_module(name: str) -> str:
    return (
        f"Could not import {name!r}: there is no such module in {os.getcwd()} or on the"
        f" module search path.{nearby.hint(name)} Pass a file (path/to/program.py) or a"
        " module (package.module:app)."
    )


def _no_app(module: ModuleType) -> str:
    return (
        f"Failed to find Flask application or factory in module {module.__name__!r}"
        f" ({_file_of(module)}): it has no Flask object, and no create_app() or make_app()"
        f" that returns one.{_how_to_have_one(module)}{nearby.hint()}"
    )


def _how_to_have_one(module: ModuleType) -> str:
    """The fix for a module without an application; a function of it may return one."""
    calls = list(_factories_of(module).values())
    call = calls[0] if len(calls) == 1 else "name()"
    named = f", or name the function that returns it: '{module.__name__}:{call}'" if calls else ""
    return f" Write app = Flask(__name__) in it{named}."


def _several_apps(module: ModuleType, names: list[str]) -> str:
    listed = ", ".join(names[:-1]) + " and " + names[-1]
    return (
        f"Detected multiple Flask applications in module {module.__name__!r}"
        f" ({_file_of(module)}): {listed}. Name one of them:"
        f" '{module.__name__}:{names[0]}'."
    )


def _no_attribute(module: ModuleType, name: str) -> str:
    names = {**_factories_of(module), **{app: app for app in _apps_by_name(module)}}
    close = difflib.get_close_matches(name, list(names), n=1)
    hint = f" Did you mean '{module.__name__}:{names[close[0]]}'?" if close else ""
    return (
        f"Failed to find attribute {name!r} in {module.__name__!r}"
        f" ({_file_of(module)}).{hint or _instead(module)}"
    )


def _factories_of(module: ModuleType) -> dict[str, str]:
    """The functions of the program, as they are called: ``create_app()``, ``create_app(...)``."""
    return {
        name: f"{name}({'...' if _why_not_callable(value, Reference(name)) else ''})"
        for name, value in vars(module).items()
        if inspect.isfunction(value) and (value.__module__ or "").partition(".")[0] not in OUR_NAMES
    }


def _instead(module: ModuleType) -> str:
    for name in _apps_by_name(module):
        return f" It has an application: '{module.__name__}:{name}'."
    factories = _factories_of(module)
    for name in USUAL_FACTORIES:
        if name in factories:
            return f" It has a factory: '{module.__name__}:{factories[name]}'."
    return ""


def _described(value: object) -> str:
    if value is None:
        return "None (does the factory return the application?)"
    return f"an object of type {type(value).__name__}"


def _file_of(module: ModuleType) -> str:
    return blame.shown_path(getattr(module, "__file__", None) or "no file")


def _is_path(text: str) -> bool:
    return text.endswith(".py") or os.sep in text or "/" in text
