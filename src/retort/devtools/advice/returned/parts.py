"""Advice on the parts of a response: the headers of a tuple, and the pieces of a stream."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from werkzeug.datastructures import Headers

from ....http.convert import to_response
from ....lifecycle.run import convert
from ..diagnostic import frame_value
from ..edit import FileEdit, diff_of
from ..record import Advice
from .sources import candidates, ran, returns_of
from .values import described_value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..diagnostic import DiagnosticContext

_STATUS = re.compile(r"its status is ('[^']*')")
_HEADERS = "Headers are a dict, such as {'X-Total': '3'}, or a list of pairs."


class StreamedPieceError(TypeError):
    """A streamed body has a piece that is neither text nor bytes.

    The development middleware raises it. A server cannot send such a piece.
    """

    def __init__(self, piece: object) -> None:
        super().__init__(f"The body has {described_value(piece)} in place of text or bytes.")
        self.piece = piece


def checked_pieces(body: Iterable[bytes]) -> Iterator[bytes]:
    """The pieces of a body.

    :raises StreamedPieceError: if one of them cannot be sent.
    """
    for piece in body:
        if not isinstance(piece, (bytes, bytearray, memoryview)):
            raise StreamedPieceError(piece)
        yield piece


def bad_piece(diagnostic: DiagnosticContext) -> Advice | None:
    """A generator of numbers or of other values."""
    error = diagnostic.error
    if not isinstance(error, StreamedPieceError):
        return None
    view = diagnostic.view
    found = [] if view is None else list(returns_of(view.code))
    place, diff = None, ""
    if view is not None and len(found) == 1:
        place = diagnostic.place(view.code.path, found[0].lineno, view.code.node.name)
        if isinstance(found[0].value, ast.GeneratorExp):
            edit = FileEdit(view.code.path)
            element = found[0].value.elt
            edit.replace_node(element, f"str({edit.source(element)})")
            diff = diff_of(diagnostic.folder, edit)
    return Advice(
        what=f"The response to {diagnostic.what} streams {described_value(error.piece)}.",
        why="A streamed body consists of text or bytes. A list or a dict is sent as JSON.",
        place=place,
        fix="Yield text, such as str(value), or return a list.",
        diff=diff,
    )


def bad_headers(diagnostic: DiagnosticContext) -> Advice | None:
    """The third item of a tuple is not a dict of headers."""
    error = diagnostic.error
    value = frame_value(error, convert, "value")
    headers = frame_value(error, to_response, "headers")
    if type(value) is not tuple or len(value) != 3 or headers is not value[2]:
        return None
    if headers is None or isinstance(headers, (Headers, dict, list, tuple)):
        return None
    found = candidates(ran(diagnostic), value)
    place, subject = None, f"The return value for {diagnostic.what} is"
    if len(found) == 1:
        code, node = found[0].code, found[0].node
        subject = f"{code.node.name}() returned"
        place = diagnostic.place(code.path, node.lineno, code.node.name)
    return Advice(
        what=f"{subject} a tuple whose third item, the headers, is {described_value(headers)}.",
        why=f"A tuple of three items is (body, status, headers). {_HEADERS}",
        place=place,
        fix="Return the headers as a dict, or a list in place of the tuple to send it as JSON.",
    )


def bad_status(diagnostic: DiagnosticContext) -> Advice | None:
    """A status that no server can send, such as the age in ``return name, age``."""
    error = diagnostic.error
    # The server's exception, by its name: the server is above this floor.
    found = _STATUS.search(str(error)) if type(error).__name__ == "InvalidResponse" else None
    if found is None:
        return None
    view = diagnostic.view
    nodes = [] if view is None else [each for each in returns_of(view.code) if _has_status(each)]
    place = None
    if view is not None and len(nodes) == 1:
        place = diagnostic.place(view.code.path, nodes[0].lineno, view.code.node.name)
    return Advice(
        what=f"The response to {diagnostic.what} has the status {found[1]}, which is not valid.",
        why="A tuple of two items is (body, status), or (body, headers) if the second is a dict.",
        place=place,
        fix="Return a status from 200 to 599, or a list in place of a tuple to send it as JSON.",
    )


def _has_status(node: ast.Return) -> bool:
    """Whether a return may give a status."""
    return not isinstance(node.value, (ast.Constant, ast.JoinedStr, ast.Dict, ast.List))
