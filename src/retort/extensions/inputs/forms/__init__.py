"""Read a form as browsers write it: into a plain tree that `check.convert` makes an object of.

`text.py` reads the text of one value, `fields.py` the values of one name, and
`tree.py` names with parts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from .fields import Reading, field_of
from .text import NOT_FILLED
from .tree import is_checkbox, places, read_tree

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from werkzeug.datastructures import FileStorage, MultiDict

    from ..errors import FieldError
    from ..types import Described
    from .fields import Value

__all__ = ["NOT_FILLED", "FormReading", "read_field", "read_form", "read_form_field", "values_of"]


class FormReading:
    """A form that has been read.

    :param is_form: whether a box that is not checked is not sent, as in a form; false for a query
        and the like, where a missing field has its default.
    :param keeps_empty: whether an empty text is a value, as in a header.
    :ivar tree: the plain tree for `check.convert`. A field in which nothing was filled in is
        missing; a text that cannot be read is a `Misread`.
    :ivar errors: the errors of the structure. With one, the tree must not be converted.
    """

    def __init__(
        self,
        described: Described,
        given: dict[str, list[Value]],
        *,
        is_form: bool = True,
        keeps_empty: bool = False,
    ) -> None:
        self._reading = Reading(is_form=is_form, keeps_empty=keeps_empty)
        self.tree = read_tree(described, given, self._reading)
        self.errors = self.placed(self._reading.errors)

    def placed(self, errors: Iterable[FieldError]) -> list[FieldError]:
        """Errors of the tree, with the indexes that the rows of a list have in the form.

        Blank rows are not in the tree, so that the rows after them have other indexes there.
        """
        if not self._reading.rows:
            return list(errors)
        return [error._replace(path=tuple(places(self._reading, error.path))) for error in errors]


def values_of(
    fields: MultiDict[str, str], files: MultiDict[str, FileStorage] | None
) -> dict[str, list[Value]]:
    """All texts and files of a form by name."""
    # PERF: the lists themselves, which `lists` would copy one by one. They are not changed.
    given = cast("dict[str, list[Value]]", dict(dict.items(fields)))
    for name, values in files.lists() if files else ():
        given[name] = [*given.get(name, ()), *values]
    return given


def read_form(
    described: Described,
    fields: MultiDict[str, str],
    files: MultiDict[str, FileStorage] | None,
    *,
    keeps_empty: bool = False,
) -> FormReading:
    """Read all fields as an object or a mapping.

    :param files: ``None`` for a query and the like.
    :param keeps_empty: whether an empty text is a value, as in a header.
    """
    given = values_of(fields, files)
    return FormReading(described, given, is_form=files is not None, keeps_empty=keeps_empty)


def read_field(described: Described, values: Sequence[Value], *, keeps_empty: bool = False) -> Any:
    """Read the values of one name: of a query, a header, a cookie or a URL.

    :param keeps_empty: whether an empty text is a value, as in a header.
    :returns: the value, a list of values or a `Misread`, which may be an item of the list too;
        `NOT_FILLED` if there is no value, or the text is empty and no value.
    """
    return field_of(described).read(Reading(keeps_empty=keeps_empty), values or None, ())


def read_form_field(
    described: Described,
    key: str,
    fields: MultiDict[str, str],
    files: MultiDict[str, FileStorage],
) -> Any:
    """Read one field of a form, as `read_field`.

    A box that is not checked is false, and a list without a choice is empty.
    """
    value = read_field(described, [*fields.getlist(key), *files.getlist(key)])
    if value is NOT_FILLED and is_checkbox(described):
        return False
    return [] if value is NOT_FILLED and described.is_many and not described.is_nullable else value
