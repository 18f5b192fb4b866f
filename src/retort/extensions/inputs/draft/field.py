"""The fields of a form that comes back: what a template shows of each."""

from __future__ import annotations

import itertools
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Protocol

from markupsafe import Markup, escape
from msgspec import inspect as kinds

from ..errors import FieldError
from ..forms.fields import MAX_ITEMS
from .attributes import SECRET, attributes, control_type, is_group, is_required, render
from .values import checkbox_value, choices, clean, is_checked, text_of, texts_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..forms.fields import Value
    from ..types import Described

    Path = tuple[str | int, ...]

MISSING: Final = object()
"""The value of a field for which there is none yet."""


class Source(Protocol):
    """The form that fields belong to."""

    @property
    def given(self) -> dict[str, list[Value]] | None:
        """All values that were sent, by name; ``None`` if the form was not sent."""

    @property
    def errors(self) -> Sequence[FieldError]:
        """The errors of the form."""

    def names_below(self, name: str) -> Sequence[str]:
        """The parts that follow a name in the names that were sent."""


class FieldErrors(list[FieldError]):
    """The errors of a field; a template shows them as a list, or nothing if there are none."""

    def __init__(self, errors: Sequence[FieldError] | Iterator[FieldError], list_id: str) -> None:
        super().__init__(errors)
        self.list_id = list_id

    def __html__(self) -> Markup:
        if not self:
            return Markup()
        items = "".join(f"<li>{escape(error.message)}</li>" for error in self)
        return Markup(f'<ul id="{escape(self.list_id)}" class="errors">{items}</ul>')

    def __str__(self) -> str:
        return str(self.__html__())


class Option:
    """One of the values that a field can have. Unpacks as ``value, label, selected``.

    :ivar attrs: the attributes of its ``<option>``, or of its ``<input>`` if the field has radio
        buttons or boxes.
    """

    def __init__(self, value: str, label: str, *, selected: bool, attrs: Markup) -> None:
        self.value = value
        self.label = label
        self.selected = selected
        self.attrs = attrs

    def __iter__(self) -> Iterator[Any]:
        return iter((self.value, self.label, self.selected))

    def __repr__(self) -> str:
        return f"<Option {self.value!r}>"


class DraftField:
    """One field of a form.

    :ivar name: the attribute ``name`` in HTML, such as ``address.street``.
    :ivar id: the attribute ``id``; the same as the name, except for one of several values.
    """

    def __init__(
        self, described: Described, source: Source, path: Path, initial: Any, **about: Any
    ) -> None:
        self.name = ".".join(map(str, path))
        self.id: str = about.get("element_id") or self.name
        self._described = described
        self._source = source
        self._path = path
        self._initial = initial
        self._has_default: bool = about.get("has_default", False)
        self._may_be_blank: bool = about.get("is_optional", False)
        self._is_optional: bool = self._has_default or self._may_be_blank
        self._label: str = about.get("label", "")
        self._error_path: Path = about.get("error_path", path)

    def __repr__(self) -> str:
        return f"<DraftField {self.name!r}>"

    @property
    def label(self) -> str:
        """The text of the label: that of `Control`, the title of the type, or the name."""
        control = self._described.control
        if control is not None and control.label is not None:
            return control.label
        return self._described.title or self._label

    @property
    def type(self) -> str:
        """The type of the ``<input>``, or ``textarea`` or ``select``: for templates that choose."""
        return control_type(self._described)

    @cached_property
    def _texts(self) -> list[str]:
        given = self._source.given
        if given is None:
            return [] if self._initial is MISSING else self._texts_of(self._initial)
        return [each for each in given.get(self.name, ()) if isinstance(each, str)]

    def _texts_of(self, value: Any) -> list[str]:
        return texts_of(self._described, value, control_type(self._described))

    @property
    def value(self) -> str:
        """What was typed, or the text of the value; of a checked box, what it sends.

        Empty for passwords and files.
        """
        return next(iter(self.values), "")

    @property
    def values(self) -> list[str]:
        """As `value`, all of a field with several values."""
        control = control_type(self._described)
        if control in SECRET:
            return []
        if control == "checkbox" and not is_group(self._described, control):
            checked = is_checked(self._described, self._texts)
            return [checkbox_value(self._described)] if checked else []
        return list(map(clean, self._texts))

    @property
    def errors(self) -> FieldErrors:
        """The errors of this field, as a list that a template shows as ``<ul>``."""
        path, is_many = self._error_path, self._described.is_many
        found = (
            error
            for error in self._source.errors
            if error.path == path or (is_many and error.path[:-1] == path)
        )
        return FieldErrors(found, f"{self.id}-errors")

    @property
    def attrs(self) -> Markup:
        """The attributes of the ``<input>``, ``<select>`` or ``<textarea>``, ready for HTML."""
        return render(
            attributes(
                self._described,
                self.name,
                self._texts,
                is_optional=self._is_optional,
                has_errors=bool(self.errors),
                element_id=self.id,
            )
        )

    @property
    def options(self) -> list[Option]:
        """The values of an enumeration or a ``Literal``, for ``<option>`` or radio buttons.

        A choice that may be left out, or has no value yet, begins with an empty one.
        """
        described = self._described
        control = control_type(described)
        values = choices(described)
        if isinstance(described.type, kinds.BoolType) and control in ("select", "radio"):
            values = (True, False)
        named = {
            text_of(value): _label_of(described, value) for value in values if value is not None
        }
        if not named:
            return []
        selected = {text.strip() for text in self._texts} | set(self._texts)
        if control in ("checkbox", "radio"):
            return [self._box(*each, control, is_on=each[0] in selected) for each in named.items()]
        if self._has_blank(named):
            named = {"": "", **named}
        return [self._option(*each, is_on=each[0] in selected) for each in named.items()]

    def _has_blank(self, named: dict[str, str]) -> bool:
        """Whether a choice begins with an empty option: without it the first one is preselected."""
        described = self._described
        return (
            not described.is_many
            and "" not in named
            and (described.is_nullable or not self._has_default or self._may_be_blank)
        )

    def _option(self, value: str, label: str, *, is_on: bool) -> Option:
        attrs = render({"value": value, "selected": is_on})
        return Option(value, label, selected=is_on, attrs=attrs)

    def _box(self, value: str, label: str, control: str, *, is_on: bool) -> Option:
        required = control == "radio" and is_required(
            self._described, is_optional=self._is_optional
        )
        attrs = render(
            {
                "id": f"{self.id}-{value}",
                "name": self.name,
                "type": control,
                "value": value,
                "checked": is_on,
                "required": required,
                **({"aria-describedby": f"{self.id}-errors"} if self.errors else {}),
            }
        )
        return Option(value, label, selected=is_on, attrs=attrs)

    # One field for each of several values

    @cached_property
    def _places(self) -> list[str | int]:
        """The place of each text in the list, which has no blank ones."""
        filled = itertools.count()
        return [next(filled) if text else "" for text in self._texts]

    def __iter__(self) -> Iterator[DraftField]:
        return map(self.__getitem__, range(len(self)))

    def __len__(self) -> int:
        return min(len(self._texts), MAX_ITEMS) if self._described.is_many else 0

    def __bool__(self) -> bool:
        return True

    def __getitem__(self, index: int) -> DraftField:
        item = self._described.item if self._described.is_many else None
        if item is None or not isinstance(index, int):
            raise KeyError(f"The field {self.name!r} has one value and no fields, so no {index!r}.")
        if not 0 <= index < MAX_ITEMS:
            raise IndexError(f"{self.name!r} has at most {MAX_ITEMS} values.")
        texts = self._texts
        # A blank value is not in the list, and has no error.
        place: str | int = self._places[index] if index < len(texts) else ""
        field = DraftField(
            item,
            self._source,
            self._path,
            MISSING,
            element_id=f"{self.id}-{index}",
            is_optional=True,  # one blank value of several is left out
            label=self._label,
            error_path=(*self._path, place),
        )
        field._texts = texts[index : index + 1]
        return field


def _label_of(described: Described, value: Any) -> str:
    if isinstance(value, bool):
        return "Yes" if value else "No"
    inner = described.item if described.is_many and described.item is not None else described
    if isinstance(inner.type, kinds.EnumType):
        return readable(inner.type.cls(value).name)
    return text_of(value)


def readable(name: str) -> str:
    """A name of Python as a text for people: ``first_name`` is ``First name``."""
    text = name.strip("_").replace("_", " ")
    return (text.lower() if text.isupper() else text)[:1].upper() + (
        text.lower() if text.isupper() else text
    )[1:]
