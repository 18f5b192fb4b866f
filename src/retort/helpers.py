"""Functions that work on the current application and request, for views to call.

Each calls the method of the current application, so overrides of a program take effect.
The application, Werkzeug and the session implement them.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from typing import IO, TYPE_CHECKING, Any, AnyStr, NoReturn, cast

import werkzeug.utils
from werkzeug.exceptions import abort as _abort_without_app
from werkzeug.utils import redirect as _redirect_without_app

from .class_guard import UNCHANGED
from .globals import (
    app_ctx,
    current_app,
    current_app_context,
    current_request_context,
    find_app,
    request,
    request_ctx,
    session,
)
from .http.files import send_from, send_path
from .http.redirect import DEFAULT_CODE
from .http.request import split_blueprint_path as _split_blueprint_path  # noqa: F401
from .routing import build_path
from .signals import message_flashed
from .streaming import stream_with_context

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime
    from importlib.machinery import ModuleSpec

    from _typeshed.wsgi import WSGIEnvironment
    from werkzeug.wrappers import Response as BaseResponse

    from .http.response import Response

__all__ = [
    "abort",
    "created",
    "flash",
    "get_debug_flag",
    "get_flashed_messages",
    "get_load_dotenv",
    "get_root_path",
    "get_template_attribute",
    "make_response",
    "redirect",
    "send_file",
    "send_from_directory",
    "stream_with_context",
    "url_for",
]

_NO = frozenset({"0", "false", "no"})


def get_debug_flag() -> bool:
    """Whether ``FLASK_DEBUG`` enables debug mode: set, and not ``0``, ``false`` or ``no``.

    Flask doc: Configuration, Debug Mode.
    """
    word = os.environ.get("FLASK_DEBUG", "")
    return word != "" and word.lower() not in _NO


def get_load_dotenv(default: bool = True) -> bool:
    """Whether ``.env`` and ``.flaskenv`` are read: ``FLASK_SKIP_DOTENV`` disables them.

    :param default: the return value if the variable is unset or empty.

    Flask doc: Command Line Interface, Environment Variables From dotenv.
    """
    word = os.environ.get("FLASK_SKIP_DOTENV", "")
    return word.lower() in _NO if word else default


# -- Responses -------------------------------------------------------------------


def make_response(*args: Any) -> Response:
    """Convert a value that a view could return to a response object, to modify it further.

    :param args: nothing, for an empty response; one value; or value, status, headers.
    :raises TypeError: if a view could not return this value.
    :raises RuntimeError: outside of an application context.

    Flask API: Useful Functions and Classes.
    """
    if not args:
        return current_app.response_class()
    return current_app.make_response(args[0] if len(args) == 1 else args)


def created(location: str, body: Any = "") -> Response:
    """The response to a request that created a resource: 201 with ``Location``.

    ::

        @app.post("/entries")
        def add():
            id = save(request.get_json())
            return created(url_for("entry", id=id), {"id": id})

    :param location: URL of the new resource.
    :param body: a value that a view could return: the resource, or nothing.
    :raises TypeError: if a view could not return ``body``.

    For POST, and for a PUT that created its resource: RFC 9110 section 15.3.2, 9.3.3, 9.3.4.
    """
    response = make_response(body, 201)
    response.headers["Location"] = location
    return response


def redirect(
    location: str,
    code: int = DEFAULT_CODE,
    Response: type[BaseResponse] | None = None,  # noqa: N803 - Flask's name for it.
) -> BaseResponse:
    """A response that sends the client to another URL.

    :param location: the URL; `url_for` builds one for a view.
    :param code: status, one of 301, 302, 303, 305, 307, 308. If it is not given: 302, and
        after POST, PUT, PATCH or DELETE the config ``REDIRECT_AFTER_UNSAFE``.
    :param Response: class to use where there is no application; an application
        uses its own ``response_class``.

    Calls the application's ``redirect``. RFC 9110 §15.4; Flask API: Useful Functions.
    """
    ctx = current_app_context.get(None)
    if ctx is not None:
        return ctx.app.redirect(location, code=code)
    return _redirect_without_app(location, code=int(code), Response=Response)


def abort(code: int | BaseResponse, *args: Any, **kwargs: Any) -> NoReturn:
    """Stop the view and respond with an HTTP error.

    :param code: a status the application's ``aborter`` maps, or a finished response.
    :param args: passed to the exception; the first is its description.
    :param kwargs: the same.
    :raises HTTPException: always, of the class for ``code``.
    :raises LookupError: if no exception is registered for ``code``.

    Flask API: Useful Functions and Classes.
    """
    ctx = current_app_context.get(None)
    if ctx is not None:
        ctx.app.aborter(code, *args, **kwargs)
    _abort_without_app(code, *args, **kwargs)


def url_for(
    endpoint: str,
    *,
    _anchor: str | None = None,
    _method: str | None = None,
    _scheme: str | None = None,
    _external: bool | None = None,
    **values: Any,
) -> str:
    """The URL of an endpoint.

    :param endpoint: name of the view; ``.name`` is relative to the current blueprint.
    :param _anchor: the fragment, after ``#``.
    :param _method: the HTTP method the URL is for, if the endpoint has one per method.
    :param _scheme: such as ``"https"``; makes the URL external.
    :param _external: with scheme and host; the default outside of a request.
    :param values: variables of the URL; others become its query.
    :raises werkzeug.routing.BuildError: if no rule fits; the application may handle it.
    :raises RuntimeError: outside of a request without ``SERVER_NAME``, or without an
        application context.

    Calls the application's ``url_for``. Flask API: Useful Functions and Classes.
    """
    app_context, context = current_app_context.get(None), current_request_context.get(None)
    app = current_app if app_context is None else app_context.app
    is_plain = _anchor is None and _method is None and _scheme is None and _external is None
    if is_plain and context is not None:
        if not context.plans.guard.__flags__ & UNCHANGED:
            context.renew_plans()  # the method may be monkeypatched
        if context.plans.builds_urls:  # the path has the same value as the method returns
            path = build_path(context, app, endpoint, values)
            if path is not None:
                return path
    return app.url_for(
        endpoint,
        _anchor=_anchor,
        _method=_method,
        _scheme=_scheme,
        _external=_external,
        **values,
    )


def get_template_attribute(template_name: str, attribute: str) -> Any:
    """A macro or variable that a template exports, to use it from Python.

    :raises TemplateNotFound: if there is no such template.
    :raises AttributeError: if it exports no such name.

    Flask API: Template Rendering.
    """
    template = current_app.jinja_env.get_template(template_name)
    return getattr(template.module, attribute)


# -- Flashed messages ------------------------------------------------------------


def flash(message: str, category: str = "message") -> None:
    """Store a message in the session until a page shows it with `get_flashed_messages`.

    :param message: the text for the user.
    :param category: any string; usual are ``message``, ``error``, ``info``, ``warning``.
    :raises RuntimeError: without a secret key (no session), or outside of a request.

    Sends the signal `message_flashed`. Flask API: Message Flashing.
    """
    kept = session.get("_flashes", [])
    kept.append((category, message))
    # Assigned even if it is the same list, so that the session detects the change.
    session["_flashes"] = kept
    if message_flashed.receivers:
        app = app_ctx.app
        message_flashed.send(
            app, _async_wrapper=app.ensure_sync, message=message, category=category
        )


def get_flashed_messages(
    with_categories: bool = False, category_filter: Iterable[str] = ()
) -> list[str] | list[tuple[str, str]]:
    """Remove the flashed messages from the session; later calls in a request return the same.

    :param with_categories: return pairs of category and message.
    :param category_filter: only messages of these categories.
    :raises RuntimeError: outside of a request.

    Flask API: Message Flashing.
    """
    if request_ctx.flashes is None:
        request_ctx.flashes = session.pop("_flashes") if "_flashes" in session else []
    pairs: list[tuple[str, str]] = request_ctx.flashes
    if category_filter:
        pairs = [pair for pair in pairs if pair[0] in category_filter]
    if with_categories:
        return list(pairs)
    return [message for _, message in pairs]


# -- Files -----------------------------------------------------------------------


def send_file(
    path_or_file: os.PathLike[AnyStr] | str | IO[bytes],
    mimetype: str | None = None,
    as_attachment: bool = False,
    download_name: str | None = None,
    conditional: bool = True,
    etag: bool | str = True,
    last_modified: datetime | int | float | None = None,
    max_age: int | Callable[[str | None], int | None] | None = None,
) -> Response:
    """Send the content of a file. For a path from a client: `send_from_directory`.

    :param path_or_file: a path, relative to the application's ``root_path``; or a file
        opened in binary mode, at the position to start from.
    :param mimetype: media type; guessed from the file name if not given.
    :param as_attachment: whether the browser saves it instead of showing it.
    :param download_name: name the browser saves it under; the file's own by default.
    :param conditional: handle conditional and range requests (RFC 9110 §13, §14).
    :param etag: compute an entity tag, or the tag to send.
    :param last_modified: time of the last change, seconds since 1970 if a number; the
        file's own by default.
    :param max_age: seconds a client may cache it, or a function from path to seconds; by
        default the application's ``get_send_file_max_age``.
    :raises OSError: if the file cannot be read.
    :raises TypeError: if the media type cannot be guessed without a file name.
    :raises ValueError: if the file was opened in text mode.

    Flask API: Useful Functions and Classes.
    """
    options = {
        "mimetype": mimetype,
        "as_attachment": as_attachment,
        "download_name": download_name,
        "conditional": conditional,
        "etag": etag,
        "last_modified": last_modified,
        **_file_settings(max_age),
    }
    if isinstance(path_or_file, str) or hasattr(path_or_file, "__fspath__"):
        path: Any = os.fspath(path_or_file)
        return send_path(os.path.join(find_app().root_path, path), **options)
    return cast("Response", werkzeug.utils.send_file(path_or_file, **options))


def send_from_directory(
    directory: os.PathLike[str] | str, path: os.PathLike[str] | str, **kwargs: Any
) -> Response:
    """Send a file from a folder; ``path`` may come from the client.

    :param directory: the folder, not from the client; relative to the application's
        ``root_path``.
    :param path: the file, relative to the folder. A path that leaves it is not found.
    :param kwargs: options of `send_file`.
    :raises NotFound: if there is no such file in the folder.

    Flask API: Useful Functions and Classes.
    """
    options = kwargs | _file_settings(kwargs.get("max_age"))
    return send_from(find_app().root_path, directory, path, **options)


def _file_settings(max_age: object) -> dict[str, Any]:
    """The arguments of Werkzeug's functions that come from application and request."""
    app = find_app()
    return {
        "max_age": app.get_send_file_max_age if max_age is None else max_age,
        "environ": _current_environ(),
        "use_x_sendfile": app.config["USE_X_SENDFILE"],
        "response_class": app.response_class,
    }


def _current_environ() -> WSGIEnvironment:
    """The environ of the current request, without creating the request object."""
    ctx = current_request_context.get(None)
    if ctx is None or ctx.made_request is not None:
        return request.environ
    return ctx.environ


def get_root_path(import_name: str) -> str:
    """The absolute folder of a module or package; the current one if it has no file.

    :param import_name: name as in ``import``; it need not be imported yet.
    :raises RuntimeError: if it exists but has no file: a built-in or namespace package.
    """
    filename = getattr(sys.modules.get(import_name), "__file__", None)
    if filename is None:
        loader = getattr(_find_spec(import_name), "loader", None)
        if loader is None:
            return os.getcwd()  # An interactive shell, or a program run by `exec`.
        filename = _filename_from(loader, import_name)
    return os.path.dirname(os.path.abspath(filename))


def _find_spec(import_name: str) -> ModuleSpec | None:
    try:
        return importlib.util.find_spec(import_name)
    except (ImportError, ValueError):  # No such parent package; no ``__spec__``.
        return None


def _filename_from(loader: Any, import_name: str) -> str:
    if hasattr(loader, "get_filename"):
        filename = loader.get_filename(import_name)
    else:
        filename = getattr(importlib.import_module(import_name), "__file__", None)
    if filename is None:
        raise RuntimeError(
            f"The module {import_name!r} has no file, so the folder of its templates and"
            " static files is unknown: it is built in, a namespace package"
            " (a folder without __init__.py), or loaded by an import hook."
            f" Name the folder: Flask({import_name!r}, root_path='/path/to/it')."
        )
    return cast("str", filename)
