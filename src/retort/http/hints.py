"""Log hints on forms that were not received as intended; debug mode only, once per endpoint.

The causes are in the page with the form, which no traceback shows. Nothing here changes the
request.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote_to_bytes
from weakref import WeakKeyDictionary

from .. import settings
from ..errors import file_field_error

if TYPE_CHECKING:
    from werkzeug.datastructures import FileStorage, MultiDict

    from .request import Request

URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
FORM_TYPES = frozenset({URLENCODED, MULTIPART})


class Hint(NamedTuple):
    """What was received, and what to change; ``{place}`` is replaced by method and path."""

    what: str
    fix: str = ""


class GivenHint(NamedTuple):
    """A hint that was logged, for a request to an endpoint."""

    endpoint: str | None
    hint: Hint
    what: str


# The hints already logged, by application; each with its endpoint, text and values.
_given: WeakKeyDictionary[Any, dict[tuple[Any, ...], GivenHint]] = WeakKeyDictionary()

_DECLARE_UTF_8 = (
    'A browser encodes a form in the charset of its page: write <meta charset="utf-8"> at the top'
    " of the <head> of the page with the form."
)
NO_CHARSET = Hint(
    "A form sent to {place} contains bytes that are not UTF-8; request.form has U+FFFD in their"
    " place.",
    _DECLARE_UTF_8,
)
NO_CHARSET_IN_QUERY = Hint(
    "The query of {place} contains bytes that are not UTF-8; request.args keeps them escaped, such"
    " as %E9.",
    _DECLARE_UTF_8,
)
TEXT_PLAIN = Hint(
    "A form sent to {place} has enctype=text/plain, which cannot be parsed, so request.form"
    " is empty.",
    "Remove the enctype from the <form>, or write enctype=multipart/form-data if it has files."
    " request.get_data() has the text as it was sent.",
)
BODY_OF_GET = Hint(
    "{place} was requested with a form in the body, which has no meaning for this method (RFC 9110"
    " section 9.3.1), so request.form is empty.",
    "Send it with POST, or as a query, which request.args has; or set"
    " app.config['FORM_FROM_GET_BODY'] = True.",
)
_FILE_AS_TEXT = Hint("{place}: {error}")


def hint_once(hint: Hint, **values: str) -> None:
    """Log a hint, if debug mode is on and it was not logged for this endpoint before.

    :param values: the values of the text, besides ``place``.
    """
    context = settings.request_context()
    if context is None or not context.app.debug:
        return
    request = context.request
    given = _given.setdefault(context.app, {})
    key = (request.endpoint, hint, *values.values())
    if key not in given:
        what = hint.what.format(place=f"{request.method} {request.path!r}", **values)
        given[key] = GivenHint(request.endpoint, hint, what)
        context.app.logger.warning("%s", f"{what} {hint.fix}".strip())


def hints_of(app: Any) -> list[GivenHint]:
    """The hints that were logged for an application, the oldest first."""
    return list(_given.get(app, {}).values())


def hint_at_query(query: str) -> None:
    """Log that a query has escaped bytes that are not UTF-8, if it has."""
    try:
        unquote_to_bytes(query).decode()
    except UnicodeDecodeError:
        hint_once(NO_CHARSET_IN_QUERY)


def hint_at_unread_form(request: Request) -> None:
    """Log why ``request.form`` is empty, if the cause can be fixed."""
    if not request.content_length:
        return
    if request.mimetype == "text/plain":
        hint_once(TEXT_PLAIN)
    elif not request.want_form_data_parsed and request.mimetype in FORM_TYPES:
        hint_once(BODY_OF_GET)


def files_with_hints(
    request: Request, empty: MultiDict[str, FileStorage]
) -> MultiDict[str, FileStorage]:
    """An empty ``request.files`` that explains why a submitted field is missing."""
    plain: Any = empty

    class TeachingFiles(type(plain)):  # type: ignore[misc]
        def __getitem__(self, key: str) -> Any:
            if key in request.form:
                raise file_field_error(key, request)
            return super().__getitem__(key)

        def get(self, key: str, *args: Any, **kwargs: Any) -> Any:
            _warn_of_file_field(key, request)
            return super().get(key, *args, **kwargs)

        def getlist(self, key: str, *args: Any, **kwargs: Any) -> Any:
            _warn_of_file_field(key, request)
            return super().getlist(key, *args, **kwargs)

        def __contains__(self, key: object) -> bool:
            _warn_of_file_field(key, request)
            return bool(super().__contains__(key))

    files: MultiDict[str, FileStorage] = TeachingFiles(plain)
    return files


def _warn_of_file_field(key: Any, request: Request) -> None:
    if key in request.form:
        hint_once(_FILE_AS_TEXT, error=str(file_field_error(key, request)))
