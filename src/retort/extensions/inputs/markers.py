"""What an annotation of a view says: where an input comes from, and how its control looks.

``Query[int]`` is ``Annotated[int, Marker("query")]``, so that type checkers see an ``int``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias, TypeVar

from werkzeug.datastructures import FileStorage

Source: TypeAlias = Literal["path", "query", "form", "body", "header", "cookie"]

T = TypeVar("T")


@dataclass(frozen=True)
class Marker:
    """The metadata that a marker adds to a type: the part of the request that is read."""

    source: Source


Path = Annotated[T, Marker("path")]
"""A variable of the URL; 404 if it is not valid."""
Query = Annotated[T, Marker("query")]
"""A parameter of the query string, or all of them as one object."""
Form = Annotated[T, Marker("form")]
"""A field of a form or a file, or the whole form as one object."""
Body = Annotated[T, Marker("body")]
"""The JSON body, or for a number, a text or the like one of its members."""
Header = Annotated[T, Marker("header")]
"""A header field: ``x_trace`` is ``X-Trace``."""
Cookie = Annotated[T, Marker("cookie")]
"""A cookie."""

Upload = FileStorage
"""The type of an uploaded file: an object of ``request.files``."""


@dataclass(frozen=True)
class Name:
    """Another name for an input than that of its parameter: ``Query[Annotated[int, Name("p")]]``.

    :param name: the name in the request.
    """

    name: str


@dataclass(frozen=True)
class Control:
    """How a form shows and reads a field, as metadata in ``Annotated``; for all types of objects.

    ::

        password: Annotated[str, Control(type="password")]
        photo: Annotated[Upload, Control(accept="image/*", max_bytes=2_000_000)]

    :param type: the type of the ``<input>``, or ``"textarea"`` or ``"select"``; ``None``: the one
        that fits the type of the field.
    :param value: the value of a checkbox; ``None``: ``"on"``, as in HTML.
    :param accept: the file types of an upload, as for the attribute ``accept`` of HTML.
    :param max_bytes: the largest size of an upload, in bytes.
    :param step: the attribute ``step`` of HTML.
    :param label: the text of the label, for templates.
    """

    type: str | None = None
    value: str | None = None
    accept: str | None = None
    max_bytes: int | None = None
    step: str | None = None
    label: str | None = None
