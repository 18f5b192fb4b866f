"""What is wrong with an input: codes, texts for people, and the exceptions with them.

Codes and limits come from the type that the program declares, and no text contains a value that was
sent.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from werkzeug.exceptions import (
    BadRequest,
    HTTPException,
    NotFound,
    RequestEntityTooLarge,
    UnprocessableEntity,
    UnsupportedMediaType,
)

from ...errors import SetupError
from ...globals import current_app
from ...json.pointer import pointer_step
from .responses import respond

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_ERRORS = 100
"""How many errors of a request are reported."""

MESSAGES: dict[str, str] = {
    "required": "Required.",
    "unknown": "There is no such field.",
    "null": "Must not be null.",
    "text": "Must be text.",
    "integer": "Must be a whole number.",
    "number": "Must be a number.",
    "boolean": "Must be true or false.",
    "date": "Must be a date: YYYY-MM-DD.",
    "time": "Must be a time: HH:MM.",
    "datetime": "Must be a date and time: YYYY-MM-DDTHH:MM.",
    "duration": "Must be a duration, such as PT30M.",
    "month": "Must be a month: YYYY-MM.",
    "week": "Must be a week: YYYY-Www.",
    "uuid": "Must be a UUID.",
    "decimal": "Must be a decimal number.",
    "bytes": "Must be Base64.",
    "list": "Must be a list.",
    "object": "Must be an object.",
    "file": "Must be a file.",
    "choice": "Must be one of: {limit}.",
    "minimum": "Must be {limit} or more.",
    "exclusive_minimum": "Must be more than {limit}.",
    "maximum": "Must be {limit} or less.",
    "exclusive_maximum": "Must be less than {limit}.",
    "multiple_of": "Must be a multiple of {limit}.",
    "min_length": "Must have at least {limit} characters.",
    "max_length": "Must have at most {limit} characters.",
    "pattern": "Must have the required format.",
    "min_items": "Must have at least {limit} items.",
    "max_items": "Must have at most {limit} items.",
    "max_bytes": "Must have at most {limit} bytes.",
    "accept": "Must be a file of the type {limit}.",
    "character": "Must not contain control characters that text cannot have.",
    "repeated": "Must be given once.",
    "depth": "Is nested too deeply: at most {limit} levels.",
    "index": "Must have an index below {limit}.",
    "invalid": "Is not valid.",
}
"""The texts for people, by code."""


class FieldError(NamedTuple):
    """One error of an input.

    :param source: the part of the request: ``form``, ``query``, ``body``...
    :param path: names and indexes from the source to the value; empty for all of it.
    :param code: what is wrong, a key of `MESSAGES`.
    :param limit: the limit that the value does not keep, or the choices.
    :param text: the text of a validator of the program.
    """

    source: str
    path: tuple[str | int, ...]
    code: str
    limit: Any = None
    text: str | None = None

    @property
    def pointer(self) -> str:
        """The place in JSON: RFC 6901."""
        return "".join(f"/{pointer_step(step)}" for step in self.path)

    @property
    def field(self) -> str:
        """The place in a form, a query and the like: ``items.0.name``."""
        return ".".join(map(str, self.path))

    @property
    def message(self) -> str:
        """The text for people, from the config ``INPUT_MESSAGES`` if that has one."""
        if self.text is not None:
            return self.text
        template = _own_message(self)
        if template is None:
            template = MESSAGES.get(self.code, MESSAGES["invalid"])
            if self.limit == 1:
                template = _PLURAL.sub(r"{limit} \1", template)
        return str(template).replace("{limit}", self.limit_text)

    @property
    def limit_text(self) -> str:
        """The limit as text."""
        if isinstance(self.limit, (list, tuple)):
            return ", ".join(map(str, self.limit))
        return str(self.limit)


_PLURAL = re.compile(r"\{limit\} (character|item|byte|level)s")


def _own_message(error: FieldError) -> object:
    """The text of the program for an error; ``None`` if it has none.

    :raises SetupError: if the config is of another type.
    """
    own = current_app.config.get("INPUT_MESSAGES") if current_app else None
    if own is None:
        return None
    if callable(own):
        return own(error)
    if isinstance(own, Mapping):
        return own.get(error.code)
    raise SetupError(
        f"The config INPUT_MESSAGES is a {type(own).__name__}. Set it to a dict, such as"
        " {'required': 'Please fill this in.'}, or to a function that takes a FieldError and"
        " returns its text."
    )


class InvalidInput(ValueError):
    """The errors of one input; `binding.py` collects those of all inputs of a view."""

    def __init__(self, errors: Sequence[FieldError], status: int = 422) -> None:
        super().__init__(f"{len(errors)} errors")
        self.errors = list(errors)
        self.status = status


class InputError(HTTPException):
    """The inputs of a request are not valid.

    It is raised before the view is called; an error handler for its status, or for this class,
    may make the response. Otherwise the response is a problem document (RFC 9457), or a page for
    browsers.

    :param errors: all errors, at most 100.
    :param detail: what is wrong with the request as a whole.
    """

    #: All errors, at most 100.
    errors: list[FieldError]

    def __init__(self, errors: Sequence[FieldError] = (), detail: str | None = None) -> None:
        super().__init__(detail)
        self.errors = list(errors[:MAX_ERRORS])

    def get_response(self, environ: Any = None, scope: Any = None) -> Any:
        """The response: a problem document, or a page; see `responses.py`."""
        return respond(self, environ or {})


class UnprocessableInput(InputError, UnprocessableEntity):
    """422: the content is not what the view takes."""

    description = "The request is well-formed, but its content is not valid."


class MalformedInput(InputError, BadRequest):
    """400: a body that cannot be parsed."""


class UnknownPath(InputError, NotFound):
    """404: a variable of the URL is not valid."""


class OversizedInput(InputError, RequestEntityTooLarge):
    """413: an input that is too large to look at."""


class UnsupportedInput(InputError, UnsupportedMediaType):
    """415: a body of another media type.

    :param accepted: the media types that the view takes; sent as ``Accept-Post`` (the LDP
        specification, section 7.1).
    """

    def __init__(self, accepted: Sequence[str]) -> None:
        super().__init__((), f"Send {' or '.join(accepted)}.")
        self.accepted = tuple(accepted)

    def get_response(self, environ: Any = None, scope: Any = None) -> Any:
        """The response, with ``Accept-Post``."""
        response = super().get_response(environ, scope)
        method = (environ or {}).get("REQUEST_METHOD")
        name = "Accept-Patch" if method == "PATCH" else "Accept-Post"  # RFC 5789 section 3.1
        response.headers[name] = ", ".join(self.accepted)
        return response


_BY_STATUS: dict[int, type[InputError]] = {
    400: MalformedInput,
    404: UnknownPath,
    413: OversizedInput,
    422: UnprocessableInput,
}
# A request with errors of several kinds has the first of these statuses, and its errors alone.
_PRECEDENCE = (404, 413, 400, 415, 422)


def input_error(found: Sequence[InvalidInput | InputError]) -> InputError:
    """The exception for the errors of all inputs of a request.

    :param found: at least one.
    """
    first = min(found, key=lambda each: _PRECEDENCE.index(_status_of(each)))
    if isinstance(first, InputError):
        return first
    status = first.status
    errors = [error for each in found if _status_of(each) == status for error in each.errors]
    detail = first.detail if isinstance(first, Unreadable) else None
    return _BY_STATUS[status](errors, detail)


def _status_of(error: InvalidInput | InputError) -> int:
    return error.status if isinstance(error, InvalidInput) else error.code or 422


class Unreadable(InvalidInput):
    """A body that cannot be parsed, and why.

    :param detail: a text for people, without any part of the body.
    """

    def __init__(self, detail: str, status: int = 400) -> None:
        super().__init__((), status)
        self.detail = detail
