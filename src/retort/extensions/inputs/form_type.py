"""The media types of forms: a request with another body is refused with 415."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .errors import UnsupportedInput

if TYPE_CHECKING:
    from ...http import Request

FORM_TYPES: Final = ("application/x-www-form-urlencoded", "multipart/form-data")


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
