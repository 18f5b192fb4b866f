"""Parse the forms of an HTML page, with the standard library's parser.

The page may be a template: `placeholders.py` has replaced each expression by a placeholder. Values
that depend on a placeholder are marked as unknown.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

from .placeholders import BLOCK, PlaceholderText, has_placeholder, kind_of, placeholders_in

_TEXT_ONLY = frozenset({"textarea", "option", "title", "style", "script"})  # without fields
_BUTTONS = frozenset({"submit", "image", "button", "reset"})
_SCRIPTED = re.compile(r"^(data-)?(hx|ng)-|^\(|^x-on|^v-on|^@|^onsubmit$|^data-remote$|^data-turbo")
_REQUESTS = re.compile(r"\bfetch\s*\(|XMLHttpRequest|\.ajax\s*\(|\baxios\b|FormData|\$\.post\b")

UNKNOWN_OPTION = "\ue000"  # with a placeholder, or with its text as its value


@dataclass
class Field:
    """A control that has a name.

    :param kind: its type, in lower case, or the name of its element.
    :param attributes: as written; an expression in a value is a placeholder.
    :param tag: the name of its element.
    :param options: the values of a ``<select>``.
    """

    name: str
    kind: str
    line: int
    attributes: dict[str, str] = field(default_factory=dict)
    tag: str = "input"
    options: list[str] = field(default_factory=list)

    @property
    def is_button(self) -> bool:
        """Whether it is sent only if it was clicked."""
        return self.kind in _BUTTONS


@dataclass
class Written:
    """A control whose name is written by an expression: ``<input {{ form.email.attrs }}>``."""

    expression: str
    line: int


@dataclass
class Form:
    """A form, or a button that sends a form to another address.

    :param line: from 1, in its file.
    :param method: in lower case; default: ``get``.
    :param is_uncertain: its attributes depend on template expressions, or a script sends it.
    :param has_unknown: it may have further fields, besides those that are written.
    """

    line: int
    action: str | None
    method: str
    enctype: str
    id: str | None = None
    is_uncertain: bool = False
    has_unknown: bool = False
    is_unchecked: bool = False  # by the browser: novalidate
    is_override: bool = False  # for a button: the form of its other attributes
    fields: list[Field] = field(default_factory=list)
    written: list[Written] = field(default_factory=list)

    @property
    def is_open(self) -> bool:
        """Whether it may have other fields than ``fields``."""
        return self.has_unknown or bool(self.written)

    @property
    def sends(self) -> str:
        """The method of the request: everything except ``post`` acts as GET."""
        return "POST" if self.method == "post" else "GET"


@dataclass
class Markup:
    """The relevant contents of a page."""

    forms: list[Form]
    has_script: bool  # a script that sends requests


def read_markup(placeholders: PlaceholderText) -> Markup:
    """Parse HTML text in which expressions are replaced by placeholders."""
    reader = _Reader(placeholders)
    reader.feed(placeholders.text)
    reader.close()
    reader.give_fields_by_id()
    return Markup(reader.forms, reader.has_script)


def attributes_in(tag: str) -> dict[str, str]:
    """The attributes of one start tag."""
    reader = _TagReader()
    reader.feed(tag)
    return reader.values


class _TagReader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.values: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.values = {name: value or "" for name, value in attrs}


class _Reader(HTMLParser):
    def __init__(self, placeholders: PlaceholderText) -> None:
        super().__init__(convert_charrefs=True)
        self.placeholders = placeholders
        self.forms: list[Form] = []
        self.has_script = False
        self._current: Form | None = None
        self._inside: str | None = None  # an element with text content only
        self._elsewhere: list[tuple[str, Field]] = []  # fields with form="id"
        self._select: Field | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: (value or "").strip() for name, value in reversed(attrs)}
        if tag in _TEXT_ONLY:
            self._inside = tag
        if any(name.startswith(("hx-", "data-hx-")) for name in values):
            self.has_script = True
        if tag == "form":
            self._begin(values)
        elif tag == "option":
            self._add_option(values)
        elif tag in {"input", "button", "select", "textarea"}:
            self._add(tag, values)
        elif "-" in tag and self._current:  # a custom element may be a field
            self._current.has_unknown = True

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._current = None
        if tag == "select":
            self._select = None
        if tag == self._inside:
            self._inside = None

    def handle_data(self, data: str) -> None:
        if self._inside == "script" and _REQUESTS.search(data):
            self.has_script = True
        if self._current and self._inside is None and any(placeholders_in(data)):
            self._current.has_unknown = True

    def give_fields_by_id(self) -> None:
        """Add fields outside of their forms (``form="id"``) to these forms."""
        for form_id, named in self._elsewhere:
            for form in self.forms:
                if form.id == form_id:
                    form.fields.append(named)

    def _begin(self, values: dict[str, str]) -> None:
        form = Form(
            line=self.getpos()[0],
            action=values.get("action"),
            method=values.get("method", "").lower() or "get",
            enctype=values.get("enctype", "").lower(),
            id=values.get("id"),
            is_unchecked="novalidate" in values,
        )
        form.is_uncertain = _is_uncertain(values)
        self.forms.append(form)
        self._current = form

    def _add(self, tag: str, values: dict[str, str]) -> None:
        form = self._current
        kind = values.get("type", "").lower()
        if tag == "button":
            kind = kind or "submit"
        if form and {"formaction", "formmethod"} & values.keys():
            self._override(form, values)
        name = values.get("name", "")
        if has_placeholder(name) or any(has_placeholder(attribute) for attribute in values):
            if form:
                self._add_written(form, name, values)
            return
        if not name or kind in {"button", "reset"}:
            if kind == "file" and form:
                form.fields.append(Field("", "file", self.getpos()[0]))
            return
        if has_placeholder(kind):
            kind = "submit"  # it may be a button, which need not be read
        found = Field(name, kind or tag, self.getpos()[0], values, tag)
        self._select = found if tag == "select" else None
        if "form" in values:
            self._elsewhere.append((values["form"], found))
        elif form:
            form.fields.append(found)

    def _add_written(self, form: Form, name: str, values: dict[str, str]) -> None:
        """Add a control with an expression among its attributes."""
        expressions = [self.placeholders.expression_of(each) for each in values]
        written = [each for each in expressions if each is not None]
        if len(written) == 1 and not name:
            form.written.append(Written(written[0].strip(), self.getpos()[0]))
        else:
            form.has_unknown = True

    def _add_option(self, values: dict[str, str]) -> None:
        if self._select is not None:
            is_known = "value" in values and not any(map(has_placeholder, values))
            self._select.options.append(values["value"] if is_known else UNKNOWN_OPTION)

    def _override(self, form: Form, values: dict[str, str]) -> None:
        form.has_unknown = True
        self.forms.append(
            Form(
                line=self.getpos()[0],
                action=values.get("formaction", form.action),
                method=values.get("formmethod", form.method).lower(),
                enctype=form.enctype,
                is_uncertain=form.is_uncertain or _is_uncertain(values),
                has_unknown=True,
                is_override=True,
            )
        )


def _is_uncertain(values: dict[str, str]) -> bool:
    if any(has_placeholder(name) or _SCRIPTED.search(name) for name in values):
        return True
    if has_placeholder(values.get("method", "")) or has_placeholder(values.get("enctype", "")):
        return True
    return any(
        kind_of(placeholder) == BLOCK
        for value in values.values()
        for placeholder in placeholders_in(value)
    )
