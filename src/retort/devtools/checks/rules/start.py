"""Checks of a program at its start.

They find unreachable routes, a session without a key, and misnamed files and folders.
"""

from __future__ import annotations

import ast
import difflib
import os
import sys
from itertools import combinations
from typing import TYPE_CHECKING

from ....globals import session
from ....helpers import flash, get_flashed_messages
from ....sessions import SecureCookieSessionInterface
from ..findings import Finding
from ..program import first_line
from ..source import source_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from werkzeug.routing import Rule

    from ..program import Program, View

#: Packages that a file of the same name beside the program hides.
HIDEABLE = ("flask", "retort", "werkzeug", "jinja2", "click")
# The required similarity of a folder's name to the expected one: "template", "Static". Other
# folders have names similar to static: stats, states.
_LIKENESS = {"templates": 0.8, "static": 0.92}
_BY_ITSELF = frozenset({"HEAD", "OPTIONS"})
_NEED_SESSION = (session, flash, get_flashed_messages)


def check_start(program: Program) -> Iterator[Finding]:
    """Run the checks."""
    yield from _shadowed(program)
    yield from _without_key(program)
    yield from _hiding_files(program)
    yield from _misnamed_folders(program)


# Routes


def _shadowed(program: Program) -> Iterator[Finding]:
    by_shape: dict[str, list[Rule]] = {}
    for rule in program.rules:
        if not rule.build_only and not rule.defaults:
            by_shape.setdefault(f"{rule._parts} {rule.websocket}", []).append(rule)
    for rules in by_shape.values():
        for first, second in combinations(rules, 2):
            yield from _second_of(program, first, second)


def _second_of(program: Program, first: Rule, second: Rule) -> Iterator[Finding]:
    if first.endpoint == second.endpoint:
        return
    common = (first.methods or set()) & (second.methods or set()) - _BY_ITSELF
    view, other = _view_of(program, second), _view_of(program, first)
    if not common or view is None or (other and _are_the_same(view, other)):
        return
    name = f"{other.name} ({place_of(other)})" if other else repr(first.endpoint)
    yield Finding(
        view.code.path,
        first_line(view),
        "shadowed-route",
        f"{view.name} is never called for {' and '.join(sorted(common))} {second.rule}: {name} has"
        " the same address, and was registered first.",
        "Give one of them another address, or other methods.",
    )


def _view_of(program: Program, rule: Rule) -> View | None:
    views = [*program.views, *program.sockets]
    return next((view for view in views if view.has(rule)), None)


def _are_the_same(view: View, other: View) -> bool:
    """Whether two views have the same statements, so that it does not matter which is called."""
    return _statements(view) == _statements(other)


def _statements(view: View) -> list[str]:
    body = list(view.code.node.body)
    if ast.get_docstring(view.code.node) is not None:
        body = body[1:]
    return [ast.dump(statement) for statement in body]


def place_of(view: View) -> str:
    """A view's file and line, as in ``app.py:12``."""
    return f"{os.path.basename(view.code.path)}:{first_line(view)}"


# The session


def _without_key(program: Program) -> Iterator[Finding]:
    app = program.app
    if app.secret_key or type(app.session_interface) is not SecureCookieSessionInterface:
        return
    for view in [*program.views, *program.sockets]:
        for node in ast.walk(view.code.node):
            if not isinstance(node, (ast.Name, ast.Attribute)):
                continue
            found = view.code.resolve(node)
            if any(found is one for one in _NEED_SESSION):
                yield Finding(
                    view.code.path,
                    node.lineno,
                    "no-secret-key",
                    f"{view.name} uses {ast.unparse(node)}, and the application has no secret key:"
                    " the session cannot be used.",
                    "Write app.secret_key = '...' below app = Flask(__name__). Make one with:"
                    " python -c 'import secrets; print(secrets.token_hex())'",
                )
                return


# Files and folders


def _hiding_files(program: Program) -> Iterator[Finding]:
    root = os.path.realpath(program.app.root_path)
    is_package = os.path.isfile(os.path.join(root, "__init__.py"))
    if is_package and root not in map(os.path.realpath, sys.path):  # imported by its full name
        return
    for package in HIDEABLE:
        file = os.path.realpath(os.path.join(program.app.root_path, f"{package}.py"))
        if os.path.isfile(file) and source_of(file) is not None:
            yield Finding(
                file,
                1,
                "misleading-name",
                f"The file {package}.py can hide the package {package}: 'import {package}' finds"
                " the file where the program's folder comes first in sys.path.",
                f"Rename {package}.py, for instance to app.py.",
            )


def _misnamed_folders(program: Program) -> Iterator[Finding]:
    app = program.app
    for right, meant in (("templates", app.template_folder), ("static", app.static_folder)):
        if meant is None or os.path.isdir(os.path.join(app.root_path, meant)):
            continue
        wrong = folder_like(app.root_path, right)
        if os.path.basename(meant) == right and wrong:
            yield Finding(
                os.path.realpath(os.path.join(app.root_path, wrong)),
                1,
                "misleading-name",
                f"There is a folder {wrong}, but none called {right}, which is the default.",
                f"Rename the folder {wrong} to {right}, or write"
                f" {right.removesuffix('s')}_folder={wrong!r} where the application is created.",
            )


def folder_like(root: str, name: str) -> str:
    """The folder with the name most similar to ``name``; empty if none is similar."""
    try:
        folders = [entry.name for entry in os.scandir(root) if entry.is_dir()]
    except OSError:
        return ""
    lowered = {folder.lower(): folder for folder in folders if folder != name}
    close = difflib.get_close_matches(name, list(lowered), n=1, cutoff=_LIKENESS[name])
    return lowered[close[0]] if close else ""
