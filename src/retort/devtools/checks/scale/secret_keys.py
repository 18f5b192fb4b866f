"""Rule: keys that sign or encrypt, and that each process generates for itself."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from ..findings import Finding
from ..source import UNKNOWN, code_of
from .settings import settings_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..calls import Scope
    from ..program import Program
    from .settings import Setting

_KEYS = {
    "SECRET_KEY": "the session of a visitor is lost whenever another replica responds: the visitor"
    " is logged out, and flashed messages disappear",
    "JWT_SECRET_KEY": "a token of one replica is refused by the others with 401",
    "WTF_CSRF_SECRET_KEY": "a form that one replica has rendered is refused by the others",
    "SECURITY_PASSWORD_SALT": "tokens and passwords of one replica are refused by the others",
}
_RANDOM = {
    "os": ("urandom", "getrandom"),
    "secrets": ("token_hex", "token_bytes", "token_urlsafe", "choice", "randbits", "randbelow"),
    "uuid": ("uuid1", "uuid4"),
    "random": ("random", "randint", "randbytes", "choice", "choices", "sample", "getrandbits"),
}
_DEPTH = 3  # of names and functions that are followed


def check_secret_keys(program: Program) -> Iterator[Finding]:
    """Report keys that are generated when the program is loaded."""
    for setting in settings_of(program, _KEYS):
        call = _random_in(setting.scope, setting.value, _DEPTH)
        if call is not None:
            yield _finding(setting, call)


def _finding(setting: Setting, call: str) -> Finding:
    key = setting.key
    condition = _condition(setting)
    rule = "random-key-fallback" if condition else "random-key"
    when = f"{condition}, " if condition else ""
    what = f"{when}{call} generates {key} when the program is loaded, so each replica has another"
    what = f"{what[0].upper()}{what[1:]}" if condition else what
    return Finding(
        setting.path,
        setting.line,
        rule,
        f"{what} one: {_KEYS[key]}.",
        f'Give all replicas the same key: os.environ["{key}"], from a secret of the deployment.'
        " Make one with: python -c 'import secrets; print(secrets.token_hex())'",
    )


def _condition(setting: Setting) -> str:
    """When the generated key is used, if it is a fallback; else empty."""
    value = setting.value
    if isinstance(value, ast.BoolOp) and isinstance(value.op, ast.Or):
        return f"Where {ast.unparse(value.values[0])} has no value"
    if isinstance(value, ast.IfExp):
        return f"Depending on {ast.unparse(value.test)}"
    if isinstance(value, ast.Call) and len(value.args) == 2:
        return f"Where {ast.unparse(value.args[0])} is not set"
    return f"Where nothing else sets {setting.key}" if setting.is_default else ""


def _random_in(scope: Scope, node: ast.AST, depth: int) -> str | None:
    """The call in an expression that gives another value in each process, as in the source."""
    for each in ast.walk(node):
        if isinstance(each, ast.Call):
            called = scope.resolve(each.func)
            if _is_random(called):
                return ast.unparse(each)
            if ast.unparse(each.func) == "Fernet.generate_key":
                return ast.unparse(each)
            code = code_of(called) if depth and called is not UNKNOWN else None
            returned = _returned(code.node) if code is not None else []
            if any(_random_in(scope, one, depth - 1) for one in returned):
                return ast.unparse(each)
        elif isinstance(each, ast.Name) and isinstance(each.ctx, ast.Load) and depth:
            for value in _values_of(scope, each.id):
                found = _random_in(scope, value, depth - 1)
                if found is not None:
                    return found
    return None


def _returned(node: ast.AST) -> list[ast.expr]:
    return [each.value for each in ast.walk(node) if isinstance(each, ast.Return) and each.value]


def _values_of(scope: Scope, name: str) -> Iterator[ast.expr]:
    """What is assigned to a name of the module, or of the functions around."""
    for owner in (scope.source.tree, *scope.functions):
        for node in owner.body:
            if isinstance(node, ast.Assign) and any(
                isinstance(target, ast.Name) and target.id == name for target in node.targets
            ):
                yield node.value


def _is_random(called: Any) -> bool:
    name = getattr(called, "__name__", None)
    module = (
        getattr(called, "__module__", None) or type(getattr(called, "__self__", None)).__module__
    )
    module = {"posix": "os", "nt": "os"}.get(str(module), str(module))
    if module == "builtins" and name in _RANDOM["os"]:
        module = "os"
    return name in _RANDOM.get(module, ()) if isinstance(name, str) else False
