"""The form of a request: its files, and 415 for a body of another media type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from werkzeug.datastructures import ImmutableMultiDict

from ..errors import UnsupportedInput

if TYPE_CHECKING:
    from werkzeug.datastructures import FileStorage, MultiDict

    from ....http import Request

MULTIPART: Final = "multipart/form-data"
FORM_TYPES: Final = ("application/x-www-form-urlencoded", MULTIPART)
_NO_FILES: MultiDict[str, FileStorage] = ImmutableMultiDict()


def files_of(request: Request) -> MultiDict[str, FileStorage]:
    """The files of a form; PERF: other forms than multipart have none."""
    return request.files if request.mimetype == MULTIPART else _NO_FILES


def check_form_type(request: Request) -> None:
    """Refuse a body that is no form; a request without a body is an empty form.

    :raises UnsupportedInput: (415).
    """
    if request.mimetype not in FORM_TYPES and _has_body(request):
        raise UnsupportedInput(FORM_TYPES)


def _has_body(request: Request) -> bool:
    """Whether a request has a body that is not empty: RFC 9112 section 6."""
    environ = request.environ
    return environ.get("CONTENT_LENGTH", "") not in ("", "0") or (
        "HTTP_TRANSFER_ENCODING" in environ and bool(request.get_data())
    )
