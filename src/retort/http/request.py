"""The request: Werkzeug's, reading from the WSGI environ only what is asked for.

Matching fills in ``url_rule`` and ``view_args``; which request is the current one is the
business of `context.py`.
"""

from __future__ import annotations

import re
import typing as t
from functools import lru_cache
from io import BytesIO
from operator import attrgetter

from werkzeug.datastructures import EnvironHeaders, IfRange
from werkzeug.exceptions import BadRequest, HTTPException
from werkzeug.utils import cached_property
from werkzeug.wrappers import Request as RequestBase

from .. import json, settings
from ..fast import IS_FAST
from ..heirs import Seen
from ..routing import options_of
from .body import open_body, read_at_once
from .cookies import read_cookies
from .forms import FormParser, read_urlencoded
from .hints import (
    MULTIPART,
    URLENCODED,
    files_with_hints,
    hint_at_unread_form,
)
from .lazy import Lazy
from .methods import IDEMPOTENT, SAFE
from .multidict import multi_dict, split_fields
from .multipart import Part, Parts, read_boundary

if t.TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from _typeshed.wsgi import WSGIEnvironment
    from werkzeug.datastructures import (
        Authorization,
        FileStorage,
        MultiDict,
    )
    from werkzeug.routing import Rule

T = t.TypeVar("T")

JSON = "application/json"

# A media type as nearly all clients write it, and what separates the parts of a form.
_PLAIN_TYPE = re.compile(r"([\w/+.-]+)(?:; ?boundary=([\w'+.-]+))?", re.ASCII)


class FromEnviron(Lazy, t.Generic[T]):
    """An attribute worked out from the environ at its first use, and plain afterwards.

    Werkzeug works all of them out when a request is made; most views read none.
    """

    def __init__(self, read: Callable[[WSGIEnvironment], T], doc: str) -> None:
        super().__init__(lambda request: read(request.environ), doc)


class ConfigLimit:
    """A limit that one request may set for itself; else its route says it, or the config.

    Set to ``None`` it is not set here. Outside of an application Werkzeug's default holds.
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
        of_route = options_of(request.url_rule).limits
        if self.name in of_route:
            return of_route[self.name]
        return settings.current()[self.key]

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


# Werkzeug's attributes, for what is not ordinary.
_ARGS: t.Any = RequestBase.args


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
        path = FromEnviron(
            lambda environ: "/" + _text(environ, "PATH_INFO").lstrip("/"),
            "The path below where the application is mounted, with a slash before it.",
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
            " ``None``: no limit. May be set for one request, before its body is read, and for"
            " a route: ``@app.post(..., max_content_length=...)``.",
        )
        max_form_memory_size = ConfigLimit(
            "MAX_FORM_MEMORY_SIZE",
            "Largest field of a multipart form that is not a file, in bytes; a larger one is a"
            " 413 error. The config ``LIMIT_URLENCODED_FORMS``, and a limit of the route, hold"
            " for other forms too.",
        )
        max_form_parts = ConfigLimit(
            "MAX_FORM_PARTS",
            "Most fields and files of a multipart form; more are a 413 error. For other forms"
            " see :attr:`max_form_memory_size`.",
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
        self.method: str = environ.get("REQUEST_METHOD", "GET")
        if populate_request and not shallow:
            environ["werkzeug.request"] = self

    @property
    def is_safe(self) -> bool:
        """Whether the method only reads: GET, HEAD, OPTIONS, QUERY, TRACE.

        RFC 9110 section 9.2.1.
        """
        return self.method in SAFE

    @property
    def is_idempotent(self) -> bool:
        """Whether doing it twice is doing it once: the safe methods, PUT and DELETE.

        RFC 9110 section 9.2.2.
        """
        return self.method in IDEMPOTENT

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

    if not t.TYPE_CHECKING:
        cookies = Lazy(lambda request: request._read_cookies(), "The cookies that came along.")

    def _has_headers_of_environ(self) -> bool:
        """Whether a header field can be read from the environ.

        PERF: an object of all of them takes longer to make than the field to read.
        """
        headers = self.__dict__.get("headers")
        if headers is None:
            return _has_plain_headers(type(self))  # type: ignore[arg-type]  # it is hashable
        return type(headers) is EnvironHeaders

    def _read_args(self) -> MultiDict[str, str]:
        query: str = self.environ.get("QUERY_STRING", "")
        is_simple = "%" not in query and query.isascii()
        if not is_simple or "query_string" in self.__dict__ or not IS_FAST:
            args: MultiDict[str, str] = _ARGS.__get__(self, type(self))
            return args
        return split_fields(self.parameter_storage_class, query)

    if not t.TYPE_CHECKING:
        args = Lazy(_read_args, "The fields of the query, parsed.")

    def _parse_content_type(self) -> None:
        own = self.__dict__
        if (
            type(self) is Request
            and _keeps_readers.now()
            and "_parsed_content_type" not in own
            and ("headers" not in own or type(self.headers) is EnvironHeaders)
        ):
            # PERF: Werkzeug looks at each character of what could be said in many ways.
            plain = _PLAIN_TYPE.fullmatch(self.environ.get("CONTENT_TYPE", ""))
            if plain is not None:
                boundary = plain[2]
                parameters = {} if boundary is None else {"boundary": boundary}
                self._parsed_content_type = (plain[1], parameters)
                return
        super()._parse_content_type()

    @cached_property
    def if_range(self) -> IfRange:
        """The ``If-Range`` field; empty, so that it fits nothing, if it cannot be read."""
        given = super().if_range
        return IfRange() if '"' in (given.etag or "") else given  # Werkzeug cannot write it

    @cached_property
    def authorization(self) -> Authorization | None:
        """The ``Authorization`` field; ``None`` without one, or if it cannot be read."""
        try:
            return super().authorization
        except ValueError:
            return None

    def _read_cookies(self) -> MultiDict[str, str]:
        if self._has_headers_of_environ():
            field = self.environ.get("HTTP_COOKIE", "")
        else:
            field = ";".join(self.headers.getlist("Cookie"))
        return read_cookies(field, self.dict_storage_class)

    # The body

    #: Reads forms: a subclass of :class:`werkzeug.formparser.FormDataParser`.
    form_data_parser_class = FormParser

    # What reading a form has come to; not to be read again, since the body is gone.
    _form_error: HTTPException | None = None
    _is_read_by_parts = False

    @cached_property
    def stream(self) -> t.IO[bytes]:
        """The body as a stream of bytes, which can be read once.

        Reading raises :exc:`~werkzeug.exceptions.RequestEntityTooLarge` at
        :attr:`max_content_length`, and :exc:`~werkzeug.exceptions.ClientDisconnected`, which
        is a :exc:`~werkzeug.exceptions.BadRequest`, if the body breaks off.
        """
        if self.shallow:
            raise RuntimeError("A request made with shallow=True does not read its body.")
        return open_body(self.environ, self.max_content_length)

    @property
    def want_form_data_parsed(self) -> bool:
        """Whether the body is looked into for a form.

        By default if there is a ``Content-Type``; for GET and HEAD only if the config
        ``FORM_FROM_GET_BODY`` says so.
        """
        if not super().want_form_data_parsed:
            return False
        if self.method not in ("GET", "HEAD"):
            return True
        return bool(settings.current().get("FORM_FROM_GET_BODY", True))

    def _read_form(self) -> MultiDict[str, str]:
        form = self._read_plain_form()
        if form is None:
            self._load_form_data()
            if settings.current().get("DEBUG"):
                hint_at_unread_form(self)
            form = self.__dict__["form"]
        return form

    def _read_files(self) -> MultiDict[str, FileStorage]:
        if "form" not in self.__dict__:
            self._load_form_data()
        files: MultiDict[str, FileStorage] | None = self.__dict__.get("files")
        # Without them the form was a plain one.
        return multi_dict(self.parameter_storage_class, ()) if files is None else files

    if not t.TYPE_CHECKING:
        form = Lazy(
            _read_form,
            "The fields of the form that was sent, without its files. Raises"
            " :exc:`~werkzeug.exceptions.BadRequest` if it is a form and cannot be read, and"
            " :exc:`~werkzeug.exceptions.RequestEntityTooLarge` if it passes a limit.",
        )
        files = Lazy(
            _read_files,
            "The files of the form that was sent, each a"
            " :class:`~werkzeug.datastructures.FileStorage`. Raises what :attr:`form` does.",
        )

    def make_form_data_parser(self) -> t.Any:
        """The parser for this request's form: a :attr:`form_data_parser_class`."""
        parser = super().make_form_data_parser()
        if isinstance(parser, FormParser):
            held: t.Container[str] = options_of(self.url_rule).limits
            if settings.current().get("LIMIT_URLENCODED_FORMS"):
                held = {"max_form_memory_size", "max_form_parts"}
            if "max_form_memory_size" in held:
                parser.max_urlencoded_size = parser.max_form_memory_size
            if "max_form_parts" in held:
                parser.max_urlencoded_fields = parser.max_form_parts
        return parser

    def _load_form_data(self) -> None:
        if "form" in self.__dict__:
            return
        if self._form_error is not None:
            raise self._form_error
        if self._is_read_by_parts:
            raise RuntimeError(
                "request.form and request.files were asked for after request.iter_parts() had"
                " read the form. Take the fields from the parts."
            )
        try:
            super()._load_form_data()
        except HTTPException as error:
            self._form_error = error
            raise
        if settings.current().get("DEBUG") and self.mimetype != MULTIPART and not self.files:
            self.__dict__["files"] = files_with_hints(self)

    def _read_plain_form(self) -> MultiDict[str, str] | None:
        """The fields of a urlencoded form that nobody has a say in; ``None``: this is none.

        PERF: the same as Werkzeug's way through a parser, without asking what is known.
        """
        config = settings.current()
        if (
            self.environ.get("CONTENT_TYPE") != URLENCODED
            or not _reads_as_usual(self)
            or self.method in ("GET", "HEAD")
            or options_of(self.url_rule).limits
        ):
            return None
        if config.get("DEBUG"):
            return None
        most, most_fields = config["MAX_CONTENT_LENGTH"], None
        if config.get("LIMIT_URLENCODED_FORMS"):
            most_fields, memory = config["MAX_FORM_PARTS"], config["MAX_FORM_MEMORY_SIZE"]
            most = memory if most is None else most if memory is None else min(most, memory)
        try:
            body = self._read_at_once(most)
            if body is None:
                return None
            return read_urlencoded(self.parameter_storage_class, body, most_fields)
        except HTTPException as error:
            self._form_error = error
            raise

    def _read_at_once(self, most: int | None) -> bytes | None:
        body = read_at_once(self.environ, most)
        if body is not None:
            source = self.environ["wsgi.input"]
            # Nothing is left of it.
            self.__dict__["stream"] = source if type(source) is BytesIO else BytesIO()
        return body

    if not t.TYPE_CHECKING:

        def get_data(
            self, cache: bool = True, as_text: bool = False, parse_form_data: bool = False
        ) -> bytes | str:
            """The whole body, unless it was read before in another way.

            :param cache: keep it for the next call, and for the readers of forms and JSON.
            :param as_text: decode it from UTF-8; bytes that are not become U+FFFD.
            :param parse_form_data: read it into :attr:`form` and :attr:`files` if it is a form,
                of which nothing is left here then.
            :raises werkzeug.exceptions.RequestEntityTooLarge: if it is longer than
                :attr:`max_content_length`.
            :raises werkzeug.exceptions.ClientDisconnected: if it breaks off.
            """
            if not parse_form_data and _reads_as_usual(self):
                body = self._read_at_once(self.max_content_length)
                if body is not None:
                    if cache:
                        self._cached_data = body
                    return body.decode(errors="replace") if as_text else body
            return super().get_data(cache, as_text, parse_form_data)

    def iter_parts(self) -> Iterator[Part]:
        """The fields and files of a multipart form, one by one while they arrive.

        For uploads that are to touch neither the disk nor much memory: nothing is kept, and
        :attr:`form` and :attr:`files` cannot be asked for. A form of another type, or no form,
        has no parts. The limits hold: :attr:`max_content_length`, :attr:`max_form_parts`, and
        :attr:`max_form_memory_size` for each part that is no file.

        :raises RuntimeError: if the form was read before.

        The iterator raises what :attr:`form` does. ::

            for part in request.iter_parts():
                if part.filename:
                    for piece in part:
                        digest.update(piece)
        """
        if "form" in self.__dict__ or self._form_error or self._is_read_by_parts:
            raise RuntimeError(
                "request.iter_parts() was called after the form had been read: by request.form"
                " or request.files, in an earlier hook perhaps, by the config METHOD_OVERRIDE,"
                " or by another request.iter_parts()."
            )
        if self.mimetype != MULTIPART:
            return iter(())
        self._is_read_by_parts = True
        parts = Parts(
            self._get_stream_for_parsing(),
            read_boundary(self.mimetype_params),
            most_parts=self.max_form_parts,
            most_memory=self.max_form_memory_size,
        )
        return iter(parts)

    def get_json(self, force: bool = False, silent: bool = False, cache: bool = True) -> t.Any:
        """The body parsed as JSON, by the application's provider.

        :param force: parse it whatever its ``Content-Type`` is.
        :param silent: return ``None`` instead of raising an error.
        :param cache: keep the value, and the body, for the next call.
        :raises werkzeug.exceptions.BadRequest: if the body is not well-formed JSON, or has
            more than 1,000 levels of arrays and objects.
        :raises werkzeug.exceptions.UnsupportedMediaType: if it is not declared as JSON.
        """
        if (
            cache
            and not silent
            and self.environ.get("CONTENT_TYPE") == JSON
            and _reads_as_usual(self)
        ):
            body = self._read_at_once(self.max_content_length)
            if body is not None:
                self._cached_data = body
                return self._parse_json(body)
        try:
            return super().get_json(force, silent, cache)
        except RecursionError:
            if silent:
                return None
            return self.on_json_loading_failed(ValueError("It is nested too deeply."))

    def _parse_json(self, body: bytes) -> t.Any:
        """The value of a body that says it is JSON.

        PERF: Werkzeug takes the type apart to see whether it says so.
        """
        try:
            value = self.json_module.loads(body)
        except RecursionError:
            return self.on_json_loading_failed(ValueError("It is nested too deeply."))
        except ValueError as error:
            value = self.on_json_loading_failed(error)
            self._cached_json = (value, self._cached_json[1])
        else:
            self._cached_json = (value, value)
        return value

    def on_json_loading_failed(self, e: ValueError | None) -> t.Any:
        """Answer a body that is not JSON; the details are told in debug mode only.

        :raises werkzeug.exceptions.BadRequest: if the body is not well-formed JSON.
        :raises werkzeug.exceptions.UnsupportedMediaType: if it is not declared as JSON.
        """
        try:
            return super().on_json_loading_failed(e)
        except BadRequest as error:
            if settings.current().get("DEBUG"):
                raise
            raise BadRequest from error


_INIT_AND_CLOSE = Request.__init__, Request.close

# Of what reads a body, what a subclass or a tool may have changed.
_READERS = (
    *("_load_form_data", "_get_stream_for_parsing", "want_form_data_parsed", "stream", "get_data"),
    *("make_form_data_parser", "form_data_parser_class", "mimetype", "_parse_content_type"),
    *("content_type", "mimetype_params", "content_length", "max_content_length", "is_json"),
    *("max_form_memory_size", "max_form_parts", "get_json"),
)
_readers_of = attrgetter(*_READERS)
_parsers_of = attrgetter("__init__", "parse", "_read_fields", "parse_from_environ")
# The same, put in place on one request; and what shows that its body was read.
_READ_OR_CHANGED = frozenset(
    {
        *_READERS,
        *("_cached_data", "_cached_json", "_form_error", "_is_read_by_parts", "form", "files"),
        *("_max_content_length", "_max_form_memory_size", "_max_form_parts"),
    }
)


def _readers() -> tuple[t.Any, ...]:
    return _readers_of(Request), _readers_of(RequestBase), _parsers_of(FormParser)


_STANDARD = _readers()
_keeps_readers = Seen(lambda: IS_FAST and _readers() == _STANDARD, Request, FormParser)


def _reads_as_usual(request: Request) -> bool:
    """Whether nobody has read the body of a request, or has a say in how it is read."""
    return (
        type(request) is Request
        and _keeps_readers.now()
        and _READ_OR_CHANGED.isdisjoint(request.__dict__)
        and not request.shallow
    )


@lru_cache(maxsize=64)
def _has_plain_headers(request_class: type[Request]) -> bool:
    """Whether the class has no header fields of its own."""
    return request_class.headers is Request.headers  # type: ignore[misc]


def can_be_made_later(request_class: type[Request]) -> bool:
    """Whether nobody can tell a request made at its first use from one made before all else."""
    return (
        request_class is Request
        and (Request.__init__, Request.close) == _INIT_AND_CLOSE
        and Request.trusted_hosts is None
    )


@lru_cache(maxsize=1024)
def _nested_names(name: str) -> tuple[str, ...]:
    parts = name.split(".")
    return tuple(".".join(parts[:length]) for length in range(len(parts), 0, -1))


def split_blueprint_path(name: str) -> list[str]:
    """``"a.b.c"`` gives ``["a.b.c", "a.b", "a"]``: a nested blueprint and those around it."""
    return list(_nested_names(name))


__all__ = ["Request", "RequestBase", "split_blueprint_path"]
