"""The request: Werkzeug's, reading from the WSGI environ only what is asked for.

Matching fills in ``url_rule`` and ``view_args``; which request is the current one is the
business of `context.py`.
"""

from __future__ import annotations

import typing as t
from functools import lru_cache
from operator import attrgetter

from werkzeug.datastructures import EnvironHeaders, IfRange
from werkzeug.exceptions import BadRequest, HTTPException
from werkzeug.sansio.http import parse_cookie
from werkzeug.utils import cached_property
from werkzeug.wrappers import Request as RequestBase

from .. import json
from ..fast import IS_FAST
from ..globals import _cv_app, current_app
from ..heirs import UNCHANGED, heir_of, settle
from .body import open_body
from .forms import FormParser, split_urlencoded
from .hints import (
    MULTIPART,
    NO_CHARSET,
    URLENCODED,
    files_with_hints,
    hint_at_unread_form,
    hint_once,
)
from .lazy import Lazy
from .methods import IDEMPOTENT, SAFE
from .multidict import multi_dict
from .multipart import Part, Parts, read_boundary

if t.TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from _typeshed.wsgi import WSGIEnvironment
    from werkzeug.datastructures import Authorization, ImmutableMultiDict, MultiDict
    from werkzeug.routing import Rule

T = t.TypeVar("T")


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
        of_route = getattr(request.url_rule, "limits", None)
        if of_route and self.name in of_route:
            return of_route[self.name]
        # PERF: the proxy current_app costs as much as all the rest here.
        context = _cv_app.get(None)
        if context is None:
            return getattr(RequestBase, self.name)
        return context.app.config[self.key]

    def __set__(self, request: Request, value: int | None) -> None:
        request.__dict__[self.own] = value


def _setting(key: str, *, default: t.Any = None) -> t.Any:
    """A key of the current application's config."""
    context = _cv_app.get(None)
    return default if context is None else context.app.config.get(key, default)


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
_COOKIES: t.Any = RequestBase.cookies


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
        args = Lazy(lambda request: request._read_args(), "The fields of the query, parsed.")
        cookies = Lazy(lambda request: request._read_cookies(), "The cookies that came along.")

    def _read_args(self) -> MultiDict[str, str]:
        query: str = self.environ.get("QUERY_STRING", "")
        is_simple = "%" not in query and "+" not in query and query.isascii()
        if not is_simple or "query_string" in self.__dict__ or not IS_FAST:
            args: MultiDict[str, str] = _ARGS.__get__(self, type(self))
            return args
        pairs = [pair.partition("=")[::2] for pair in query.split("&") if pair]
        return multi_dict(self.parameter_storage_class, pairs)

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

    def _read_cookies(self) -> ImmutableMultiDict[str, str]:
        is_usual = "headers" not in self.__dict__ or type(self.headers) is EnvironHeaders
        if not is_usual or not IS_FAST:
            cookies: ImmutableMultiDict[str, str] = _COOKIES.__get__(self, type(self))
            return cookies
        # PERF: Werkzeug looks for it among all header fields.
        return parse_cookie(self.environ.get("HTTP_COOKIE"), self.dict_storage_class)  # type: ignore[return-value]

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
        return bool(_setting("FORM_FROM_GET_BODY", default=True))

    @cached_property
    def form(self) -> ImmutableMultiDict[str, str]:
        """The fields of the form that was sent, without its files.

        :raises werkzeug.exceptions.BadRequest: if it is a form and cannot be read.
        :raises werkzeug.exceptions.RequestEntityTooLarge: if it passes a limit.
        """
        self._load_form_data()
        if _setting("DEBUG"):
            hint_at_unread_form(self)
        form: ImmutableMultiDict[str, str] = self.__dict__["form"]
        return form

    def make_form_data_parser(self) -> t.Any:
        """The parser for this request's form: a :attr:`form_data_parser_class`."""
        parser = super().make_form_data_parser()
        if isinstance(parser, FormParser):
            held = getattr(self.url_rule, "limits", None) or {}
            if _setting("LIMIT_URLENCODED_FORMS"):
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
            if not self._load_plain_form():
                super()._load_form_data()
        except HTTPException as error:
            self._form_error = error
            raise
        if _setting("DEBUG") and self.mimetype != MULTIPART and not self.files:
            self.__dict__["files"] = files_with_hints(self)

    def _load_plain_form(self) -> bool:
        """Load a urlencoded form that nobody has a say in; whether this is one.

        PERF: the same as Werkzeug's way through a parser, without asking what is known.
        """
        if (
            self.environ.get("CONTENT_TYPE") != URLENCODED
            or not _reads_forms_as_usual(type(self))
            or "_cached_data" in self.__dict__
            or getattr(self.url_rule, "limits", None)
            or _setting("LIMIT_URLENCODED_FORMS")
        ):
            return False
        fields, is_valid = split_urlencoded(self.stream.read())
        if not is_valid:
            hint_once(NO_CHARSET)
        own = self.__dict__
        own["form"] = multi_dict(self.parameter_storage_class, fields)
        own["files"] = multi_dict(self.parameter_storage_class, ())
        return True

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


_INIT = Request.__init__

# Of what reads a form, what a subclass or a tool may have changed.
_readers_of = attrgetter(
    *("_load_form_data", "_get_stream_for_parsing", "want_form_data_parsed", "stream", "get_data"),
    *("make_form_data_parser", "form_data_parser_class", "mimetype", "_parse_content_type"),
    *("content_type", "mimetype_params", "content_length"),
)
_parsers_of = attrgetter("__init__", "parse", "_read_fields", "parse_from_environ")
_USUAL = (_readers_of(Request), _parsers_of(FormParser))
_heirs = (heir_of(Request), heir_of(FormParser))


def _reads_forms_as_usual(kind: type[Request]) -> bool:
    request_heir, parser_heir = _heirs
    if kind is not Request or not IS_FAST:
        return False
    if request_heir.__flags__ & parser_heir.__flags__ & UNCHANGED:
        return True
    if (_readers_of(Request), _parsers_of(FormParser)) != _USUAL:
        return False
    settle(request_heir)
    settle(parser_heir)
    return True


def can_be_made_later(request_class: type[Request]) -> bool:
    """Whether nobody can tell a request made at its first use from one made before all else."""
    return request_class is Request and Request.__init__ is _INIT and Request.trusted_hosts is None


@lru_cache(maxsize=1024)
def _nested_names(name: str) -> tuple[str, ...]:
    parts = name.split(".")
    return tuple(".".join(parts[:length]) for length in range(len(parts), 0, -1))


def split_blueprint_path(name: str) -> list[str]:
    """``"a.b.c"`` gives ``["a.b.c", "a.b", "a"]``: a nested blueprint and those around it."""
    return list(_nested_names(name))


__all__ = ["Request", "RequestBase", "split_blueprint_path"]
