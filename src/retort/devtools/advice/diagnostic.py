"""The diagnostic context of an error: the application, its request, and the program's source.

All attributes are computed at first use, so an advisor that does not handle the error costs
nothing. `checks` parses the source.
"""

from __future__ import annotations

import ast
import linecache
import os
from dataclasses import dataclass
from functools import cached_property
from traceback import walk_tb
from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import HTTPException

from ...setup import find_package
from ..checks.pages import Page, pages_of
from ..checks.program import Program, View, first_line
from ..checks.rules.forms import Sent, send_forms, takers_of
from ..checks.rules.start import place_of
from ..checks.source import UNKNOWN, first_argument, is_own, source_of, text_in
from .edit import FileEdit, diff_of
from .record import Place

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

    from werkzeug.routing import Rule

    from ...http import Request
    from ..checks.source import Source

ROUTE_DECORATORS = frozenset({"route", "get", "post", "put", "patch", "delete", "query"})


@dataclass(frozen=True)
class Line:
    """A line of the program in the traceback of the error."""

    file: str
    line: int
    function: str
    frame: FrameType


class DiagnosticContext:
    """An error, and the data that advisors use.

    :param request: ``None`` if the error was raised outside of a request.
    """

    def __init__(self, error: BaseException, app: Any, request: Request | None) -> None:
        self.error = error
        self.app = app
        self.request = request

    @classmethod
    def of(cls, error: BaseException, app: Any, environ_or_request: Any) -> DiagnosticContext:
        """The context of an error; the request may be an environ, or ``None``."""
        return cls(error, app, _request_in(app, environ_or_request))

    @cached_property
    def folder(self) -> str:
        """The program's folder, the base of diffs."""
        if self.app is not None:
            return find_package(self.app.import_name)[1]
        here = os.getcwd()
        last = self.lines[-1].file if self.lines else ""
        file = _file_of_syntax_error(self.error) or last
        if not file or file.startswith(os.path.join(os.path.realpath(here), "")):
            return here
        return os.path.dirname(file)

    @cached_property
    def program(self) -> Program:
        """The application with its source."""
        return Program(self.app)

    @cached_property
    def pages(self) -> list[Page]:
        """The program's HTML."""
        return pages_of(self.program)

    @cached_property
    def forms(self) -> list[Sent]:
        """The forms in the HTML, and their targets."""
        return send_forms(self.program, self.pages)

    @property
    def what(self) -> str:
        """The request as in ``POST /login``."""
        return "" if self.request is None else f"{self.request.method} {self.request.path}"

    @cached_property
    def view(self) -> View | None:
        """The view of the request, if its source is available."""
        request = self.request
        if request is None or request.url_rule is None:
            return None
        return self.view_of(request.url_rule, request.method)

    def view_of(self, rule: Rule, method: str | None = None) -> View | None:
        """The view of a rule, for a method if there are several."""
        found = [view for view in self.program.views if view.has(rule)]
        best = [view for view in found if method in view.methods]
        return next(iter(best or found), None)

    def forms_to(self, view: View) -> list[Sent]:
        """The forms that are sent to a view, with any method."""
        return [
            sent
            for sent in self.forms
            if sent.rules and not sent.form.is_uncertain and _shares(sent.rules, view.rules)
        ]

    def forms_taken_by(self, view: View) -> list[Sent]:
        """The forms that reach a view."""
        return [sent for sent in self.forms if view in (takers_of(self.program, sent) or ())]

    @cached_property
    def lines(self) -> list[Line]:
        """The program's lines in the traceback, the innermost last."""
        return list(_own_lines(self.error))

    @property
    def last_line(self) -> Line | None:
        """The program's innermost line in the traceback."""
        return self.lines[-1] if self.lines else None

    @cached_property
    def is_raised_in_last_line(self) -> bool:
        """Whether `last_line` raised the error itself, not a function that it called."""
        frames = [frame for frame, _ in walk_tb(self.error.__traceback__)]
        return self.last_line is not None and frames[-1] is self.last_line.frame

    def place(self, file: str, line: int, function: str = "") -> Place:
        """A place with its source line."""
        linecache.checkcache(file)
        return Place(file, line, function, linecache.getline(file, line).strip())

    @property
    def last_place(self) -> Place | None:
        """The place of `last_line`."""
        last = self.last_line
        return None if last is None else self.place(last.file, last.line, last.function)

    def place_of(self, view: View) -> Place:
        """The first line of a view, including its decorators."""
        return self.place(view.code.path, first_line(view), view.code.node.name)

    def name_of(self, rule: Rule, method: str | None = None) -> str:
        """A rule's view, as in ``login() (app.py:12)``; the class for a class-based view."""
        view, cls = self.view_of(rule, method), self.class_of(rule)
        if cls is not None:
            return f"the class {cls.__name__}"
        return f"the endpoint {str(rule.endpoint)!r}" if view is None else described(view)

    def class_of(self, rule: Rule) -> type | None:
        """The class of a rule's view, if it is class-based."""
        cls: type | None = getattr(self.app.view_functions.get(rule.endpoint), "view_class", None)
        return cls

    def route_of(self, rule: Rule) -> tuple[Source, ast.Call] | None:
        """The decorator, or the call of ``add_url_rule``, that added a rule."""
        found = [
            (source, node)
            for source in self.program.sources
            for node in ast.walk(source.tree)
            if isinstance(node, ast.Call) and _makes(node, rule)
        ]
        view = self.view_of(rule)
        mine = [pair for pair in found if view and pair[1] in view.code.node.decorator_list]
        if not mine and len(found) > 1:
            return None
        return next(iter(mine or found), None)

    def rules_for_path(self) -> list[Rule]:
        """The rules that match the request's path, for any method."""
        return [] if self.request is None else self.program.rules_at(self.request.path)


def frame_value(error: BaseException, function: Callable[..., Any], name: str) -> Any:
    """A parameter of the outermost call of ``function`` in the traceback, or `UNKNOWN`."""
    for frame, _ in walk_tb(error.__traceback__):
        if frame.f_code is function.__code__:
            return frame.f_locals.get(name, UNKNOWN)
    return UNKNOWN


def described(view: View) -> str:
    """A view as in ``login() (app.py:12)``."""
    return f"{view.name} ({place_of(view)})"


def shown_methods(methods: set[str] | None) -> list[str]:
    """Methods for display: without the implied HEAD and OPTIONS, GET first."""
    return sorted((methods or set()) - {"HEAD", "OPTIONS"}, key=lambda name: (name != "GET", name))


def joined(words: list[str]) -> str:
    """Join words as in a sentence."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def source_at(line: Line) -> Source | None:
    """The source of the file of a line."""
    return source_of(line.file)


def setting_diff(diagnostic: DiagnosticContext, key: str, value: str) -> str:
    """Replace the value of a setting in the program's source."""
    for source in diagnostic.program.sources:
        for node in ast.walk(source.tree):
            if not isinstance(node, ast.Assign) or not isinstance(node.targets[0], ast.Subscript):
                continue
            slot = node.targets[0].slice
            if isinstance(slot, ast.Constant) and slot.value == key:
                edit = FileEdit(source.path)
                edit.replace_node(node.value, value)
                return diff_of(diagnostic.folder, edit)
    return ""


def new_setting_diff(diagnostic: DiagnosticContext, key: str, value: str) -> str:
    """Add a setting, in a line below the one that creates the application."""
    edits: list[FileEdit] = []

    def edit_of(path: str) -> FileEdit:
        edits.append(FileEdit(path))
        return edits[-1]

    add_setting(diagnostic, key, value, edit_of)
    return diff_of(diagnostic.folder, *edits)


def add_setting(
    diagnostic: DiagnosticContext, key: str, value: str, edit_of: Callable[[str], FileEdit]
) -> bool:
    """Add a setting to the edit of the file that creates the application.

    :param edit_of: the edit of a file, by its path.
    :returns: whether this line was found.
    """
    for source in diagnostic.program.sources:
        for node in source.tree.body:
            if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.Call):
                continue
            called = node.value.func
            name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
            target = node.targets[0]
            if name in ("Flask", "Retort") and isinstance(target, ast.Name):
                line = f"{target.id}.config[{key!r}] = {value}"
                edit_of(source.path).insert_line((node.end_lineno or node.lineno) + 1, line)
                return True
    return False


def _shares(rules: list[Rule], others: list[Rule]) -> bool:
    return any(rule in others for rule in rules)


def _makes(call: ast.Call, rule: Rule) -> bool:
    if not isinstance(call.func, ast.Attribute):
        return False
    if call.func.attr not in ROUTE_DECORATORS | {"add_url_rule"}:
        return False
    text = text_in(first_argument(call, "rule"))
    return text is not None and text != "" and str(rule.rule).endswith(text)


def _own_lines(error: BaseException) -> Iterator[Line]:
    for frame, line in walk_tb(error.__traceback__):
        code = frame.f_code
        if is_own(code.co_filename):
            yield Line(os.path.realpath(code.co_filename), line, code.co_name, frame)


def _file_of_syntax_error(error: BaseException) -> str:
    name = error.filename if isinstance(error, SyntaxError) else None
    return os.path.realpath(name) if name else ""


def _request_in(app: Any, given: Any) -> Request | None:
    """The request, if one was given; a request created from an environ is matched here."""
    if given is None or not isinstance(given, dict):
        request: Request | None = given
        return request
    known: Request | None = given.get("werkzeug.request")
    if known is not None or app is None:
        return known
    made: Request = app.request_class(given)
    given["werkzeug.request"] = None  # its context has been popped
    adapter = app.create_url_adapter(made)
    try:
        made.url_rule, made.view_args = adapter.match(return_rule=True)
    except HTTPException as error:
        made.routing_exception = error
    return made
