"""Find views whose arguments do not fit their route: each request would raise ``TypeError``.

A route is left out where a program may change the arguments in a way that the source does not show.
"""

from __future__ import annotations

import ast
import os
from typing import TYPE_CHECKING, Any

import retort

from ....routing import options_of
from ..findings import Finding
from ..receivers import Mismatch, mismatch_of, reads_only
from ..source import FUNCTIONS, code_of, source_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from werkzeug.routing import Rule

    from ....app import Flask
    from ..program import Program
    from ..source import Source

_RETORT = os.path.join(os.path.dirname(retort.__file__), "")
# Methods between the match of a request and the call of its view.
_METHODS = (
    *("create_url_adapter", "full_dispatch_request", "preprocess_request", "dispatch_request"),
    "ensure_sync",
)


def check_arguments(program: Program) -> Iterator[Finding]:
    """Report each function with a route that it cannot be called by."""
    if _changes_calls(program.app) or _changes_view_args(program):
        return
    for rule in program.rules:
        if rule.build_only or rule.redirect_to is not None or rule.alias:
            continue
        if rule.websocket and options_of(rule).websocket is None:
            continue  # of an extension, which passes an argument of its own
        for mismatch in mismatches_at(program, rule):
            code = mismatch.receiver.code
            if code is not None:
                yield Finding(
                    code.path,
                    code.node.lineno,
                    "view-arguments",
                    described(mismatch, rule),
                    fix_of(mismatch, rule, program),
                )


def mismatches_at(program: Program, rule: Rule) -> list[Mismatch]:
    """The functions of a rule that do not accept its variables."""
    view = program.app.view_functions.get(str(rule.endpoint))
    maybe = _changed_by_preprocessors(program.app, str(rule.endpoint))
    if view is None or maybe is None:
        return []
    passed = rule.arguments - maybe
    found = {
        mismatch
        for method in sorted(rule.methods or ("GET",))
        if (mismatch := mismatch_of(view, method, passed, maybe)) is not None
    }
    return sorted(found, key=lambda one: one.receiver.function.__code__.co_firstlineno)


def described(mismatch: Mismatch, rule: Rule) -> str:
    """What does not fit."""
    name, route = _name_of(mismatch), f"its route {rule.rule!r}"
    missing, extra = _quoted(mismatch.missing), _quoted(mismatch.extra)
    if is_by_position(mismatch):
        return f"{name} takes {missing} by position only, but {route} passes it by name."
    if is_about_inputs(mismatch):
        return f"{name} takes no {extra}, but the view that it decorates declares that as input."
    if is_changed(mismatch, rule):
        what = f"needs {missing}" if missing else f"takes no {extra}"
        return f"{name} {what}, but the variables of {route} were changed before it was called."
    if missing and extra:
        return f"{name} needs {missing}, but {route} passes {extra}."
    them = "it" if len(mismatch.missing or mismatch.extra) == 1 else "them"
    if extra:
        return f"{name} takes no {extra}, but {route} passes {them}."
    return f"{name} needs {missing}, but {route} does not pass {them}."


def fix_of(mismatch: Mismatch, rule: Rule, program: Program) -> str:
    """What to write instead."""
    missing, extra = mismatch.missing, mismatch.extra
    variables = " and ".join(f"<{name}>" for name in missing)
    if is_by_position(mismatch):
        return "Remove the / from the arguments."
    if is_about_inputs(mismatch):
        return (
            "Write *args and **kwargs in the decorator's function, and pass both on; or write"
            " @inputs below the decorator, so that inputs are read after it."
        )
    if is_changed(mismatch, rule):
        return "Change the arguments, or the code that changes the values of request.view_args."
    if mismatch.receiver.is_wrapper:
        return "Write *args and **kwargs in the decorator's function, and pass both on."
    if missing and extra:
        return f"Write {variables} in the route, or rename the argument."
    if extra:
        return f"Write {_definition(mismatch, is_optional=is_not_passed(mismatch, rule, program))}."
    if is_passed_by_another(mismatch, rule, program):
        return f"Write {', '.join(f'{name}=None' for name in missing)} in the definition."
    if is_decorated(rule, program):
        return f"Write {variables} in the route, remove the argument, or pass it in the decorator."
    return f"Write {variables} in the route, or remove the argument."


def is_by_position(mismatch: Mismatch) -> bool:
    """Whether the arguments have the right names, and cannot be passed by name."""
    return bool(mismatch.missing) and set(mismatch.missing) == set(mismatch.extra)


def is_about_inputs(mismatch: Mismatch) -> bool:
    """Whether a decorator's function does not accept declared inputs of its view."""
    return mismatch.receiver.inputs.issuperset(mismatch.extra) and bool(mismatch.extra)


def is_changed(mismatch: Mismatch, rule: Rule) -> bool:
    """Whether the function was not called with the variables of its rule."""
    removed = {*mismatch.missing} - {*mismatch.extra}
    return bool(removed & rule.arguments) or not rule.arguments.issuperset(mismatch.extra)


def is_passed_by_another(mismatch: Mismatch, rule: Rule, program: Program) -> bool:
    """Whether another route of the same view passes the missing arguments."""
    others = _of_same_view(rule, program)
    return any(set(mismatch.missing) <= other.arguments for other in others)


def is_not_passed(mismatch: Mismatch, rule: Rule, program: Program) -> bool:
    """Whether another route of the same view does not pass all of the extra arguments."""
    others = _of_same_view(rule, program)
    return any(not set(mismatch.extra) <= other.arguments for other in others)


def is_decorated(rule: Rule, program: Program) -> bool:
    """Whether decorators are around the function of a view."""
    return hasattr(program.app.view_functions.get(str(rule.endpoint)), "__wrapped__")


def _of_same_view(rule: Rule, program: Program) -> list[Rule]:
    """The other rules of a view, also those with another endpoint."""
    views = program.app.view_functions
    mine = _view_or_class(views.get(str(rule.endpoint)))
    return [
        other
        for other in program.rules
        if other is not rule
        and _view_or_class(views.get(str(other.endpoint))) is mine
        and _has_common_method(rule, other)
    ]


def _has_common_method(rule: Rule, other: Rule) -> bool:
    """Whether two rules can reach the same method of a class."""
    if rule.methods is None or other.methods is None:
        return True
    return bool((rule.methods & other.methods) - {"OPTIONS"})


def _view_or_class(view: Any) -> Any:
    return getattr(view, "view_class", view)


def _definition(mismatch: Mismatch, *, is_optional: bool) -> str:
    """The first line of the function with the extra arguments."""
    code = mismatch.receiver.code
    name = mismatch.receiver.function.__code__.co_name
    added = [f"{each}=None" if is_optional else each for each in mismatch.extra]
    if code is None:
        return f"def {name}({', '.join(added)})"
    arguments = code.node.args
    if arguments.vararg or arguments.kwonlyargs or arguments.posonlyargs or arguments.defaults:
        return f"{', '.join(added)} in the arguments of {name}()"
    listed = [*(one.arg for one in arguments.args), *added]
    return f"def {name}({', '.join(listed)})"


def _name_of(mismatch: Mismatch) -> str:
    function = mismatch.receiver.function
    name = function.__code__.co_name
    if mismatch.receiver.is_wrapper and function.__name__ != name:
        return f"{name}(), the decorator's function around {function.__name__}(),"
    return f"{name}()"


def _quoted(names: tuple[str, ...]) -> str:
    return " and ".join(map(repr, names))


# What else changes the arguments


def _changes_calls(app: Flask) -> bool:
    """Whether the application calls its views in a way of its own."""
    return any(name in vars(app) or not _is_retorts(getattr(type(app), name)) for name in _METHODS)


def _is_retorts(method: Any) -> bool:
    code = getattr(method, "__code__", None)
    return code is not None and code.co_filename.startswith(_RETORT)


def _changes_view_args(program: Program) -> bool:
    """Whether code of the program may change ``request.view_args``."""
    app = program.app
    registered: list[Any] = [app.before_request_funcs, app.url_value_preprocessors]
    hooks = [hook for scopes in registered for found in scopes.values() for hook in found]
    files = [_file_of(hook) for hook in hooks]
    sources = [*program.sources, *(source for source in map(source_of, files) if source)]
    if any("view_args" in _names_in(hook) for hook in hooks if code_of(hook) is None):
        return True
    return any(_changes_attribute(source) for source in {one.path: one for one in sources}.values())


def _file_of(function: Any) -> str | None:
    code = getattr(function, "__code__", None)
    return None if code is None else os.path.realpath(code.co_filename)


def _names_in(function: Any) -> tuple[str, ...]:
    code = getattr(function, "__code__", None)
    return ("view_args",) if code is None else code.co_names  # an object's method may use it


def _changes_attribute(source: Source) -> bool:
    parents = {
        child: node for node in ast.walk(source.tree) for child in ast.iter_child_nodes(node)
    }
    return any(
        isinstance(node, ast.Attribute)
        and node.attr == "view_args"
        and not _is_only_read(node, parents)
        for node in ast.walk(source.tree)
    )


def _is_only_read(node: ast.Attribute, parents: dict[ast.AST, ast.AST]) -> bool:
    if not isinstance(node.ctx, ast.Load):
        return False
    if isinstance(parents.get(node), ast.keyword):  # url_for(endpoint, **request.view_args)
        return True
    return reads_only(node, parents)


def _changed_by_preprocessors(app: Flask, endpoint: str) -> set[str] | None:
    """The variables that URL value preprocessors add or remove; ``None`` if unknown."""
    names = endpoint.split(".")[:-1]
    scopes = [None, *(".".join(names[: at + 1]) for at in range(len(names)))]
    changed: set[str] = set()
    for scope in scopes:
        for function in app.url_value_preprocessors.get(scope, ()):
            found = _changed_by(function)
            if found is None:
                return None
            changed |= found
    return changed


def _changed_by(function: Callable[..., Any]) -> set[str] | None:
    code = code_of(function)
    plain = [] if code is None else [*code.node.args.posonlyargs, *code.node.args.args]
    if code is None or len(plain) != 2:
        return None
    values = plain[1].arg
    parents = {child: node for node in ast.walk(code.node) for child in ast.iter_child_nodes(node)}
    changed: set[str] = set()
    for node in ast.walk(code.node):
        if isinstance(node, FUNCTIONS) and node is not code.node:
            return None
        if not isinstance(node, ast.Name) or node.id != values:
            continue
        if not isinstance(node.ctx, ast.Load):
            return None
        if reads_only(node, parents) or isinstance(parents.get(node), ast.BoolOp):
            continue
        key = _key_changed(node, parents)
        if key is None:
            return None
        changed.add(key)
    return changed


def _key_changed(name: ast.Name, parents: dict[ast.AST, ast.AST]) -> str | None:
    """The key in ``values.pop("key")``, ``values["key"] = ...`` and similar changes."""
    parent = parents.get(name)
    key: ast.expr | None = None
    if isinstance(parent, ast.Subscript):
        key = parent.slice
    elif isinstance(parent, ast.Attribute) and parent.attr in ("pop", "setdefault"):
        call = parents.get(parent)
        key = call.args[0] if isinstance(call, ast.Call) and call.args else None
    return key.value if isinstance(key, ast.Constant) and isinstance(key.value, str) else None
