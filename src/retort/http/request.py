"""The request: Werkzeug's, with attributes computed from the WSGI environ at first use.

Matching sets ``url_rule`` and ``view_args``; `context.py` makes a request the current one.
"""

from __future__ import annotations

import typing as t
from functools import lru_cache
from io import BytesIO

from werkzeug.datastructures import EnvironHeaders, IfRange
from werkzeug.exceptions import BadRequest, HTTPException
from werkzeug.http import parse_options_header
from werkzeug.utils import cached_property
from werkzeug.wrappers import Request as RequestBase

from .. import json, settings
from ..aio.running import is_loop_running
from ..routing import NO_OPTIONS
from .body import open_body
from .cookies import read_cookies
from .forms import FormParser, split_fields
from .hints import (
    MULTIPART,
    URLENCODED,
    files_with_hints,
    hint_at_query,
    hint_at_unread_form,
)
from .methods import IDEMPOTENT, SAFE
from .multidict import multi_dict
from .multipart import Part, Parts, read_boundary

if t.TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from _typeshed.wsgi import WSGIEnvironment
    from werkzeug.datastructures import (
        Authorization,
        FileStorage,
        MultiDict,
    )
    from werkzeug.routing import Rule

T = t.TypeVar("T")


class Lazy:
    """A descriptor that stores ``make(owner)`` as an instance attribute at first use.

    Most requests use only a few attributes of the request and the response.
    """

    def __init__(self, make: Callable[[t.Any], t.Any], doc: str | None = None) -> None:
        self.make = make
        self.__doc__ = doc or make.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, owner: t.Any, kind: type) -> t.Any:
        if owner is None:
            return self
        value = owner.__dict__[self.name] = self.make(owner)
        return value  # later look-ups find it in the instance dictionary


class FromEnviron(Lazy, t.Generic[T]):
    """An attribute computed from the environ at its first use, and then stored.

    Werkzeug computes all of them when a request is created; most views read none.
    """

    def __init__(self, read: Callable[[WSGIEnvironment], T], doc: str) -> None:
        super().__init__(read, doc)

    def __get__(self, owner: Request | None, kind: type) -> t.Any:
        if owner is None:
            return self
        value = owner.__dict__[self.name] = self.make(owner.environ)
        return value


class ConfigLimit:
    """A limit that is set on a request, by its route, or by the config, in this order.

    ``None`` unsets it on the request. Outside of an application Werkzeug's default applies.
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
        of_route = getattr(request.url_rule, "route_options", NO_OPTIONS).limits
        if of_route and self.name in of_route:
            return of_route[self.name]
        return (request.app_settings or settings.current())[self.key]

    def __set__(self, request: Request, value: int | None) -> None:
        request.__dict__[self.own] = value


def _text(environ: WSGIEnvironment, key: str) -> str:
    """A value of the environ as text: WSGI passes bytes decoded as Latin-1 (PEP 3333)."""
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


@lru_cache(maxsize=256)
def _parse_type(content_type: str) -> tuple[str, dict[str, str]]:
    """Media type and parameters of a ``Content-Type``; the dictionary is shared."""
    mimetype, parameters = parse_options_header(content_type)
    return mimetype.lower(), parameters


#: Werkzeug's constructor; ``None``: monkeypatched before this module was imported.
_WERKZEUG_INIT: t.Any = RequestBase.__init__
if getattr(_WERKZEUG_INIT, "__globals__", {}).get("__name__") != RequestBase.__module__:
    _WERKZEUG_INIT = None


class Request(RequestBase):
    """The request object used by default in Retort.

    It stores the matched rule and view arguments. Use it through the proxy
    :data:`~retort.request`. To change it, subclass it and set
    :attr:`~retort.Flask.request_class`.

    Flask's "API" page, "Incoming Request Data".
    """

    json_module: t.Any = json

    #: The config of the application; ``None``: that of the current application.
    app_settings: t.Mapping[str, t.Any] | None = None

    #: The rule that matched, or ``None`` if none did.
    url_rule: Rule | None = None

    #: The arguments for the view, as the rule's converters made them; ``None`` if no rule matched.
    view_args: dict[str, t.Any] | None = None

    #: The exception if no rule matched: usually :exc:`~werkzeug.exceptions.NotFound`.
    routing_exception: HTTPException | None = None

    if not t.TYPE_CHECKING:
        scheme = FromEnviron(
            lambda environ: environ.get("wsgi.url_scheme", "http"),
            "The protocol of the request, such as ``https``.",
        )
        server = FromEnviron(_server, "Address of the server: ``(host, port)``, or ``None``.")
        root_path = FromEnviron(
            lambda environ: _text(environ, "SCRIPT_NAME").rstrip("/"),
            "The path at which the application is mounted, without a trailing slash.",
        )
        path = FromEnviron(
            lambda environ: "/" + _text(environ, "PATH_INFO").lstrip("/"),
            "The path below :attr:`root_path`, with a leading slash.",
        )
        query_string = FromEnviron(
            lambda environ: environ.get("QUERY_STRING", "").encode("latin-1"),
            "The query string of the URL, as bytes; :attr:`args` is the parsed form.",
        )
        headers = FromEnviron(EnvironHeaders, "The header fields of the request.")
        remote_addr = FromEnviron(
            lambda environ: environ.get("REMOTE_ADDR"), "Address of the client."
        )

        max_content_length = ConfigLimit(
            "MAX_CONTENT_LENGTH",
            "Largest body read for this request, in bytes; a larger one is a 413 error."
            " ``None``: no limit. May be set for one request, before its body is read, and for"
            " a route: ``@app.post(..., max_content_length=...)``.",
        )
        max_form_memory_size = ConfigLimit(
            "MAX_FORM_MEMORY_SIZE",
            "Largest field of a multipart form that is not a file, in bytes; a larger one is a"
            " 413 error. With the config ``LIMIT_URLENCODED_FORMS`` or a limit of the route it"
            " applies to other forms too.",
        )
        max_form_parts = ConfigLimit(
            "MAX_FORM_PARTS",
            "Maximum number of fields and files of a multipart form; more are a 413 error. For"
            " other forms see :attr:`max_form_memory_size`.",
        )

    def __init__(
        self,
        environ: WSGIEnvironment,
        populate_request: bool = True,
        shallow: bool = False,
    ) -> None:
        if RequestBase.__init__ is not _WERKZEUG_INIT:  # monkeypatched
            super().__init__(environ, populate_request, shallow)
            return
        # Werkzeug's own __init__ is not called: FromEnviron computes its attributes lazily.
        self.environ = environ
        self.method: str = environ.get("REQUEST_METHOD", "GET")
        if shallow:
            self.shallow = True
        elif populate_request:
            environ["werkzeug.request"] = self

    @property
    def is_safe(self) -> bool:
        """Whether the method is safe (read-only): GET, HEAD, OPTIONS, QUERY, TRACE.

        RFC 9110 section 9.2.1.
        """
        return self.method in SAFE

    @property
    def is_idempotent(self) -> bool:
        """Whether the method is idempotent: the safe methods, PUT and DELETE.

        RFC 9110 section 9.2.2.
        """
        return self.method in IDEMPOTENT

    def close(self) -> None:
        """Close the uploaded files, if :attr:`files` was read."""
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
        """Names of the blueprint the view belongs to and of its parents, innermost first."""
        name = self.blueprint
        return split_blueprint_path(name) if name is not None else []

    def _read_cookies(self) -> MultiDict[str, str]:
        if "headers" not in self.__dict__ and _has_plain_headers(type(self)):  # type: ignore[arg-type]
            field = self.environ.get("HTTP_COOKIE", "")
        else:
            field = ";".join(self.headers.getlist("Cookie"))
        return read_cookies(field, self.dict_storage_class)

    if not t.TYPE_CHECKING:
        cookies = Lazy(_read_cookies, "The cookies of the request.")

    def _read_mimetype(self) -> str:
        if "headers" in self.__dict__ or not _has_plain_headers(type(self)):  # type: ignore[arg-type]
            return _parse_type(self.headers.get("Content-Type", ""))[0]
        return _parse_type(self.environ.get("CONTENT_TYPE", ""))[0]

    def _read_type(self) -> tuple[str, dict[str, str]]:
        if "headers" in self.__dict__ or not _has_plain_headers(type(self)):  # type: ignore[arg-type]
            return _parse_type(self.headers.get("Content-Type", ""))
        return _parse_type(self.environ.get("CONTENT_TYPE", ""))

    def _read_args(self) -> MultiDict[str, str]:
        query = self.query_string.decode()
        if "%" in query and (self.app_settings or settings.current()).get("DEBUG"):
            hint_at_query(query)
        return split_fields(self.parameter_storage_class, query, "werkzeug.url_quote")

    if not t.TYPE_CHECKING:
        args = Lazy(_read_args, "The fields of the query, parsed.")
        mimetype = Lazy(
            _read_mimetype,
            "The ``Content-Type`` in lower case, without its parameters.",
        )
        mimetype_params = Lazy(
            lambda request: request._read_type()[1].copy(),
            "The parameters of the ``Content-Type``, such as its charset.",
        )

    @cached_property
    def if_range(self) -> IfRange:
        """The ``If-Range`` field; empty, so that it matches nothing, if it cannot be parsed."""
        given = super().if_range
        return IfRange() if '"' in (given.etag or "") else given  # Werkzeug cannot serialize it

    @cached_property
    def authorization(self) -> Authorization | None:
        """The ``Authorization`` field; ``None`` if it is missing or cannot be parsed."""
        try:
            return super().authorization
        except ValueError:
            return None

    @property
    def last_event_id(self) -> str | None:
        """The id of the last event that an ``EventSource`` received before it connected again.

        ``None`` if the field ``Last-Event-ID`` was not sent, or is empty. Bytes that are not UTF-8
        are replaced by U+FFFD.
        """
        value = self.headers.get("Last-Event-ID")
        if not value:
            return None
        # Header fields are decoded as Latin-1.
        return value if value.isascii() else value.encode("latin-1").decode("utf-8", "replace")

    # The body

    #: Reads forms: a subclass of :class:`werkzeug.formparser.FormDataParser`.
    form_data_parser_class = FormParser

    #: Whether the body must not be read.
    shallow = False

    # The error of reading the form; raised again, since the body is consumed.
    _form_error: Exception | None = None
    #: Whether :meth:`iter_parts` reads the form.
    is_read_by_parts = False

    def _open_body(self) -> t.IO[bytes]:
        if self.shallow:
            raise RuntimeError("A request made with shallow=True does not read its body.")
        return open_body(self.environ, self.max_content_length)

    if not t.TYPE_CHECKING:
        stream = Lazy(
            _open_body,
            "The body as a stream of bytes, which can be read once. Reading raises"
            " :exc:`~werkzeug.exceptions.RequestEntityTooLarge` at :attr:`max_content_length`, and"
            " :exc:`~werkzeug.exceptions.ClientDisconnected`, which is a"
            " :exc:`~werkzeug.exceptions.BadRequest`, if the body is incomplete.",
        )

    @property
    def want_form_data_parsed(self) -> bool:
        """Whether the body is parsed as a form.

        By default if there is a ``Content-Type``; for GET and HEAD only if the config
        ``FORM_FROM_GET_BODY`` is true.
        """
        if not self.environ.get("CONTENT_TYPE"):
            return False
        if self.method not in ("GET", "HEAD"):
            return True
        return bool((self.app_settings or settings.current()).get("FORM_FROM_GET_BODY", True))

    def _read_form(self) -> MultiDict[str, str]:
        self._load_form_data()
        form: MultiDict[str, str] = self.__dict__["form"]
        if not form and (self.app_settings or settings.current()).get("DEBUG"):
            hint_at_unread_form(self)
        return form

    def _read_files(self) -> MultiDict[str, FileStorage]:
        self._load_form_data()
        files: MultiDict[str, FileStorage] | None = self.__dict__.get("files")
        if files is None:
            files = multi_dict(self.parameter_storage_class, ())
            if (self.app_settings or settings.current()).get(
                "DEBUG"
            ) and self.mimetype != MULTIPART:
                files = files_with_hints(self, files)
        return files

    if not t.TYPE_CHECKING:
        form = Lazy(
            _read_form,
            "The fields of the form that was sent, without its files. Raises"
            " :exc:`~werkzeug.exceptions.BadRequest` if it is a form and cannot be parsed, and"
            " :exc:`~werkzeug.exceptions.RequestEntityTooLarge` if it exceeds a limit.",
        )
        files = Lazy(
            _read_files,
            "The files of the form that was sent, each a"
            " :class:`~werkzeug.datastructures.FileStorage`. Raises what :attr:`form` does.",
        )

    def make_form_data_parser(self) -> t.Any:
        """The parser for this request's form: a :attr:`form_data_parser_class`."""
        if self.form_data_parser_class is FormParser:
            # PERF: without its constructor it reads limits lazily; most forms do not need all.
            parser: t.Any = FormParser.__new__(FormParser)
            parser.request, parser.cls = self, self.parameter_storage_class
        else:
            parser = super().make_form_data_parser()
        limits: t.Container[str] = getattr(self.url_rule, "route_options", NO_OPTIONS).limits
        if (self.app_settings or settings.current()).get("LIMIT_URLENCODED_FORMS"):
            limits = ("max_form_memory_size", "max_form_parts")
        if limits:
            parser.limits_of_urlencoded = limits
        return parser

    def _load_form_data(self) -> None:
        own = self.__dict__
        if "form" in own:
            return
        if self._form_error is not None:
            raise self._form_error
        try:
            if not self.want_form_data_parsed:
                own["stream"] = self.stream
                own["form"] = multi_dict(self.parameter_storage_class, ())
                return
            parser = self.make_form_data_parser()
            stream = self.stream if "_cached_data" not in own else BytesIO(own["_cached_data"])
            if self.mimetype == URLENCODED and type(parser) is FormParser:
                own["form"] = parser.read_fields(stream)
                return
            own["stream"], own["form"], files = parser.parse(
                stream, self.mimetype, self.content_length, self.mimetype_params
            )
        except HTTPException as error:
            self._form_error = error
            raise
        if files:  # otherwise `close` has nothing to close
            own["files"] = files

    def iter_parts(self) -> Iterator[Part]:
        """The fields and files of a multipart form, one by one while they arrive.

        For uploads that use neither the disk nor much memory: nothing is stored, and
        :attr:`form` and :attr:`files` cannot be read. A form of another type, or no form, has no
        parts. These limits apply: :attr:`max_content_length`, :attr:`max_form_parts`, and
        :attr:`max_form_memory_size` for each part that is not a file.

        :raises RuntimeError: if the form was read before.

        The iterator raises what :attr:`form` does. ::

            for part in request.iter_parts():
                if part.filename:
                    for piece in part:
                        digest.update(piece)
        """
        if "form" in self.__dict__ or self._form_error is not None:
            raise RuntimeError(
                "request.iter_parts() was called after the form had been read: by request.form"
                " or request.files, perhaps in an earlier hook, by the config METHOD_OVERRIDE,"
                " or by another request.iter_parts()."
            )
        if self.mimetype != MULTIPART:
            return iter(())
        self.is_read_by_parts = True
        self._form_error = RuntimeError(
            "request.form or request.files was read after request.iter_parts() had consumed"
            " the form. Read the fields from the parts."
        )
        parts = Parts(
            self._get_stream_for_parsing(),
            read_boundary(self.mimetype_params),
            max_parts=self.max_form_parts,
            max_memory_bytes=self.max_form_memory_size,
        )
        return iter(parts)

    def stream_chunks(self) -> AsyncIterator[bytes]:
        """The body in pieces, while it arrives: ``async for chunk in request.stream_chunks()``.

        For a view with :func:`~retort.stream_body`. In another asynchronous view the body is
        complete, and its pieces follow without a wait. The size of a piece depends on the client
        and the server.

        :raises RuntimeError: in a synchronous view, and if :attr:`form` has consumed the body.

        The iterator raises :exc:`~werkzeug.exceptions.RequestEntityTooLarge` beyond
        :attr:`max_content_length`, and :exc:`~werkzeug.exceptions.ClientDisconnected` if the body
        ends early.
        """
        if not is_loop_running():
            raise RuntimeError(
                "request.stream_chunks() was called in a synchronous function, which cannot await"
                " its pieces. Read from request.stream, which has the body while it arrives:"
                " while chunk := request.stream.read(65536): ..."
            )
        if "form" in self.__dict__ and self.mimetype in (MULTIPART, URLENCODED):
            raise RuntimeError(
                "request.stream_chunks() was called after the form had been read: by request.form"
                " or request.files, perhaps in an earlier hook, or by the config METHOD_OVERRIDE."
                " The body can be read once: use the form, or remove what reads it."
            )
        from .unread import read_chunks  # imports asyncio

        return read_chunks(self)

    def complete_stream(self) -> t.IO[bytes]:
        """The body as a stream, also if it was read by :meth:`get_data`."""
        return self._get_stream_for_parsing()

    def get_json(self, force: bool = False, silent: bool = False, cache: bool = True) -> t.Any:
        """The body parsed as JSON, by the application's provider.

        :param force: ignore the ``Content-Type``.
        :param silent: return ``None`` instead of raising an error.
        :param cache: store the value, and the body, for the next call.
        :raises werkzeug.exceptions.BadRequest: if the body is not well-formed JSON, or has
            more than 1,000 levels of arrays and objects.
        :raises werkzeug.exceptions.UnsupportedMediaType: if it is not declared as JSON.
        """
        try:
            return super().get_json(force, silent, cache)
        except RecursionError:
            if silent:
                return None
            return self.on_json_loading_failed(ValueError("It is nested too deeply."))

    def on_json_loading_failed(self, e: ValueError | None) -> t.Any:
        """Raise the error for a body that is not JSON; with details in debug mode only.

        :raises werkzeug.exceptions.BadRequest: if the body is not well-formed JSON.
        :raises werkzeug.exceptions.UnsupportedMediaType: if it is not declared as JSON.
        """
        try:
            return super().on_json_loading_failed(e)
        except BadRequest as error:
            if (self.app_settings or settings.current()).get("DEBUG"):
                raise
            raise BadRequest from error


_INIT_AND_CLOSE = Request.__init__, Request.close


@lru_cache(maxsize=64)
def _has_plain_headers(request_class: type[Request]) -> bool:
    """Whether the class does not override `headers`."""
    return request_class.headers is Request.headers  # type: ignore[misc]


def can_be_made_later(request_class: type[Request]) -> bool:
    """Whether creating the request object lazily is unobservable."""
    return (
        request_class is Request
        and (Request.__init__, Request.close) == _INIT_AND_CLOSE
        and RequestBase.__init__ is _WERKZEUG_INIT
        and Request.trusted_hosts is None
    )


@lru_cache(maxsize=1024)
def _nested_names(name: str) -> tuple[str, ...]:
    parts = name.split(".")
    return tuple(".".join(parts[:length]) for length in range(len(parts), 0, -1))


def split_blueprint_path(name: str) -> list[str]:
    """``"a.b.c"`` returns ``["a.b.c", "a.b", "a"]``: a nested blueprint and its parents."""
    return list(_nested_names(name))


__all__ = ["Request", "RequestBase", "split_blueprint_path"]
