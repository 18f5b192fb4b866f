"""The security schemes that decorators and hooks of extensions require.

Flask-Login, Flask-HTTPAuth and Flask-JWT-Extended are recognised by their functions around a view.
None of them is imported.
"""

from __future__ import annotations

from types import FunctionType
from typing import TYPE_CHECKING, Any

from ...http.request import split_blueprint_path
from .operations import unwrapped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from ...app import Flask
    from .operations import Operation

    #: The names of schemes that are needed together; in a list: alternatives.
    Requirement = dict[str, list[str]]
    #: Schemes by their names in the document.
    Schemes = dict[str, dict[str, Any]]

_JWT_DEFAULTS = {
    "JWT_TOKEN_LOCATION": "headers",
    "JWT_HEADER_NAME": "Authorization",
    "JWT_HEADER_TYPE": "Bearer",
    "JWT_ACCESS_COOKIE_NAME": "access_token_cookie",
    "JWT_REFRESH_COOKIE_NAME": "refresh_token_cookie",
    "JWT_QUERY_STRING_NAME": "jwt",
    "JWT_JSON_KEY": "access_token",
}


def security_of(app: Flask, operation: Operation) -> tuple[list[Requirement], Schemes]:
    """What an operation requires, as alternatives, and the schemes that it names.

    No alternatives: nothing that is recognised.
    """
    needed: list[Requirement] = []
    schemes: Schemes = {}
    for function in (*_hooks_of(app, operation), *operation.chain):
        found = _required_by(function, app.config)
        if found is None:
            continue
        alternatives: list[Requirement] = [
            {name: [] for name in names} for names in found.alternatives
        ]
        needed = [{**one, **other} for one in needed or [{}] for other in alternatives]
        schemes.update(found.schemes)
    return _distinct(needed), schemes


class _Required:
    """The alternatives of one decorator, as names, and their schemes."""

    def __init__(self, schemes: Iterable[tuple[str, dict[str, Any]]], is_optional: bool) -> None:
        self.schemes: Schemes = dict(schemes)
        self.alternatives = [[name] for name in self.schemes]
        if is_optional:
            self.alternatives.append([])


def _hooks_of(app: Flask, operation: Operation) -> Iterator[Callable[..., Any]]:
    """The functions before the request of an operation, with those that they wrap."""
    blueprint = operation.blueprint
    for scope in (None, *(split_blueprint_path(blueprint) if blueprint else ())):
        for function in app.before_request_funcs.get(scope, ()):
            yield from unwrapped(function)


def _required_by(function: Any, config: Mapping[str, Any]) -> _Required | None:
    if not isinstance(function, FunctionType):
        return None
    package = str(function.__globals__.get("__name__", "")).partition(".")[0]
    known = closure_of(function)
    if package == "flask_login":
        return _Required([_of_login(config)], is_optional=False)
    if package == "flask_httpauth":
        schemes = _of_httpauth(known.get("self"))
        return _Required(schemes, bool(known.get("optional")))
    if package == "flask_jwt_extended":
        return _Required(_of_jwt(config, known), bool(known.get("optional")))
    return None


def _of_login(config: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    name = config.get("SESSION_COOKIE_NAME", "session")
    return "session", {"type": "apiKey", "in": "cookie", "name": name}


def _of_httpauth(auth: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    if hasattr(auth, "main_auth"):  # MultiAuth: one of several
        for each in (auth.main_auth, *auth.additional_auths):
            yield from _of_httpauth(each)
        return
    scheme = str(getattr(auth, "scheme", None) or "Bearer")
    header = getattr(auth, "header", None)
    if header is not None and header != "Authorization":
        yield f"key_{header}", {"type": "apiKey", "in": "header", "name": header}
        return
    yield scheme.lower(), {"type": "http", "scheme": scheme.lower()}


def _of_jwt(
    config: Mapping[str, Any], known: Mapping[str, Any]
) -> Iterator[tuple[str, dict[str, Any]]]:
    locations = known.get("locations") or _setting(config, "JWT_TOKEN_LOCATION")
    if isinstance(locations, str):
        locations = [locations]
    kind = "REFRESH" if known.get("refresh") else "ACCESS"
    for location in locations:
        if location == "headers":
            yield _jwt_header(config)
        elif location == "cookies":
            name = _setting(config, f"JWT_{kind}_COOKIE_NAME")
            yield f"jwt_{name}", {"type": "apiKey", "in": "cookie", "name": name}
        elif location == "query_string":
            name = _setting(config, "JWT_QUERY_STRING_NAME")
            yield "jwt_query", {"type": "apiKey", "in": "query", "name": name}


def _jwt_header(config: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    name = _setting(config, "JWT_HEADER_NAME")
    scheme = str(_setting(config, "JWT_HEADER_TYPE"))
    if name != "Authorization" or not scheme:
        return "jwt_header", {"type": "apiKey", "in": "header", "name": name}
    return "jwt", {"type": "http", "scheme": scheme.lower(), "bearerFormat": "JWT"}


def _setting(config: Mapping[str, Any], key: str) -> Any:
    return config.get(key, _JWT_DEFAULTS[key])


def closure_of(function: FunctionType) -> dict[str, Any]:
    """The values of the variables that a function has from the function around it."""
    found: dict[str, Any] = {}
    cells = function.__closure__ or ()
    for name, cell in zip(function.__code__.co_freevars, cells, strict=True):
        try:
            found[name] = cell.cell_contents
        except ValueError:  # an empty cell
            continue
    return found


def _distinct(needed: list[Requirement]) -> list[Requirement]:
    found: list[Requirement] = []
    for one in needed:
        if one not in found:
            found.append(one)
    return found
