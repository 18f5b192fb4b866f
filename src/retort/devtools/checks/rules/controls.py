"""Compare a control that is written in HTML with the type of its field.

Reported is what a browser does otherwise than the server: it lets a value through that is refused,
or keeps one back that is taken. A limit that only one of them has is no contradiction.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from ..markup import UNKNOWN_OPTION
from ..placeholders import has_placeholder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..inputs import Taken
    from ..markup import Field

    Problem = tuple[str, str]  # what is wrong with the field, and what to write

_TEXT = "text"
_WITH_TEXT = frozenset({_TEXT, "search", "url", "tel", "email", "password"})
_WITH_RANGE = frozenset({"number", "range", "date", "month", "week", "time", "datetime-local"})
_KNOWN = (
    _WITH_TEXT
    | _WITH_RANGE
    | {"textarea", "select", "checkbox", "radio", "file", "hidden", "color"}
)
_RANGE, _LENGTHS = ("min", "max", "step"), ("minlength", "maxlength")
# A value that a browser sends for each type of control: HTML, "The input element".
_SENT = {
    "number": "5",
    "date": "2024-05-17",
    "time": "12:30",
    "datetime-local": "2024-05-17T12:30",
    "month": "2024-05",
    "week": "2024-W20",
    "color": "#102030",
}
_NEVER_EMPTY = frozenset({"hidden", "range", "color", "radio", "checkbox"})


def check_control(field: Field, taken: Taken, type_name: str) -> Iterator[Problem]:
    """What contradicts the type in a control.

    :param type_name: the type of the form, or its view, for messages.
    """
    kind = _kind_of(field)
    wrong = _wrong_kind(field, kind, taken, type_name)
    if wrong is not None:
        yield wrong
        return
    yield from _values(field, kind, taken, type_name)
    yield from _required(field, kind, taken, type_name)
    yield from _without_effect(field, kind, taken)
    yield from _limits(field, kind, taken, type_name)
    yield from _steps(field, kind, taken, type_name)
    yield from _texts(field, kind, taken, type_name)


def _kind_of(field: Field) -> str:
    if field.tag == "input":
        return field.kind if field.kind in _KNOWN else _TEXT
    return field.tag


def _written(field: Field, name: str) -> str | None:
    """The value of an attribute, if it is known."""
    value = field.attributes.get(name)
    return None if value is None or has_placeholder(value) else value


# The type of the control


def _wrong_kind(field: Field, kind: str, taken: Taken, type_name: str) -> Problem | None:
    expected = taken.control.get("type", _TEXT)
    if expected == "file" and kind != "file":
        return f"is a file in {type_name}, and this control sends text", 'Write type="file".'
    if kind == "file" and expected != "file":
        return f"is no file in {type_name}, and a file input sends one", _write_type(taken)
    if expected == "password" and kind not in ("password", "hidden"):
        return f"shows what is typed, and is a password in {type_name}", 'Write type="password".'
    sent = _SENT.get(kind)
    if sent is not None and not taken.described.options and _is_misread(taken, sent):
        problem = f'has type="{kind}", and {type_name} takes no value of that type, such as {sent}'
        return problem, _write_type(taken)
    return None


def _write_type(taken: Taken) -> str:
    expected = taken.control.get("type")
    if expected is not None:
        return f'Write type="{expected}", or declare the field with another type.'
    return "Write another control, or declare the field with another type."


def _is_misread(taken: Taken, text: str) -> bool:
    return type(taken.read(text)).__name__ == "Misread"


# Values that are written in HTML


def _values(field: Field, kind: str, taken: Taken, type_name: str) -> Iterator[Problem]:
    values: list[str | None] = [_written(field, "value")]
    if kind == "select":
        values = [each for each in field.options if each != UNKNOWN_OPTION]
    elif kind == "checkbox":
        values = ["on"] if "value" not in field.attributes else values
    elif kind not in ("radio", "hidden"):
        return
    for value in values:
        if value and not has_placeholder(value) and _is_misread(taken, value):
            yield (
                f"sends {value!r}, which {type_name} does not take",
                _write_value(kind, taken),
            )
            return


def _write_value(kind: str, taken: Taken) -> str:
    value = taken.control.get("value")
    if kind == "checkbox" and taken.control.get("type") == "checkbox" and value:
        return f'Write value="{value}", or none.'
    return "Write a value that the field can have."


# Whether it may be empty


def lacks_required(field: Field, taken: Taken) -> bool:
    """Whether a browser sends the control when it is empty, which the type does not take."""
    kind = _kind_of(field)
    if not taken.control.get("required") or "required" in field.attributes:
        return False
    return kind not in _NEVER_EMPTY and (kind != "select" or "" in field.options)


def _required(field: Field, kind: str, taken: Taken, type_name: str) -> Iterator[Problem]:
    if taken.control.get("required") or "required" not in field.attributes:
        return
    if kind not in _NEVER_EMPTY and not taken.described.is_opaque:
        yield (
            f"is required in the browser, and {type_name} takes a form without it",
            "Remove required, or declare the field without a default.",
        )


# Limits


def _without_effect(field: Field, kind: str, taken: Taken) -> Iterator[Problem]:
    """Attributes that browsers ignore for the type of the control."""
    ignored = [name for name in _RANGE if name in field.attributes and kind not in _WITH_RANGE]
    if kind not in _WITH_TEXT:
        of_text = ("pattern",) if kind == "textarea" else (*_LENGTHS, "pattern")
        ignored += [name for name in of_text if name in field.attributes]
    if ignored and kind not in ("hidden", "checkbox", "radio"):
        what = "element" if field.tag != "input" else "type"
        yield (
            f"has {' and '.join(ignored)}, which browsers ignore for the {what} {kind}",
            f"Remove {'it' if len(ignored) == 1 else 'them'}."
            if taken.control.get("type", _TEXT) == kind or field.tag != "input"
            else _write_type(taken),
        )


def _limits(field: Field, kind: str, taken: Taken, type_name: str) -> Iterator[Problem]:
    names = _LENGTHS if kind in _WITH_TEXT or kind == "textarea" else ("min", "max")
    if names[0] == "min" and kind not in _WITH_RANGE:
        return
    for name in names:
        written, expected = _written(field, name), taken.control.get(name)
        if written is None or expected is None or _is_equal(written, str(expected)):
            continue
        yield (
            f'has {name}="{written}", and {type_name} says {expected}',
            f'Write {name}="{expected}", or change the type.',
        )


def _is_equal(first: str, second: str) -> bool:
    numbers = _number(first), _number(second)
    return first == second or (None not in numbers and numbers[0] == numbers[1])


def _number(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def _steps(field: Field, kind: str, taken: Taken, type_name: str) -> Iterator[Problem]:
    expected = taken.control.get("step")
    if kind not in ("number", "range") or expected is None:
        return
    written = _written(field, "step") if "step" in field.attributes else "1"
    if written is None or _is_equal(written.lower(), str(expected)):
        return
    fix = f'Write step="{expected}".'
    if expected == "any":
        if "step" not in field.attributes:
            yield f"takes whole numbers only in the browser, and any number in {type_name}", fix
        return
    step, least = _number(written), _number(str(expected))
    if step is None or least is None or step % least != 0:
        yield f'has step="{written}", and {type_name} takes multiples of {expected}', fix


def _texts(field: Field, kind: str, taken: Taken, type_name: str) -> Iterator[Problem]:
    pattern, expected = _written(field, "pattern"), taken.control.get("pattern")
    if kind in _WITH_TEXT and pattern and expected and _bare(pattern) != _bare(str(expected)):
        yield (
            f'has pattern="{pattern}", and {type_name} says {expected}',
            f'Write pattern="{expected}", or change the type.',
        )
    accept, accepted = _written(field, "accept"), taken.control.get("accept")
    if kind == "file" and accept and accepted and _parts(accept) != _parts(str(accepted)):
        yield (
            f'has accept="{accept}", and {type_name} takes {accepted}',
            f'Write accept="{accepted}".',
        )
    if kind in ("select", "file") and "multiple" in field.attributes and not _takes_many(taken):
        yield (
            f"sends several values, and {type_name} takes one",
            "Remove the attribute multiple, or declare a list.",
        )


def _takes_many(taken: Taken) -> bool:
    described: Any = taken.described
    return bool(described.is_many or described.is_opaque or described.options)


def _bare(pattern: str) -> str:
    """A pattern without the anchors that HTML implies."""
    text = pattern.removeprefix("^").removesuffix("$")
    inner = text.removeprefix("(?:").removesuffix(")")
    return inner if text.startswith("(?:") and text.endswith(")") else text


def _parts(accept: str) -> set[str]:
    return {each.strip().lower() for each in accept.split(",")}
