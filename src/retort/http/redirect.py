"""The default status of a redirect, and locations that contain line breaks.

The response itself is Werkzeug's; `Flask.redirect` makes it.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

from markupsafe import escape
from werkzeug.utils import redirect

from .response import parts_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .request import Request
    from .response import Parts


class _NotChosen(int):
    """A default status: equal to the number, but distinguishable with ``is``."""


#: The default of ``code``. An explicit 302 stays a 302.
DEFAULT_CODE = _NotChosen(302)


#: The values of the config ``REDIRECT_AFTER_UNSAFE``. Browsers send a GET after both, but only 303
#: specifies that (RFC 9110 section 15.4.4). After another status they send the form again.
CODES_AFTER_UNSAFE = (302, 303)


def wrong_code_after_unsafe(code: object) -> ValueError:
    """The error for another value of the config."""
    return ValueError(
        f"REDIRECT_AFTER_UNSAFE is {code!r}. It is 303, or 302 as in Flask; any"
        " other status is for one redirect: redirect(location, code=308)."
    )


#: Longer locations and their pages are not cached.
MAX_CACHED_LENGTH = 500

# URLs of this server that Werkzeug does not change.
_PLAIN_URL = re.compile(
    r"/(?:[\w.~!$&'()*+,;=:@-][\w.~!$&'()*+,;=:@/%-]*)?(?:\?[\w.~=&+%-]+)?", re.A
)


# PERF: most redirects of a program have a few locations.
@lru_cache(maxsize=256, typed=True)
def parts_of_redirect(location: str, code: int) -> Parts | None:
    """The response of Werkzeug's ``redirect`` for a URL that it does not change; else ``None``.

    :param location: at most `MAX_CACHED_LENGTH` characters.
    """
    if not _PLAIN_URL.fullmatch(location):
        return None
    shown = str(escape(location)) if "&" in location or "'" in location else location
    page = shown.join(_around_url()).encode()
    return parts_of(page, code, ("Location", location))


class _Page:
    """Receives the page that Werkzeug writes for a redirect, without making a response."""

    def __init__(self, page: str, status: int, mimetype: str) -> None:
        self.page = page
        self.headers: dict[str, str] = {}


@lru_cache(maxsize=1)
def _around_url() -> list[str]:
    """The page for a redirect, split at the URL."""
    page: Any = redirect("THE URL", Response=_Page)  # type: ignore[arg-type]
    return cast("str", page.page).split("THE URL")


def is_from_client(location: str, request: Request) -> bool:
    """Whether a line break in ``location`` comes from the client.

    A form is searched only if it was parsed already. The text has to be in ``location`` unchanged.
    """
    return any(
        ("\r" in text or "\n" in text) and text.strip() in location for text in _texts(request)
    )


def _texts(request: Request) -> Iterator[str]:
    """All strings from the client: path, query, cookies, JSON, and a form if it was parsed."""
    waiting: list[Any] = [request.view_args, request.args.to_dict(flat=False)]
    if "form" in request.__dict__:
        waiting.append(request.form.to_dict(flat=False))
    if request.is_json:
        waiting.append(request.get_json(silent=True))
    waiting.append(request.cookies.to_dict(flat=False))
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)
