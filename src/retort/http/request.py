"""The request: Werkzeug's, reading from the WSGI environ only what is asked for.

Matching fills in ``url_rule`` and ``view_args``; which request is the current one is the
business of `context.py`.
"""

from __future__ import annotations

import typing as t
from functools import lru_cache

from werkzeug.datastructures import EnvironHeaders
from werkzeug.exceptions import BadRequest, HTTPException
from werkzeug.wrappers import Request as RequestBase

from .. import json
from ..errors import file_field_error
from ..globals import current_app

if t.TYPE_CHECKING:
    from collections.abc import Callable

    from _typeshed.wsgi import WSGIEnvironment
    from werkzeug.routing import Rule

T = t.TypeVar("T")


class FromEnviron(t.Generic[T]):
    """An attribute worked out from the environ at its first use, and plain afterwards.

    Werkzeug works all of them out when a request is made; most views read none.
    """

    def __init__(self, read: Callable[[WSGIEnvironment], T], doc: str) -> None:
        self.read = read
        self.__doc__ = doc

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, request: Request | None, owner: type) -> t.Any:
        if request is None:
            return self
        value = self.read(request.environ)
        request.__dict__[self.name] = value  # found there from now on
        return value


class ConfigLimit:
    """A limit that one request may set for itself; else the application's config says it.

    ``None`` means "not set here". Outside of an application Werkzeug's default holds.
    """

    def __init__(self, key: str, doc: str) -> None:
        self.key = key
        self.__doc__ = doc

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name
        self.own = f"_{name}"

    def __get__(self, request: Request | None, owner: type) -> t.Any:
        if request is None:
            return self
        own = request.__dict__.get(self.own)
        if own is not None:
            return own
        if not current_app:
            return getattr(RequestBase, self.name)
        return current_app.config[self.key]

    def __set__(self, request: Request, value: int | None) -> None:
        request.__dict__[self.own] = value


def _text(environ: WSGIEnvironment, key: str) -> str:
    """A value of the environ as text: WSGI hands bytes over spelled as Latin-1 (PEP 3333)."""
    value: str = environ.get(key) or ""
    if value.isascii():
        return value
    return value.encode("latin-1").decode("utf-8", "replace")


def _server(environ: WSGIEnvironment) -> tuple[str, int | None] | None:
    name = environ.get("SERVER_NAME")
    if name is None:
        return None
    port = environ.get("SERVER_PORT")
    try:
        return name, None if port is None else int(port)
    except ValueError:
        return name, None  # a unix socket has no port


class Request(RequestBase):
    """The request object used by default in Retort.

    It remembers the matched rule and view arguments. Use it through the proxy
    :data:`~retort.request`. To change it, subclass it and set
    :attr:`~retort.Flask.request_class`.

    Flask's "API" page, "Incoming Request Data".
    """

    json_module: t.Any = json

    #: The rule that matched, or ``None`` if none did.
    url_rule: Rule | None = None

    #: The arguments for the view, as the rule's converters made them; ``None`` if no rule matched.
    view_args: dict[str, t.Any] | None = None

    #: Why no rule matched: usually :exc:`~werkzeug.exceptions.NotFound`.
    routing_exception: HTTPException | None = None

    if not t.TYPE_CHECKING:
        scheme = FromEnviron(
            lambda environ: environ.get("wsgi.url_scheme", "http"),
            "The protocol of the request, such as ``https``.",
        )
        server = FromEnviron(_server, "Address of the server: ``(host, port)``, or ``None``.")
        root_path = FromEnviron(
            lambda environ: _text(environ, "SCRIPT_NAME").rstrip("/"),
            "Where the application is mounted, without a slash at the end.",
        )
        query_string = FromEnviron(
            lambda environ: environ.get("QUERY_STRING", "").encode("latin-1"),
            "The URL after the ``?``, as bytes; :attr:`args` has it parsed.",
        )
        headers = FromEnviron(EnvironHeaders, "The header fields of the request.")
        remote_addr = FromEnviron(
            lambda environ: environ.get("REMOTE_ADDR"), "Address of the client."
        )

        max_content_length = ConfigLimit(
            "MAX_CONTENT_LENGTH",
            "Largest body read for this request, in bytes; a larger one is a 413 error."
            " ``None``: no limit. May be set for one request, before its body is read.",
        )
        max_form_memory_size = ConfigLimit(
            "MAX_FORM_MEMORY_SIZE",
            "Largest form field that is not a file, in bytes; a larger one is a 413 error.",
        )
        max_form_parts = ConfigLimit(
            "MAX_FORM_PARTS",
            "Most fields and files of a multipart form; more are a 413 error.",
        )

    def __init__(
        self,
        environ: WSGIEnvironment,
        populate_request: bool = True,
        shallow: bool = False,
    ) -> None:
        # Werkzeug's own __init__ is not called: FromEnviron does its work when asked.
        self.environ = environ
        self.shallow = shallow
        self.method = environ.get("REQUEST_METHOD", "GET").upper()
        path: str = environ.get("PATH_INFO", "")
        if not path.isascii():
            path = _text(environ, "PATH_INFO")
        self.path = "/" + path.lstrip("/")
        if populate_request and not shallow:
            environ["werkzeug.request"] = self

    def close(self) -> None:
        """Close the files that came with the request, if it was asked for them."""
        if "files" in self.__dict__:
            super().close()

    @property
    def endpoint(self) -> str | None:
        """The endpoint of the rule that matched, or ``None`` if none did."""
        rule = self.url_rule
        return rule.endpoint if rule is not None else None

    @property
    def blueprint(self) -> str | None:
        """The registered name of the blueprint the view belongs to, dotted if nested."""
        endpoint = self.endpoint
        if endpoint is None or "." not in endpoint:
            return None
        return endpoint.rpartition(".")[0]

    @property
    def blueprints(self) -> list[str]:
        """Names of the blueprint the view belongs to and of those around it, innermost first."""
        name = self.blueprint
        return split_blueprint_path(name) if name is not None else []

    def _load_form_data(self) -> None:
        super()._load_form_data()
        if (
            current_app
            and current_app.debug
            and self.mimetype != "multipart/form-data"
            and not self.files
        ):
            self.__dict__["files"] = _teaching_files(self)

    def get_json(self, force: bool = False, silent: bool = False, cache: bool = True) -> t.Any:
        """The body parsed as JSON, by the application's provider.

        :param force: parse it whatever its ``Content-Type`` is.
        :param silent: return ``None`` instead of raising an error.
        :param cache: keep the value, and the body, for the next call.
        :raises werkzeug.exceptions.BadRequest: if the body is not well-formed JSON, or nested
            more deeply than it can be read.
        :raises werkzeug.exceptions.UnsupportedMediaType: if it is not declared as JSON.
        """
        try:
            return super().get_json(force, silent, cache)
        except RecursionError:
            if silent:
                return None
            return self.on_json_loading_failed(ValueError("It is nested too deeply."))

    def on_json_loading_failed(self, e: ValueError | None) -> t.Any:
        """Answer a body that is not JSON; the details are told in debug mode only.

        :raises werkzeug.exceptions.BadRequest: if the body is not well-formed JSON.
        :raises werkzeug.exceptions.UnsupportedMediaType: if it is not declared as JSON.
        """
        try:
            return super().on_json_loading_failed(e)
        except BadRequest as error:
            if current_app and current_app.debug:
                raise
            raise BadRequest from error


def _teaching_files(request: Request) -> t.Any:
    """The request's empty ``files``, telling why a field that was sent is not in it."""
    plain = request.files

    class TeachingFiles(type(plain)):  # type: ignore[misc]
        def __getitem__(self, key: str) -> t.Any:
            try:
                return super().__getitem__(key)
            except KeyError as error:
                if key not in request.form:
                    raise
                raise file_field_error(key, request) from error

    return TeachingFiles(plain)


@lru_cache(maxsize=1024)
def _nested_names(name: str) -> tuple[str, ...]:
    parts = name.split(".")
    return tuple(".".join(parts[:length]) for length in range(len(parts), 0, -1))


def split_blueprint_path(name: str) -> list[str]:
    """``"a.b.c"`` gives ``["a.b.c", "a.b", "a"]``: a nested blueprint and those around it."""
    return list(_nested_names(name))


__all__ = ["Request", "RequestBase", "split_blueprint_path"]
