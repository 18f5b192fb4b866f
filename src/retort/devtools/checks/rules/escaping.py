"""Find user input that a view returns as HTML without escaping it.

The check follows URL variables, request fields and declared inputs through local variables to the
return value. A value that was compared before may have been validated, and is not reported.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

import markupsafe

from ....helpers import make_response
from ....http import Response
from ....templating import render_template_string
from ..findings import Finding
from ..inputs import texts_of
from ..program import text_converters
from ..source import text_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..program import Program, View
    from ..source import Code

_FIELDS = frozenset({"args", "form", "values"})
_SAME_TEXT = frozenset(
    {"strip", "lstrip", "rstrip", "upper", "lower", "title", "capitalize", "swapcase", "casefold"}
)
_CHECKS = frozenset(
    {"isalnum", "isalpha", "isdigit", "isdecimal", "isnumeric", "isidentifier", "isascii"}
    | {"match", "fullmatch", "search"}
)
_ROUTES = frozenset(
    {"route", "get", "post", "put", "patch", "delete", "head", "options", "query", "endpoint"}
)
_PASSING = ("_required", "_exempt", "inputs")  # decorators that do not change the response, by name

Origins = dict[str, str]  # the variables with user input, and its source


def check_escaping(program: Program) -> Iterator[Finding]:
    """Report user input that is returned unescaped."""
    if not _responses_are_html(program):
        return
    for view in program.views:
        if _is_passed_on(view):
            yield from _Follower(view).findings()


def unescaped_in(view: View) -> list[ast.expr]:
    """The places in a view where unescaped user input is put into its return value."""
    follower = _Follower(view)
    follower.findings()
    return follower.spots


def _responses_are_html(program: Program) -> bool:
    if program.app.response_class.default_mimetype != "text/html":
        return False
    hooks = [f for each in program.app.after_request_funcs.values() for f in each]
    names = {name for f in hooks for name in getattr(getattr(f, "__code__", None), "co_names", ())}
    return not names & {"content_type", "mimetype"}


def _is_passed_on(view: View) -> bool:
    """Whether all decorators are known not to change the response."""
    for decorator in view.code.node.decorator_list:
        called = decorator.func if isinstance(decorator, ast.Call) else decorator
        name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
        is_route = isinstance(called, ast.Attribute) and name in _ROUTES
        if not is_route and not name.endswith(_PASSING):
            return False
    return True


class _Follower:
    def __init__(self, view: View) -> None:
        self.view = view
        self.code: Code = view.code
        self.found: list[Finding] = []
        self.spots: list[ast.expr] = []

    def findings(self) -> list[Finding]:
        """Visits a view and collects the user input that it returns unescaped."""
        variables = {name for rule in self.view.rules for name in text_converters(rule)}
        arguments = self.code.node.args
        names = [a.arg for a in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]]
        origins = {name: "the URL" for name in names if name in variables}
        origins |= texts_of(self.code)
        self._through(self.code.node.body, origins)
        return self.found

    def _through(self, body: list[ast.stmt], origins: Origins) -> None:
        for statement in body:
            self._step(statement, origins)

    def _step(self, node: ast.stmt, origins: Origins) -> None:
        if isinstance(node, ast.Return) and node.value is not None:
            self._returned(node.value, origins)
        elif isinstance(node, (ast.Assert, ast.Expr)):
            self._let_pass(node, origins)
        elif isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign)):
            self._assignment(node, origins)
        elif isinstance(node, ast.Match):
            origins.clear()  # a case may have validated the value
        else:
            self._compound(node, origins)

    def _assignment(
        self, node: ast.Assign | ast.AnnAssign | ast.AugAssign, origins: Origins
    ) -> None:
        origin = None if node.value is None else self.origin(node.value, origins)
        if isinstance(node, ast.AugAssign):
            if isinstance(node.target, ast.Name) and node.target.id in origins and origin:
                origins[node.target.id] = origin
            return
        for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
            self._assign(target, origin, origins)

    def _compound(self, node: ast.stmt, origins: Origins) -> None:
        if isinstance(node, (ast.If, ast.While)):
            self._condition(node, origins)
        elif isinstance(node, (ast.For, ast.AsyncFor)):
            self._assign(node.target, None, origins)
            self._branches([node.body, node.orelse], origins)
        elif isinstance(node, (ast.With, ast.AsyncWith)):
            self._through(node.body, origins)
        elif isinstance(node, ast.Try):
            self._through([*node.body, *node.orelse], origins)
            self._branches([[], *(handler.body for handler in node.handlers)], origins)
            self._through(node.finalbody, origins)

    def _condition(self, node: ast.If | ast.While, origins: Origins) -> None:
        before = dict(origins)
        self._let_pass(node.test, origins)
        if isinstance(node.test, ast.Compare) and isinstance(node.test.ops[0], ast.Eq):
            # If name == "Ada" is false, the name is not validated.
            otherwise = dict(before)
            self._through(node.orelse, otherwise)
            self._branches([node.body], origins)
            origins.update({} if _ends(node.orelse) else otherwise)
            return
        self._branches([node.body, node.orelse], origins)

    def _branches(self, bodies: list[list[ast.stmt]], origins: Origins) -> None:
        """Follow each of several branches; the result is the union of their variables."""
        after: Origins = {}
        for body in bodies:
            way = dict(origins)
            self._through(body, way)
            if not _ends(body):
                after.update(way)
        origins.clear()
        origins.update(after)

    def _assign(self, target: ast.expr, origin: str | None, origins: Origins) -> None:
        for node in ast.walk(target):
            if isinstance(node, ast.Name):
                _forget(node.id, origins)
        if isinstance(target, ast.Name) and origin is not None:
            origins[target.id] = origin

    def _let_pass(self, test: ast.AST, origins: Origins) -> None:
        """Remove the variables that a condition compares, because it may validate them."""
        for node in ast.walk(test):
            checked: list[ast.expr] = []
            if isinstance(node, ast.Compare):
                if not any(isinstance(op, (ast.Is, ast.IsNot)) for op in node.ops):
                    checked = [node.left, *node.comparators]
            elif isinstance(node, ast.Call):
                checked = self._checked_by(node)
            for name in (inner for one in checked for inner in ast.walk(one)):
                if isinstance(name, ast.Name) and not _compares_with_nothing(node):
                    _forget(name.id, origins)

    def _checked_by(self, call: ast.Call) -> list[ast.expr]:
        """The values a call may validate: its arguments, and the object of a method call."""
        if isinstance(call.func, ast.Attribute) and call.func.attr in _CHECKS:
            return [call.func.value, *call.args]
        if self.code.resolve(call.func) in (print, len):
            return []
        return [] if isinstance(call.func, ast.Attribute) and _logs(call.func) else list(call.args)

    def _returned(self, value: ast.expr, origins: Origins) -> None:
        if isinstance(value, ast.IfExp):
            self._returned(value.body, origins)
            self._returned(value.orelse, origins)
            return
        content = value
        if isinstance(value, ast.Tuple) and value.elts:
            if _names_type(value):
                return
            content = value.elts[0]
        content = self._content_of(content)
        origin = self.origin(content, origins)
        if origin is not None:
            self._report(content, origin, origins)

    def _content_of(self, node: ast.expr) -> ast.expr:
        """The body of a response created in place, if it is HTML."""
        if not isinstance(node, ast.Call) or len(node.args) != 1 or node.keywords:
            return node
        made = self.code.resolve(node.func)
        is_response = isinstance(made, type) and issubclass(made, Response)
        if made in (make_response, render_template_string) or is_response:
            return node.args[0]
        return node

    def _report(self, content: ast.expr, origin: str, origins: Origins) -> None:
        spots = [node for node in ast.walk(content) if self._is_input(node, origins)]
        self.spots += [spot for spot in spots if isinstance(spot, ast.expr)]
        names = [text for n in ast.walk(content) if (text := _dotted(n)) and text in origins]
        what = f"{names[0]!r}, which comes from {origin}," if names else f"text from {origin}"
        shown = names[0] if names else "..."
        self.found.append(
            Finding(
                self.code.path,
                content.lineno,
                "unescaped",
                f"{self.view.name} returns {what} as HTML without escaping it: a <script>"
                " in it runs in the browser of the visitor.",
                f"Write escape({shown}), with 'from markupsafe import escape'; or use"
                " render_template, which escapes automatically.",
            )
        )

    def _is_input(self, node: ast.AST, origins: Origins) -> bool:
        """Whether a node is user input itself, not derived from it."""
        if isinstance(node, (ast.Name, ast.Attribute)):
            return _dotted(node) in origins
        return isinstance(node, (ast.Subscript, ast.Call)) and self._field(node) is not None

    def origin(self, node: ast.expr, origins: Origins) -> str | None:
        """The source of the user input in an expression; ``None`` if it has none."""
        if isinstance(node, (ast.Name, ast.Attribute)):
            return origins.get(_dotted(node))
        if isinstance(node, (ast.Subscript, ast.Call)):
            return self._field(node) or self._called(node, origins)
        if isinstance(node, ast.JoinedStr):
            return self._first([_put_in(part) for part in node.values], origins)
        if isinstance(node, ast.BinOp):
            return self._joined(node, origins)
        if isinstance(node, ast.BoolOp):
            return self._first(node.values, origins)
        if isinstance(node, ast.IfExp):
            return self._first([node.body, node.orelse], origins)
        if isinstance(node, ast.NamedExpr):
            return self.origin(node.value, origins)
        return None

    def _first(self, nodes: list[Any], origins: Origins) -> str | None:
        found = (self.origin(node, origins) for node in nodes)
        return next((origin for origin in found if origin), None)

    def _joined(self, node: ast.BinOp, origins: Origins) -> str | None:
        """``"..." % name`` and ``"..." + name``: if the other side is plain text too."""
        if isinstance(node.op, ast.Mod):
            if text_in(node.left) is None:
                return None
            right = node.right
            if isinstance(right, ast.Dict):
                return self._first(right.values, origins)
            return self._first(right.elts if isinstance(right, ast.Tuple) else [right], origins)
        if not isinstance(node.op, ast.Add):
            return None
        for side, other in ((node.left, node.right), (node.right, node.left)):
            origin = self.origin(side, origins)
            if origin and (self._is_text(other) or self.origin(other, origins)):
                return origin
        return None

    def _is_text(self, node: ast.expr) -> bool:
        """Whether an expression is certainly a str, not Markup, which would escape."""
        if isinstance(node, ast.JoinedStr) or text_in(node) is not None:
            return True
        if isinstance(node, ast.BinOp):
            return self._is_text(node.left) and self._is_text(node.right)
        return type(self.code.resolve(node)) is str

    def _field(self, node: ast.expr) -> str | None:
        """``request.args["x"]`` and ``request.args.get("x")`` without a type conversion."""
        source: ast.expr
        if isinstance(node, ast.Subscript):
            source = node.value
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            is_typed = len(node.args) > 2 or any(one.arg == "type" for one in node.keywords)
            if node.func.attr != "get" or is_typed:
                return None
            source = node.func.value
        else:
            return None
        if not isinstance(source, ast.Attribute) or source.attr not in _FIELDS:
            return None
        return f"request.{source.attr}" if self.code.is_request(source.value) else None

    def _called(self, node: ast.expr, origins: Origins) -> str | None:
        if not isinstance(node, ast.Call):
            return None
        if isinstance(node.func, ast.Attribute):
            owner, name = node.func.value, node.func.attr
            if name in _SAME_TEXT:
                return self.origin(owner, origins)
            if name == "format" and text_in(owner) is not None:
                return self._first([*node.args, *(one.value for one in node.keywords)], origins)
            if name == "join" and text_in(owner) is not None and node.args:
                parts = node.args[0]
                return self._first(getattr(parts, "elts", []), origins)
        made = self.code.resolve(node.func)
        if made is str or made is markupsafe.Markup:
            return self._first(node.args, origins)
        return None


def _dotted(node: ast.AST) -> str:
    """A name as in the source, or one with attributes; empty for other expressions."""
    if isinstance(node, ast.Name):
        return node.id
    owner = _dotted(node.value) if isinstance(node, ast.Attribute) else ""
    return f"{owner}.{node.attr}" if owner and isinstance(node, ast.Attribute) else ""


def _forget(name: str, origins: Origins) -> None:
    """Remove a variable and its attributes."""
    for each in [each for each in origins if each.partition(".")[0] == name]:
        del origins[each]


def _ends(body: list[ast.stmt]) -> bool:
    """Whether control flow never passes these statements."""
    return bool(body) and isinstance(body[-1], (ast.Return, ast.Raise))


def _put_in(part: ast.expr) -> ast.expr:
    """The value an f-string part inserts unchanged: ``x`` for ``{x}``, nothing for ``{x:d}``."""
    if isinstance(part, ast.FormattedValue) and part.format_spec is None:
        return part.value
    return ast.Constant("")


def _compares_with_nothing(node: ast.AST) -> bool:
    """``name == ""`` only tests whether there is a value; it does not validate it."""
    if not isinstance(node, ast.Compare):
        return False
    return any(isinstance(one, ast.Constant) and not one.value for one in node.comparators)


def _logs(function: ast.Attribute) -> bool:
    return function.attr in {"debug", "info", "warning", "error", "append", "get"}


def _names_type(answer: ast.Tuple) -> bool:
    """Whether the headers in ``return text, 200, headers`` may set a type other than HTML."""
    return any(not isinstance(one, (ast.Constant, ast.Attribute)) for one in answer.elts[1:])
