"""The hints of `http/hints.py` on forms, as warnings for the pages."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Any

from ..http.hints import NO_CHARSET, NO_CHARSET_IN_QUERY, hints_of
from .advice import Advice
from .advice.diagnostic import DiagnosticContext

if TYPE_CHECKING:
    from ..http.hints import GivenHint
    from .advice import Place

_log = logging.getLogger("retort.devtools")

_CHARSET = re.compile(r"<meta\b[^>]*\bcharset\b", re.I)


def hint_warnings(app: Any) -> list[Advice]:
    """The hints that were logged for an application, the oldest first."""
    diagnostic = DiagnosticContext(Exception(), app, None)
    return [_as_warning(diagnostic, given) for given in hints_of(app)]


def _as_warning(diagnostic: DiagnosticContext, given: GivenHint) -> Advice:
    try:
        place = _page_without_charset(diagnostic, given)
    except Exception:
        _log.debug("The page of the hint %r could not be found.", given, exc_info=True)
        place = None
    return Advice(what=given.what, place=place, fix=given.hint.fix)


def _page_without_charset(diagnostic: DiagnosticContext, given: GivenHint) -> Place | None:
    """The only HTML file with a form for the endpoint, if it declares no charset.

    The charset of a template is in the Content-Type of its response.
    """
    if given.hint not in (NO_CHARSET, NO_CHARSET_IN_QUERY):
        return None
    pages = {
        sent.page.file: sent.page
        for sent in diagnostic.forms
        if any(rule.endpoint == given.endpoint for rule in sent.rules or ())
    }
    page = next(iter(pages.values())) if len(pages) == 1 else None
    if page is None or not page.file.endswith((".html", ".htm")) or page.template is not None:
        return None
    return None if _CHARSET.search(page.text) else diagnostic.place(page.file, 1)
