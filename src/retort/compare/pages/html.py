"""Parse HTML for links and forms; broken HTML is read as far as it goes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html.parser import HTMLParser

from .page import Control, Form, Page, encoding_of, method_of

_LINKS = {"a": "href", "area": "href", "iframe": "src", "frame": "src", "img": "src"}
_LINKS |= {"script": "src", "link": "href", "source": "src", "video": "src", "audio": "src"}
_REFRESH = re.compile(r"\s*[\d.]+\s*[;,]\s*(?:url\s*=\s*)?['\"]?([^'\"]+)", re.I)
_INPUTS = {"hidden", "text", "search", "tel", "url", "email", "password", "number", "range"}
_INPUTS |= {"date", "month", "week", "time", "datetime-local", "color", "checkbox", "radio"}
_INPUTS |= {"file", "submit", "image", "reset", "button"}


@dataclass
class _Fieldset:
    is_disabled: bool
    legends: int = 0
    is_in_legend: bool = False

    @property
    def disables(self) -> bool:
        """Controls in the first legend of a disabled fieldset can be used."""
        return self.is_disabled and not (self.is_in_legend and self.legends == 1)


class HtmlReader(HTMLParser):
    """Collects links and forms: `feed` the text, then `finish`."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._page = Page()
        self._form: Form | None = None
        self._select: Control | None = None
        self._option: list[str] | None = None
        self._is_group_disabled = False
        self._textarea: Control | None = None
        self._text: list[str] = []
        self._fieldsets: list[_Fieldset] = []
        self._controls: list[tuple[Control, Form | None]] = []

    def finish(self) -> Page:
        """The page; controls with ``form=`` may belong to a form that comes after them."""
        self._end_textarea()
        self._end_option()
        by_id: dict[str, Form] = {}
        for form in self._page.forms:
            by_id.setdefault(form.id, form)
        for control, within in self._controls:
            owner = by_id.get(control.attrs["form"]) if "form" in control.attrs else within
            if owner is not None:
                owner.controls.append(control)
        self._controls.clear()
        self._page.forms = [one for one in self._page.forms if one.buttons()]
        return self._page

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._textarea is not None:
            self._text.append(self.get_starttag_text() or "")
            return
        # Of two attributes of one name, the first one counts.
        values = {name: value or "" for name, value in reversed(attrs)}
        if tag in _LINKS and values.get(_LINKS[tag]):
            self._page.links.append(values[_LINKS[tag]].strip())
        handler = getattr(self, f"_start_{tag}", None)
        if handler is not None:
            handler(values)

    def handle_endtag(self, tag: str) -> None:
        if self._textarea is not None and tag != "textarea":
            self._text.append(f"</{tag}>")
            return
        handler = getattr(self, f"_end_{tag}", None)
        if handler is not None:
            handler()

    def handle_data(self, data: str) -> None:
        if self._textarea is not None:
            self._text.append(data)
        elif self._option is not None:
            self._option.append(data)

    def _start_base(self, values: dict[str, str]) -> None:
        self._page.base = self._page.base or values.get("href", "")

    def _start_meta(self, values: dict[str, str]) -> None:
        found = _REFRESH.match(values.get("content", ""))
        if values.get("http-equiv", "").lower() == "refresh" and found:
            self._page.links.append(found[1].strip())

    def _start_form(self, values: dict[str, str]) -> None:
        if self._form is not None:
            return  # a form within a form does not count
        self._form = Form(
            values.get("action", "").strip(),
            method_of(values.get("method", "")),
            encoding_of(values.get("enctype", "")),
            id=values.get("id", ""),
        )
        self._page.forms.append(self._form)

    def _end_form(self) -> None:
        self._form = None

    def _start_fieldset(self, values: dict[str, str]) -> None:
        self._fieldsets.append(_Fieldset("disabled" in values))

    def _end_fieldset(self) -> None:
        if self._fieldsets:
            self._fieldsets.pop()

    def _start_legend(self, values: dict[str, str]) -> None:
        if self._fieldsets:
            self._fieldsets[-1].legends += 1
            self._fieldsets[-1].is_in_legend = True

    def _end_legend(self) -> None:
        if self._fieldsets:
            self._fieldsets[-1].is_in_legend = False

    def _start_input(self, values: dict[str, str]) -> None:
        kind = values.get("type", "").strip().lower()
        kind = kind if kind in _INPUTS else "text"
        value = values.get("value", "on" if kind in ("checkbox", "radio") else "")
        self._add(Control(values.get("name", ""), kind, value, values, is_on="checked" in values))

    def _start_button(self, values: dict[str, str]) -> None:
        kind = values.get("type", "").strip().lower()
        kind = kind if kind in ("button", "reset") else "submit"
        self._add(Control(values.get("name", ""), kind, values.get("value", ""), values))

    def _start_textarea(self, values: dict[str, str]) -> None:
        self._textarea = Control(values.get("name", ""), "textarea", "", values)
        self._add(self._textarea)

    def _end_textarea(self) -> None:
        if self._textarea is not None:
            # A line break directly after the start tag does not count.
            text = "".join(self._text).replace("\r\n", "\n")
            self._textarea.value = text.removeprefix("\n")
        self._textarea = None
        self._text = []

    def _start_select(self, values: dict[str, str]) -> None:
        self._select = Control(values.get("name", ""), "select", "", values)
        self._add(self._select)

    def _end_select(self) -> None:
        self._end_option()
        self._end_optgroup()
        self._select = None

    def _start_optgroup(self, values: dict[str, str]) -> None:
        self._end_option()
        self._is_group_disabled = "disabled" in values

    def _end_optgroup(self) -> None:
        self._is_group_disabled = False

    def _start_option(self, values: dict[str, str]) -> None:
        self._end_option()
        if self._select is None or "disabled" in values or self._is_group_disabled:
            return
        if "selected" in values:
            self._select.selected.append(len(self._select.options))
        if "value" in values:
            self._select.options.append(values["value"])
        else:
            self._option = []

    def _end_option(self) -> None:
        if self._option is not None and self._select is not None:
            self._select.options.append(" ".join("".join(self._option).split()))
        self._option = None

    def _add(self, control: Control) -> None:
        is_disabled = "disabled" in control.attrs
        if not is_disabled and not any(one.disables for one in self._fieldsets):
            self._controls.append((control, self._form))
