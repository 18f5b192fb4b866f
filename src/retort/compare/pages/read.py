"""Read a response as a page: HTML, or JSON with addresses."""

from __future__ import annotations

import json
import re
import time
from typing import TYPE_CHECKING, Any

from werkzeug.http import parse_options_header

from ..equality.bodies import content, media_type
from .html import HtmlReader
from .page import Page

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..messages import Response

MAX_PAGE_BYTES = 1_000_000  # of longer pages, the beginning is read
MAX_PAGE_SECONDS = 3.0  # `html.parser` is slow where thousands of tags do not end
_SLICE_CHARS = 8_192
_HTML = ("text/html", "application/xhtml+xml")
_LINK_KEYS = re.compile(r"(.*_)?(url|uri|href|link|next|prev|previous|self|location)s?", re.I)
# Other texts below these keys are cursors, titles or identifiers.
_ADDRESS = re.compile(r"(?:https?://|\.{0,2}/|\?)\S*", re.IGNORECASE)


def read_page(response: Response) -> Page:
    """The links and forms of a response; none if it is neither HTML nor JSON.

    Addresses in JSON are texts that begin like one, and whose key is that of a link, such as
    ``next``, ``href`` or ``image_url``.
    """
    type_ = media_type(response)
    if type_ in _HTML:
        return read_html(content(response), _charset(response))
    if type_.endswith("json"):
        return _read_json(content(response))
    return Page()


def read_html(body: bytes, charset: str = "utf-8", seconds: float = MAX_PAGE_SECONDS) -> Page:
    """The links and forms of HTML.

    :param seconds: of processor time; what is not read by then is left out.
    """
    text = body[:MAX_PAGE_BYTES].decode(charset, "replace")
    reader = HtmlReader()
    is_whole = _feed(reader, text, seconds) and len(body) <= MAX_PAGE_BYTES
    page = reader.finish()
    page.is_cut = not is_whole
    return page


def _feed(reader: HtmlReader, text: str, seconds: float) -> bool:
    """Parse in slices; returns whether all was parsed."""
    give_up_at = time.process_time() + seconds
    try:
        for start in range(0, len(text), _SLICE_CHARS):
            reader.feed(text[start : start + _SLICE_CHARS])
            if time.process_time() > give_up_at:
                return False
        if len(reader.rawdata) > _SLICE_CHARS:
            return False  # what is left is one tag, comment or script that does not end
        reader.close()
    except AssertionError:  # of html.parser, such as for <![
        return False
    return True


def _charset(response: Response) -> str:
    name = parse_options_header(response.get("Content-Type"))[1].get("charset", "utf-8")
    try:
        b"a".decode(name)
    except (LookupError, ValueError):  # unknown, or no charset such as "hex"
        return "utf-8"
    return name


def _read_json(body: bytes) -> Page:
    if len(body) > MAX_PAGE_BYTES:
        return Page(is_cut=True)
    try:
        return Page(links=list(dict.fromkeys(_links_in(json.loads(body)))))
    except (ValueError, RecursionError):
        return Page()


def _links_in(value: Any, key: str = "") -> Iterator[str]:
    stack = [(key, value)]
    while stack:
        name, one = stack.pop()
        if isinstance(one, dict):
            stack += reversed(list(one.items()))
        elif isinstance(one, list):
            stack += [(name, item) for item in reversed(one)]
        elif isinstance(one, str) and _LINK_KEYS.fullmatch(name) and _ADDRESS.fullmatch(one):
            yield one
