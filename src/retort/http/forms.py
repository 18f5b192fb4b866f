"""Parse form bodies into fields and files: `request.form` and `request.files`.

Forms are never truncated silently: a form that cannot be parsed is a 400 with the reason, one
that exceeds a limit a 413. `multipart.py` splits a multipart form into its parts.
"""

from __future__ import annotations

import io
from functools import cached_property
from operator import methodcaller
from tempfile import SpooledTemporaryFile
from types import MappingProxyType
from typing import IO, TYPE_CHECKING, Any, TypeVar, cast
from urllib.parse import quote_from_bytes, unquote_to_bytes

from werkzeug import formparser
from werkzeug.datastructures import FileStorage, ImmutableMultiDict
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Request as RequestBase

from ..errors import SetupError
from .body import SHORT_BYTES, read_short
from .hints import MULTIPART, NO_CHARSET, URLENCODED, hint_once
from .multidict import multi_dict
from .multipart import Parts, read_boundary, split_parts

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Iterator, Mapping

    from werkzeug.datastructures import MultiDict

    from .multipart import Part
    from .request import Request

    Parsed = tuple[IO[bytes], MultiDict[str, str], MultiDict[str, FileStorage]]

Fields = TypeVar("Fields", bound="MultiDict[str, Any]")

_ASCII = bytes(range(128))


class FormParser(formparser.FormDataParser):
    """Werkzeug's form parser, but a malformed form is an error, not an empty form.

    It is the default of :attr:`Request.form_data_parser_class`, which a program may override.
    """

    silent = True
    #: The request of a parser that was made without its constructor.
    request: Request
    if not TYPE_CHECKING:  # attributes that the constructor sets
        stream_factory = cached_property(lambda parser: parser.request._get_file_stream)
        max_content_length = cached_property(lambda parser: parser.request.max_content_length)
        max_form_memory_size = cached_property(lambda parser: parser.request.max_form_memory_size)
        max_form_parts = cached_property(lambda parser: parser.request.max_form_parts)

    #: Which of ``max_form_memory_size`` (bytes) and ``max_form_parts`` (fields) apply to a
    #: urlencoded form, which is read into memory.
    limits_of_urlencoded: Container[str] = ()

    def parse(
        self,
        stream: IO[bytes],
        mimetype: str,
        content_length: int | None,
        options: dict[str, str] | None = None,
    ) -> Parsed:
        """The stream of a body, and its fields and files.

        :param options: the parameters of the Content-Type.
        :raises werkzeug.exceptions.BadRequest: if it is a form and cannot be parsed.
        :raises werkzeug.exceptions.RequestEntityTooLarge: if it exceeds a limit.
        """
        if mimetype == URLENCODED:
            return stream, self.read_fields(stream), multi_dict(self.cls, ())
        if mimetype == MULTIPART:
            form, files = self._read_parts(stream, content_length, options or {})
            return stream, form, files
        return stream, self.cls(), self.cls()

    def read_fields(self, stream: IO[bytes]) -> MultiDict[str, str]:
        """The fields of a urlencoded form."""
        body = self._read_limited(stream) if self.limits_of_urlencoded else stream.read()
        try:
            text = body.decode()
        except UnicodeDecodeError:
            text = quote_from_bytes(body, _ASCII)  # part of a character may be escaped already
        try:
            return split_fields(self.cls, text, "strict")
        except UnicodeDecodeError:
            hint_once(NO_CHARSET)
            return split_fields(self.cls, text, "replace")

    def _read_limited(self, stream: IO[bytes]) -> bytes:
        limits = self.limits_of_urlencoded
        most: int | None = self.max_form_memory_size if "max_form_memory_size" in limits else None
        most_fields: int | None = self.max_form_parts if "max_form_parts" in limits else None
        body = stream.read() if most is None else stream.read(most + 1)
        if most is not None and len(body) > most:
            raise RequestEntityTooLarge
        if most_fields is not None and body and body.count(b"&") + 1 > most_fields:
            raise RequestEntityTooLarge
        return body

    def _read_parts(
        self, stream: IO[bytes], content_length: int | None, parameters: dict[str, str]
    ) -> tuple[MultiDict[str, str], MultiDict[str, FileStorage]]:
        if "boundary" not in parameters and not stream.read(1):
            return self.cls(), self.cls()  # an empty body needs no boundary
        parts = self._split(stream, read_boundary(parameters))
        files: list[tuple[str, FileStorage]] = []
        try:
            form = self._sort(parts, files, content_length)
        except BaseException:
            for _, file in files:
                file.close()
            raise
        return multi_dict(self.cls, form), multi_dict(self.cls, files)

    def _split(self, stream: IO[bytes], boundary: bytes) -> Iterable[Part]:
        limits = {"max_parts": self.max_form_parts, "max_memory_bytes": self.max_form_memory_size}
        body = read_short(stream)
        if body is None:
            return Parts(stream, boundary, **limits)
        return split_parts(body, boundary, **limits)

    def _sort(
        self,
        parts: Iterable[Part],
        files: list[tuple[str, FileStorage]],
        content_length: int | None,
    ) -> list[tuple[str, str]]:
        """Append the files of a form to ``files`` and return the fields."""
        fields = []
        is_here = isinstance(parts, list) and _is_werkzeugs(self.stream_factory)
        for part in parts:
            if part.filename is None:
                fields.append((part.name, part.text()))
                continue
            container = kept(part.read()) if is_here else self._open_file(part, content_length)
            stored = FileStorage(container, part.filename, part.name, headers=part.headers)
            files.append((part.name, stored))
            if not is_here:
                for piece in part:
                    container.write(piece)
                container.seek(0)
        return fields

    def _open_file(self, part: Part, content_length: int | None) -> IO[bytes]:
        return self.stream_factory(
            total_content_length=content_length,
            filename=part.filename,
            content_type=part.content_type,
            content_length=part.headers.get("content-length", 0, type=_plain_int),
        )


def split_fields(kind: type[Fields], text: str, errors: str) -> Fields:
    """Parse a query string or a urlencoded form.

    The URL standard, "application/x-www-form-urlencoded parsing".

    :param errors: the error handler for escaped bytes that are not UTF-8; as for ``bytes.decode``.
    """
    if "+" in text:
        text = text.replace("+", " ")
    pairs = filter(None, text.split("&"))
    fields: Iterable[tuple[str, str, str]] = map(_at_equals_sign, pairs)
    if "%" in text:
        fields = _unescaped(fields, errors)
    if kind is not ImmutableMultiDict:
        return kind([(name, value) for name, _, value in fields])
    made = _new(kind)
    for name, _, value in fields:  # PERF: as in multi_dict()
        _list_of(made, name, []).append(value)
    return made


# PERF: in C, for each field.
_at_equals_sign: Callable[[str], tuple[str, str, str]] = methodcaller("partition", "=")
_new, _list_of = dict.__new__, dict.setdefault


def _unescaped(
    fields: Iterable[tuple[str, str, str]], errors: str
) -> Iterator[tuple[str, str, str]]:
    for name, sign, value in fields:
        yield _unescape(name, errors), sign, _unescape(value, errors)


def _unescape(text: str, errors: str) -> str:
    return unquote_to_bytes(text).decode("utf-8", errors) if "%" in text else text


# The functions that create the file in which Werkzeug stores an upload.
_FACTORIES = (RequestBase._get_file_stream, formparser.default_stream_factory)


def _is_werkzeugs(factory: Any) -> bool:
    return getattr(factory, "__func__", factory) in _FACTORIES


def kept(content: bytes) -> IO[bytes]:
    """A file as Werkzeug creates it, for bytes that are in memory; they are not copied.

    It is written to disk when its descriptor is read, or when it grows above `SHORT_BYTES`.
    """
    file = SpooledTemporaryFile(max_size=SHORT_BYTES, mode="rb+")  # noqa: SIM115
    file._file = io.BytesIO(content)
    return cast("IO[bytes]", file)


def _plain_int(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise ValueError(text)
    return int(text)


# The methods that a form may name in ``_method``: HTML forms do not support them.
OVERRIDING_METHODS = frozenset({"PUT", "PATCH", "DELETE"})


def overriding_method(request: Request) -> str | None:
    """The method in the field ``_method`` of a form, if it is one of `OVERRIDING_METHODS`.

    Reads the form.
    """
    if request.mimetype == URLENCODED:
        request.get_data()  # stores it for views that read the bytes, such as for a signature
    method = request.form.get("_method", "").upper()
    return method if method in OVERRIDING_METHODS else None


LIMITS = ("max_content_length", "max_form_memory_size", "max_form_parts")


def take_limits(rule: str, options: dict[str, Any]) -> Mapping[str, int | None]:
    """Remove the limits of request bodies from the options of a rule, and return them.

    :raises SetupError: if a limit is not a whole number.
    """
    limits = {name: options.pop(name) for name in LIMITS if name in options}
    for name, limit in limits.items():
        if limit is not None and (type(limit) is not int or limit < 0):
            unit = "of parts" if name == "max_form_parts" else "of bytes"
            raise SetupError(
                f"The rule {rule!r} has {name}={limit!r}. Write a whole number {unit}, as in"
                f" {name}=100_000, or None for no limit."
            )
    return MappingProxyType(limits)
