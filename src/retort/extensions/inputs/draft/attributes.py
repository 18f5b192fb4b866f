"""The HTML attributes of the control for a field: those with which the browser checks it too.

An attribute refuses nothing that the server accepts. Where HTML has no attribute for a limit, the
server alone checks it. Two limits differ on purpose: HTML counts a character outside the Basic
Multilingual Plane as two for ``maxlength``, and a number as a double.
"""

from __future__ import annotations

import datetime as dt
import math
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Final

from markupsafe import Markup, escape
from msgspec import inspect as kinds

from ..forms.tree import is_checkbox
from .patterns import html_pattern
from .values import checkbox_value, choices, clean, is_checked, is_shown, text_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..types import Described

    Attributes = dict[str, str | bool]

_WITH_TEXT: Final = frozenset({"text", "search", "url", "tel", "email", "password"})
_WITH_LENGTH: Final = _WITH_TEXT | {"textarea"}
_WITH_RANGE: Final = frozenset({"number", "range", "date", "time", "datetime-local"})
_WITH_STEP: Final = frozenset({"number", "range", "time", "datetime-local"})
_NEVER_REQUIRED: Final = frozenset({"hidden", "range", "color", "submit", "image", "button"})
SECRET: Final = frozenset({"password", "file"})
"""Types of controls whose value is not sent to the browser."""

_BY_KIND: Final[dict[type[kinds.Type], str]] = {
    kinds.IntType: "number",
    kinds.FloatType: "number",
    kinds.DecimalType: "number",
    kinds.DateType: "date",
    kinds.EnumType: "select",
    kinds.LiteralType: "select",
    kinds.BytesType: "file",
    kinds.ByteArrayType: "file",
    kinds.MemoryViewType: "file",
}


def control_type(described: Described) -> str:
    """The type of the ``<input>`` for a field, or ``textarea`` or ``select``."""
    if described.control is not None and described.control.type is not None:
        return described.control.type
    if described.is_upload:
        return "file"
    if described.is_many and described.item is not None:
        return control_type(described.item)
    kind = described.type
    if isinstance(kind, kinds.BoolType):
        return "checkbox" if is_checkbox(described) else "select"
    if isinstance(kind, kinds.TimeType):
        return "text" if kind.tz else "time"
    if isinstance(kind, kinds.DateTimeType):
        return "text" if kind.tz else "datetime-local"  # which has no offset
    if described.options:
        inner = {control_type(option) for option in described.options}
        return "number" if inner == {"number"} else "text"
    return _BY_KIND.get(type(kind), "text")


def is_group(described: Described, control: str) -> bool:
    """Whether a field has a control for each of its values: radio buttons, or several boxes."""
    return control == "radio" or (
        control == "checkbox" and not isinstance(described.type, kinds.BoolType)
    )


def is_required(described: Described, *, is_optional: bool) -> bool:
    """Whether a form without a value for the field is an error."""
    if described.is_many:
        return bool(described.limits.get("min_length", 0)) and not is_optional
    return not (
        is_optional or described.is_nullable or is_checkbox(described) or "" in choices(described)
    )


def attributes(
    described: Described,
    name: str,
    texts: Sequence[str],
    *,
    is_optional: bool = False,
    has_errors: bool = False,
    element_id: str | None = None,
) -> Attributes:
    """The attributes of the control of a field.

    :param texts: what was typed, or is shown at first.
    :param is_optional: the field has a default, or belongs to an object that may be left blank.
    :param element_id: ``None``: the name.
    """
    control = control_type(described)
    text = clean(texts[0]) if texts else ""
    found: Attributes = {"id": element_id or name, "name": name}
    if is_group(described, control):
        del found["id"]  # each control of a group has another
    if not is_shown(control, text):
        control = "text"  # which shows what was typed
        found["type"] = control
    else:
        if control not in ("textarea", "select"):
            found["type"] = control
        _add_limits(found, described, control, text)
    _add_value(found, described, control, text, texts)
    # HTML has no way to require one box of several.
    if not (control in _NEVER_REQUIRED or (control == "checkbox" and is_group(described, control))):
        found["required"] = is_required(described, is_optional=is_optional)
    if has_errors:
        found |= {"aria-invalid": "true", "aria-describedby": f"{element_id or name}-errors"}
    return found


def _add_value(
    found: Attributes, described: Described, control: str, text: str, texts: Sequence[str]
) -> None:
    if control in SECRET or control in ("textarea", "select") or is_group(described, control):
        return
    if control == "checkbox":
        found["value"] = checkbox_value(described)
        found["checked"] = is_checked(described, list(texts))
    else:
        found["value"] = text


def _add_limits(found: Attributes, described: Described, control: str, text: str) -> None:
    inner = described.item if described.is_many and described.item is not None else described
    limits = inner.limits
    if control in _WITH_LENGTH and isinstance(inner.type, kinds.StrType):
        _add_lengths(found, limits, control)
    if control in _WITH_RANGE:
        _add_range(found, inner, control, text)
    found["multiple"] = described.is_many and control in ("file", "select", "email")
    if control == "file":
        own = described.control or inner.control
        if own is not None and own.accept is not None:
            found["accept"] = own.accept


def _add_lengths(found: Attributes, limits: Mapping[str, Any], control: str) -> None:
    if limits.get("min_length"):
        found["minlength"] = str(limits["min_length"])
    if "max_length" in limits:
        found["maxlength"] = str(limits["max_length"])
    if control in _WITH_TEXT and "pattern" in limits:
        pattern = html_pattern(limits["pattern"])
        if pattern is not None:
            found["pattern"] = pattern


# Ranges and steps


def _add_range(found: Attributes, described: Described, control: str, text: str) -> None:
    least, most = _range_of(described)
    step = described.control.step if described.control is not None else None
    if control in ("number", "range"):
        least, step = _number_step(described, least, step, text)
    elif control in _WITH_STEP and step is None:
        step = _time_step(text)
    if least is not None:
        found["min"] = text_of(least, control)
    if most is not None:
        found["max"] = text_of(most, control)
    if step is not None and control in _WITH_STEP:
        found["step"] = step


def _range_of(described: Described) -> tuple[Any, Any]:
    """The least and the greatest value that HTML can express.

    A limit that a float may not reach is given as one that it may: the server checks the rest.
    """
    limits, kind = described.limits, described.type
    if getattr(kind, "tz", None):
        return None, None
    # The next value, if there is one.
    next_to: Any = {kinds.IntType: 1, kinds.DateType: dt.timedelta(days=1)}.get(type(kind))
    least = [limits["ge"]] if "ge" in limits else []
    most = [limits["le"]] if "le" in limits else []
    try:
        if "gt" in limits:
            least.append(limits["gt"] if next_to is None else limits["gt"] + next_to)
        if "lt" in limits:
            most.append(limits["lt"] if next_to is None else limits["lt"] - next_to)
    except OverflowError:  # no date is later
        return None, None
    return max(least, default=None), min(most, default=None)


def _number_step(
    described: Described, least: Any, step: str | None, text: str
) -> tuple[Any, str | None]:
    """The attributes ``min`` and ``step`` of a number.

    Steps count from ``min``, and without it from the attribute ``value``: a value that is not
    valid must not make the valid ones invalid.
    """
    if step is not None:
        return least, step
    exact = _exact_step(described)
    if exact is None:
        return least, "any"
    if least is not None:
        return math.ceil(least / exact) * exact if exact != 1 else least, text_of(exact)
    return None, text_of(exact) if _is_multiple(text, exact) else "any"


def _exact_step(described: Described) -> Any:
    """The step of a number, if a browser computes it as the server does."""
    step = described.limits.get("multiple_of")
    if isinstance(described.type, kinds.IntType):
        return 1 if step is None else step
    # 0.1 has no exact value as a float, and multiples of it are seldom ones for a computer.
    is_exact = isinstance(described.type, kinds.FloatType) and step is not None
    return step if is_exact and float(str(step)).as_integer_ratio()[1] <= 1024 else None


def _is_multiple(text: str, step: Any) -> bool:
    if not text:
        return True
    try:
        return Decimal(text) % Decimal(step) == 0
    except InvalidOperation:
        return False


def _time_step(text: str) -> str | None:
    """The step for a time with seconds; without it, a browser counts minutes from that time."""
    if "." in text:
        return "any"
    return "1" if text.count(":") == 2 else None


def render(found: Attributes) -> Markup:
    """Attributes as HTML: a true one has no value, and a false one is left out."""
    parts = (
        name if value is True else f'{name}="{escape(value)}"'
        for name, value in found.items()
        if value is not False
    )
    return Markup(" ".join(parts))
