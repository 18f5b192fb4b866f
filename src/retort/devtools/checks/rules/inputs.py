"""Check the declared inputs of views: their types, their decorators, and their place.

Inputs are read before all decorators of a view, unless ``@inputs`` is below one; a `Draft` is read
when it is used.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from msgspec import inspect as kinds

from ....declared import check_route, inputs_in
from ....errors import SetupError
from ..endings import own_nodes
from ..findings import Finding
from ..inputs import drafts_of
from ..program import BODY_METHODS, without_implied
from ..receivers import inner_functions, names_around
from ..source import code_of, text_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ..program import Program, View
    from ..source import Code

# What the functions of decorators that check a login are called: `login_required`, `has_role`.
_CHECKS_LOGIN = re.compile(
    r"(?:^|_)(?:login|log_in|logged_?in|sign_in|signed_in|auth|authenticated?|authentication"
    r"|authoriz(?:ed?|ation)|jwt|identity|permissions?|permitted|roles?|admin|superuser|staff)(?:_|$)"
    r"|(?:^|_)(?:token|user|member|owner|account|session|scopes?|access|api_?key)_"
    r"(?:required?|needed|only|checked|check)"
    r"|(?:requires?|needs?|check|verify|protect|protected)_"
    r"(?:token|user|member|owner|account|session|scopes?|access|api_?key)(?:_|$)"
)
_REFUSALS = frozenset({401, 403})


def check_inputs(program: Program) -> Iterator[Finding]:
    """Report inputs that cannot be read, and those that strangers can have validated."""
    yield from check_declarations(program)
    for view in program.views:
        yield from _before_login(view)


def check_declarations(program: Program) -> Iterator[Finding]:
    """Report inputs that cannot be read: each request would be an error."""
    for view in [*program.views, *program.sockets]:
        problem = problem_of(view)
        if problem is not None:
            yield problem
        yield from _never_sent(view)
        for lost in lost_inputs(view):
            line = view.code.node.lineno
            yield Finding(view.code.path, line, "input-lost", lost.message, lost.fix)


# What cannot be read


def problem_of(view: View) -> Finding | None:
    """The first set-up error of a view, if there is one."""
    function = view.code.function
    try:
        for chain in view.chains:
            for each in chain:
                declared = inputs_in(each)
                for parameter in declared.parameters if declared else ():
                    _describe_all(parameter.described, set())
        for rule in view.rules:
            methods = view.methods & (rule.methods or view.methods)
            check_route(rule.rule, rule.arguments, function, methods)
    except SetupError as error:
        text, fix = split_message(error)
        if view.name not in text:
            text = f"The inputs of {view.name} cannot be read. {text}"
        return _cannot_be_read(view, text, fix)
    for chain in view.chains:
        placed = any(getattr(each, "retort_inputs", None) is function for each in chain)
        if placed and inputs_in(function) is None:
            text = f"@inputs is above {view.name}, which declares no inputs."
            return _cannot_be_read(view, text, "Write a marker at a parameter, or remove @inputs.")
    return None


def split_message(error: SetupError) -> tuple[str, str]:
    """What is wrong with an input, and how to correct it, which is the last sentence."""
    message, _, fix = str(error).rpartition(". ")
    if not message:
        return str(error), "Declare the input with another type."
    return f"{message}.", fix


def _cannot_be_read(view: View, message: str, fix: str) -> Finding:
    return Finding(view.code.path, view.code.node.lineno, "input-type", message, fix)


def _describe_all(described: Any, seen: set[Any]) -> None:
    """Describe the fields of a type and of those in it, which is done at their first use.

    :raises SetupError: if one cannot be read.
    """
    record = described.record
    inner = [*described.options, *([described.item] if described.item else ())]
    if record is not None and record.annotation not in seen:
        seen.add(record.annotation)
        inner += [member.type for member in record.members]
    for each in inner:
        _describe_all(each, seen)


def _never_sent(view: View) -> Iterator[Finding]:
    """A `Draft` in a view that accepts no method with a form."""
    drafts = sorted(drafts_of(view.code))
    if drafts and view.rules and not view.methods & BODY_METHODS:
        yield Finding(
            view.code.path,
            view.code.node.lineno,
            "view-method",
            f"{view.name} takes the form {drafts[0]!r}, but accepts"
            f" {' and '.join(sorted(without_implied(view.methods)))} only: no form data can"
            " arrive here.",
            f"Write methods=['GET', 'POST'] at the route {view.rules[0].rule!r}.",
        )


@dataclass(frozen=True)
class Lost:
    """Inputs that a decorator without ``functools.wraps`` hides.

    :param names: of the inputs.
    :param variable: the name of the decorated function in the decorator.
    """

    names: tuple[str, ...]
    variable: str
    message: str
    fix: str


def lost_inputs(view: View) -> Iterator[Lost]:
    """The inputs of functions that a view calls, and that are not read for it."""
    wrapper: Any = view.code.function
    if hasattr(wrapper, "__wrapped__"):
        return
    for variable, inner in inner_functions(wrapper).items():
        try:
            declared = None if hasattr(inner, "retort_inputs") else inputs_in(inner)
        except SetupError:
            continue
        code = code_of(inner)
        if declared is None or code is None or not _calls(view.code, inner):
            continue
        names = tuple(each.name for each in declared.parameters)
        around = names_around(wrapper)
        yield Lost(
            names,
            variable,
            f"The decorator {around[0] if around else wrapper.__name__}() hides the inputs"
            f" {' and '.join(map(repr, names))} of {code.node.name}(): its function"
            f" {wrapper.__name__}() has no functools.wraps, so they are not read.",
            f"Write @wraps({variable}) above def {wrapper.__name__}, with wraps from functools.",
        )


def _calls(code: Code, inner: Any) -> bool:
    return any(
        isinstance(node, ast.Call) and code.resolve(node.func) is inner
        for node in own_nodes(code.node)
    )


# Inputs before a login


def _before_login(view: View) -> Iterator[Finding]:
    for chain in view.chains:
        functions = chain[1:] if _is_dispatcher(chain[0]) else chain
        if not _can_be_refused(functions[0]):
            continue
        for wrapper in functions[:-1]:
            name = _login_check(wrapper)
            found = None if name is None else _strangers_validate(view, name)
            if found is not None:
                yield found
                return


def _is_dispatcher(function: Any) -> bool:
    return hasattr(function, "view_class") or hasattr(function, "views_by_method")


def _can_be_refused(function: Callable[..., Any]) -> bool:
    """Whether inputs are read before the decorators, and a request can have wrong ones."""
    if hasattr(function, "retort_inputs"):
        return False
    try:
        declared = inputs_in(function)
    except SetupError:
        return False
    return declared is not None and any(
        parameter.source not in ("draft", "path") and _is_limited(parameter)
        for parameter in declared.parameters
    )


def _is_limited(parameter: Any) -> bool:
    described = parameter.described
    is_text = isinstance(described.type, (kinds.StrType, kinds.AnyType)) and not described.limits
    return parameter.is_required or described.is_many or not is_text


def _login_check(wrapper: Any) -> str | None:
    """The name of the decorator that a wrapper belongs to, if it checks a login."""
    names = names_around(wrapper)
    code = code_of(wrapper)
    if code is not None and not _may_refuse(code):
        return None
    found = next((name for name in names if _CHECKS_LOGIN.search(_in_snake_case(name))), None)
    if found is None and code is not None and _refuses_strangers(code):
        found = names[0] if names else code.node.name
    return found


def _in_snake_case(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


def _may_refuse(code: Code) -> bool:
    """Whether a wrapper can end without a call of the view."""
    return any(
        isinstance(node, ast.Raise)
        or (isinstance(node, ast.Call) and "abort" in ast.unparse(node.func))
        or (isinstance(node, ast.Return) and not _is_call_of_inner(code, node.value))
        for node in own_nodes(code.node)
    )


def _is_call_of_inner(code: Code, node: ast.expr | None) -> bool:
    if isinstance(node, ast.Await):
        node = node.value
    names = {each.id for each in ast.walk(node) if isinstance(each, ast.Name)} if node else set()
    return not names.isdisjoint(code.function.__code__.co_freevars)


def _refuses_strangers(code: Code) -> bool:
    """``abort(401)``, ``return ..., 403``, ``redirect(url_for("login"))``."""
    for node in own_nodes(code.node):
        if isinstance(node, ast.Constant) and node.value in _REFUSALS:
            return True
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == "url_for":
            target = text_in(node.args[0]) if node.args else None
            if target is not None and _CHECKS_LOGIN.search(target.rpartition(".")[2]):
                return True
    return False


def _strangers_validate(view: View, name: str) -> Finding | None:
    decorator = _decorator_of(view, name)
    written = None if decorator is None else ast.unparse(decorator)
    if written is not None and "optional=True" in written:
        return None
    shown = name if written is None else f"@{written}"
    return Finding(
        view.code.path,
        view.code.node.lineno if decorator is None else decorator.lineno,
        "input-before-login",
        f"The inputs of {view.name} are read before {shown}: a client that is not logged in gets"
        " 422 with the names of the fields.",
        f"Write @inputs (from retort) below {shown}, so that inputs are read after it.",
    )


def _decorator_of(view: View, name: str) -> ast.expr | None:
    """The decorator of a view that a wrapper belongs to, by its name, or as the only one."""
    decorators = view.code.node.decorator_list
    named = [each for each in decorators if name in ast.unparse(each)]
    others = [each for each in decorators if not _ROUTE.search(ast.unparse(each))]
    found = named or others
    return found[0] if len(found) == 1 else None


_ROUTE = re.compile(r"\.(?:route|get|post|put|patch|delete|query|websocket)\(")
