"""What the views of a program declare as inputs, for the rules: the fields that a form may send."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from msgspec import inspect as kinds

from ...declared import inputs_in
from ...errors import SetupError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from ...extensions.inputs.binding import Inputs
    from .program import View
    from .source import Code

_FORM, _QUERY = frozenset({"form", "draft"}), frozenset({"query"})


@dataclass(frozen=True)
class Taken:
    """A field that a view takes.

    :param name: as a form sends it: ``address.street``.
    :param described: its type, a `Described` of `extensions/inputs`.
    :param is_optional: whether it has a default.
    :param control: the attributes of its control, as ``{{ form.NAME.attrs }}`` writes them.
    :param read: reads the text that a control sends.
    """

    name: str
    described: Any
    is_optional: bool
    control: dict[str, str | bool]
    read: Callable[[str], Any]

    @property
    def is_refused_without(self) -> bool:
        """Whether a form without it is refused: a box that is not checked is false."""
        return not self.is_optional and _must_be_sent(self.described)


@dataclass(frozen=True)
class TakenFields:
    """The fields that a view takes by its declared inputs.

    :param name: of the view, for messages.
    :param parts: name, description and whether it has a default, of what it declares. Without a
        name it is the whole form.
    :param tools: the class of the declaration, which makes attributes and readers.
    :param drafts: the parameters that are a `Draft`.
    """

    name: str
    parts: tuple[tuple[str | None, Any, bool], ...]
    tools: type[Inputs]
    drafts: frozenset[str] = frozenset()

    @property
    def is_open(self) -> bool:
        """Whether other fields may be taken, which cannot be determined."""
        return any(key is None and described.record is None for key, described, _ in self.parts)

    @property
    def types(self) -> str:
        """What takes the form, for messages: its type, or the view."""
        wholes = [each.record for key, each, _ in self.parts if key is None and each.record]
        return " and ".join(record.cls.__name__ for record in wholes) or self.name

    @property
    def forbids_unknown(self) -> bool:
        """Whether a field that is not taken is an error."""
        return any(
            key is None and described.record is not None and described.record.forbids_unknown
            for key, described, _ in self.parts
        )

    def find(self, name: str) -> Taken | None:
        """The field with this name, if the view takes it."""
        for key, described, is_optional in self.parts:
            found = (described, is_optional) if key == name else None
            if key is None:
                found = _find(described, name.split("."))
            if found is not None:
                return self._taken(name, *found)
        return None

    def _taken(self, name: str, described: Any, is_optional: bool) -> Taken:
        item = described.item if described.is_many and described.item is not None else described
        control = self.tools.control_attributes(described, name, [], is_optional=is_optional)
        return Taken(name, described, is_optional, control, self.tools.make_reader(item))

    def find_written(self, expression: str) -> Taken | None:
        """The field whose attributes an expression of a template writes."""
        steps = _steps_of(expression)
        for key, described, _ in self.parts:
            if key is None and steps:
                names = _keys_of(described, steps)
                return self.find(".".join(names)) if names else None
        return None

    @property
    def has_whole(self) -> bool:
        """Whether a type takes the whole form."""
        return any(key is None for key, _, _ in self.parts)

    def required(self) -> Iterator[Taken]:
        """The fields without which a request is an error."""
        for key, described, is_optional in self.parts:
            names = _required_in(described, "") if key is None else [key]
            for name in [] if is_optional and key is not None else names:
                found = self.find(name)
                if found is not None and found.is_refused_without:
                    yield found

    def names(self) -> list[str]:
        """The names of the fields at the top."""
        found: list[str] = []
        for key, described, _ in self.parts:
            if key is not None:
                found.append(key)
            elif described.record is not None:
                found += described.record.by_key
        return found


def taken_fields(view: View, method: str) -> TakenFields | None:
    """The fields of a form or a query that a view takes; ``None`` if it declares none.

    :param method: of the form: ``POST`` or ``GET``.
    """
    sources = _FORM if method == "POST" else _QUERY
    try:
        declared = inputs_in(view.code.function)
        if declared is None:
            return None
        parameters = declared.parameters
        parts = tuple(
            (each.key, each.described, each.has_default)
            for each in parameters
            if each.source in sources
        )
        drafts = frozenset(each.name for each in parameters if each.source == "draft")
        taken = TakenFields(view.name, parts, type(declared), drafts)
        list(taken.required())  # describes the types
    except SetupError:  # `rules/inputs.py` reports it
        return None
    return taken if parts else None


def drafts_of(code: Code) -> frozenset[str]:
    """The parameters of a function that are a `Draft`."""
    return frozenset(each.name for each in _parameters_of(code) if each.source == "draft")


def texts_of(code: Code) -> dict[str, str]:
    """The texts that a client chooses among the inputs of a function, and their source.

    Names are as in the function: ``q``, ``order.note``, ``form.value.email``. A text with a
    pattern, and one of several choices, is not among them.
    """
    found: dict[str, str] = {}
    for parameter in _parameters_of(code):
        source = _SHOWN_SOURCES.get(parameter.source, f"a {parameter.source}")
        name = f"{parameter.name}.value" if parameter.source == "draft" else parameter.name
        found.update(dict.fromkeys(_texts_in(parameter.described, name), source))
    return found


_SHOWN_SOURCES = {
    "draft": "a form",
    "query": "the query",
    "path": "the URL",
    "body": "the JSON body",
}


def _texts_in(described: Any, name: str, around: tuple[Any, ...] = ()) -> Iterator[str]:
    record = described.record
    if isinstance(described.type, kinds.StrType) and "pattern" not in described.limits:
        yield name
    elif record is not None and record not in around and record.family != "typeddict":
        for member in record.members:
            yield from _texts_in(member.type, f"{name}.{member.name}", (*around, record))


def _parameters_of(code: Code) -> tuple[Any, ...]:
    try:
        declared = inputs_in(code.function)
    except SetupError:  # `rules/inputs.py` reports it
        return ()
    return declared.parameters if declared is not None else ()


def _find(described: Any, steps: list[str]) -> tuple[Any, bool] | None:
    """The type at a place in an object, and whether a form may lack it.

    :param steps: names of fields, and indexes.
    """
    is_optional = False
    for step in steps:
        if described.record is not None:
            member = described.record.by_key.get(step)
            if member is None:
                return None
            described, is_optional = member.type, is_optional or not member.is_required
        elif described.item is not None:
            described, is_optional = described.item, True
        else:
            return None
    return described, is_optional


def _must_be_sent(described: Any) -> bool:
    """Whether a form without a value for a required field is refused.

    A box that is not checked is false, and a list may be empty.
    """
    if described.is_nullable or described.is_many or described.is_opaque:
        return False
    return not isinstance(described.type, (kinds.BoolType, kinds.AnyType, kinds.NoneType))


def _required_in(described: Any, before: str, around: tuple[Any, ...] = ()) -> Iterator[str]:
    """The names of the required fields of an object, and of the objects that it must have."""
    record = described.record
    if record is None or record.is_opaque or record in around:
        return
    for member in record.members:
        name = f"{before}{member.key}"
        if not member.is_required or not _must_be_sent(member.type):
            continue
        if member.type.record is not None:
            yield from _required_in(member.type, f"{name}.", (*around, record))
        elif not member.type.is_structured:
            yield name


# {{ form.email.attrs }}, {{ form["email"].attrs }}, {{ form.items[0].name.attrs }}
_ATTRS = re.compile(r"""^\w+((?:\.\w+|\[\d+\]|\[(['"])[\w.-]+\2\])+)\.attrs$""")
_STEP = re.compile(r"[\w-]+")


def _steps_of(expression: str) -> list[str]:
    found = _ATTRS.match(expression)
    return _STEP.findall(found[1]) if found else []


def _keys_of(described: Any, steps: list[str]) -> list[str] | None:
    """The names in the form of a place that is written with the names of attributes."""
    keys = []
    for step in steps:
        key = step
        if described.record is not None:
            member = next((one for one in described.record.members if one.name == step), None)
            if member is None:
                return None
            described, key = member.type, member.key
        elif described.item is not None:
            described = described.item
        else:
            return None
        keys.append(key)
    return keys
