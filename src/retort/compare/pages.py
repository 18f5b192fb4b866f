"""Read links and forms out of a page."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

from .equality.bodies import content, media_type

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .messages import Response

MAX_PAGE_BYTES = 2_000_000  # of longer pages, the beginning is read
_LINK_KEYS = re.compile(r"(.*_)?(url|uri|href|link|next|prev|previous|self|location)s?", re.I)
_LINKS = {"a": "href", "area": "href", "iframe": "src", "frame": "src", "img": "src"}
_LINKS |= {"script": "src", "link": "href", "source": "src", "video": "src", "audio": "src"}
_REFRESH = re.compile(r"\s*[\d.]+\s*[;,]\s*(?:url\s*=\s*)?['\"]?([^'\"]+)", re.I)


@dataclass
class Control:
    """One control of a form.

    :param kind: the type of an ``input``, or ``select``, ``textarea`` or ``button``.
    :param attrs: its attributes.
    :param options: the values of a ``select``, without the disabled ones.
    :param is_on: whether a checkbox or radio button is checked.
    """

    name: str
    kind: str
    value: str = ""
    attrs: dict[str, str] = field(default_factory=dict)
    options: list[str] = field(default_factory=list)
    is_on: bool = False

    @property
    def is_hidden(self) -> bool:
        """Whether its value comes from the page."""
        return self.kind == "hidden"

    @property
    def is_button(self) -> bool:
        """Whether only a click on it sends its name."""
        return self.kind in ("submit", "image", "button", "reset")


@dataclass
class Form:
    """A form, with its controls in their order."""

    action: str
    method: str = "GET"
    encoding: str = "application/x-www-form-urlencoded"
    controls: list[Control] = field(default_factory=list)
    id: str = ""


@dataclass
class Page:
    """What a page leads to; addresses are as they are written.

    :param base: the address that ``<base>`` sets; empty if there is none.
    """

    links: list[str] = field(default_factory=list)
    forms: list[Form] = field(default_factory=list)
    base: str = ""


def read_page(response: Response) -> Page:
    """The links and forms of a response; none if it is neither HTML nor JSON."""
    type_ = media_type(response)
    body = content(response)[:MAX_PAGE_BYTES]
    if type_ in ("text/html", "application/xhtml+xml"):
        return read_html(body)
    if type_.endswith("json"):
        try:
            return Page(links=list(dict.fromkeys(_links_in(json.loads(body)))))
        except (ValueError, RecursionError):
            return Page()
    return Page()


def read_html(body: bytes) -> Page:
    """The links and forms of HTML."""
    parser = _Parser()
    parser.feed(body.decode("utf-8", "replace"))
    parser.close()
    return parser.page


def _links_in(value: Any, key: str = "") -> Iterator[str]:
    """Addresses in JSON: texts whose key is that of a link."""
    stack = [(key, value)]
    while stack:
        name, one = stack.pop()
        if isinstance(one, dict):
            stack += reversed(list(one.items()))
        elif isinstance(one, list):
            stack += [(name, item) for item in reversed(one)]
        elif isinstance(one, str) and _LINK_KEYS.fullmatch(name):
            yield one


class _Parser(HTMLParser):
    """Collects links and forms; broken HTML is read as far as it goes."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.page = Page()
        self._form: Form | None = None
        self._select: Control | None = None
        self._option: str | None = None
        self._textarea: Control | None = None
        self._disabled_fieldsets = 0
        self._fieldsets: list[bool] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag in _LINKS and values.get(_LINKS[tag]):
            self.page.links.append(values[_LINKS[tag]].strip())
        handler = getattr(self, f"_start_{tag}", None)
        if handler is not None:
            handler(values)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "select":
            self._end_option()
            self._select = None
        elif tag == "option":
            self._end_option()
        elif tag == "textarea":
            self._textarea = None
        elif tag == "fieldset" and self._fieldsets:
            self._fieldsets.pop()

    def handle_data(self, data: str) -> None:
        if self._textarea is not None:
            # A line break directly after the start tag does not count.
            text = data if self._textarea.value else data.removeprefix("\n")
            self._textarea.value += text
        elif self._option is not None:
            self._option += data

    def _start_base(self, values: dict[str, str]) -> None:
        self.page.base = self.page.base or values.get("href", "")

    def _start_meta(self, values: dict[str, str]) -> None:
        found = _REFRESH.match(values.get("content", ""))
        if values.get("http-equiv", "").lower() == "refresh" and found:
            self.page.links.append(found[1].strip())

    def _start_form(self, values: dict[str, str]) -> None:
        method = values.get("method", "get").upper()
        if method == "DIALOG":
            self._form = Form("")  # sends nothing
            return
        self._form = Form(
            values.get("action", "").strip(),
            method if method == "POST" else "GET",
            values.get("enctype", "").lower() or Form.encoding,
            id=values.get("id", ""),
        )
        self.page.forms.append(self._form)

    def _start_fieldset(self, values: dict[str, str]) -> None:
        self._fieldsets.append("disabled" in values)

    def _start_input(self, values: dict[str, str]) -> None:
        kind = values.get("type", "text").lower()
        is_box = kind in ("checkbox", "radio")
        value = values.get("value", "on" if is_box else "")
        self._add(Control(values.get("name", ""), kind, value, values, is_on="checked" in values))

    def _start_button(self, values: dict[str, str]) -> None:
        kind = values.get("type", "submit").lower()
        self._add(Control(values.get("name", ""), kind, values.get("value", ""), values))

    def _start_textarea(self, values: dict[str, str]) -> None:
        self._textarea = Control(values.get("name", ""), "textarea", "", values)
        self._add(self._textarea)

    def _start_select(self, values: dict[str, str]) -> None:
        self._select = Control(values.get("name", ""), "select", "", values)
        self._add(self._select)

    def _start_option(self, values: dict[str, str]) -> None:
        self._end_option()
        if self._select is None or "disabled" in values:
            return
        if "selected" in values:
            self._select.is_on = True
            self._select.attrs["selected"] = str(len(self._select.options))
        if "value" in values:
            self._select.options.append(values["value"])
        else:
            self._option = ""

    def _end_option(self) -> None:
        if self._option is not None and self._select is not None:
            self._select.options.append(" ".join(self._option.split()))
        self._option = None

    def _add(self, control: Control) -> None:
        if "disabled" in control.attrs or any(self._fieldsets):
            return
        owner = control.attrs.get("form")
        form = self._form
        if owner:
            form = next((one for one in self.page.forms if one.id == owner), None)
        if form is not None:
            form.controls.append(control)
