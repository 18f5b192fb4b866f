"""Forms that come back: `Draft` has what was typed, what is wrong with it, and the object."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar, cast, overload

from ....errors import SetupError
from ..check import convert
from ..errors import MAX_ERRORS, FieldError, InvalidInput
from ..forms import FormReading, values_of
from ..forms.body import check_form_type, files_of
from ..forms.tree import MAX_DEPTH
from ..types import describe
from .field import MISSING, FieldErrors
from .group import ByName, field_of_record, path_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ....http import Request
    from ..forms.fields import Value
    from ..types import Described, Record

T = TypeVar("T")
U = TypeVar("U")

_BODY_METHODS: Final = frozenset({"POST", "PUT", "PATCH", "DELETE", "QUERY"})


class Draft(ByName, Generic[T]):
    """A form that a page shows and the browser sends back.

    A view declares it as the type of a parameter and is always called. The form is read and checked
    when the draft is first used::

        @app.route("/signup", methods=["GET", "POST"])
        def signup(form: Draft[Signup]):
            if form.is_valid:
                save(form.value)
                return redirect(url_for("welcome"), 303)
            return render_template("signup.html", form=form), form.status

    The fields are its attributes: ``form.email`` is the :class:`DraftField` of ``Signup.email``,
    and so is ``form["email"]``, also for a name that a draft has itself.
    """

    def __init__(self, described: Described, request: Request | None, initial: Any) -> None:
        self._described = described
        self._form = _Form(described, request)
        self._initial = initial

    def __repr__(self) -> str:
        state = "submitted" if self.is_submitted else "not submitted"
        return f"<Draft of {self._record.cls.__name__}, {state}>"

    @overload
    @classmethod
    def of(cls, obj: object, type: type[U]) -> Draft[U]: ...

    @overload
    @classmethod
    def of(cls, obj: U, type: None = None) -> Draft[U]: ...

    @classmethod
    def of(cls, obj: Any, type: Any = None) -> Draft[Any]:  # noqa: A002  # the type of the form
        """A draft that shows the values of an object, to edit it.

        :param obj: any object with the attributes of the type, or a mapping, or a row of a
            database.
        :param type: the type of the form; ``None``: the class of the object.
        :raises SetupError: if the type has no fields.
        """
        described = describe(type if type is not None else obj.__class__)
        if described.record is None:
            raise SetupError(
                f"Draft.of() needs the type of the form to show {obj.__class__.__name__!r}, as"
                " in Draft.of(user, Profile): a class with fields that have types."
            )
        return Draft(described, None, obj)

    @property
    def _record(self) -> Record:
        return cast("Record", self._described.record)

    @property
    def is_submitted(self) -> bool:
        """Whether the form was sent: the method of the request has a body."""
        return self._form.request is not None

    @property
    def is_valid(self) -> bool:
        """Whether the form was sent and has no errors.

        :raises InputError: if the body is no form (415), or cannot be parsed (400).
        """
        return self.is_submitted and not self._form.errors

    @property
    def value(self) -> T:
        """The object that was made of the form.

        :raises RuntimeError: if there is none, because the form was not sent or has errors.
        """
        value = self._form.value
        if value is MISSING:
            reason = "has errors" if self.is_submitted else "was not sent"
            raise RuntimeError(
                f"The form of {self._record.cls.__name__} {reason}, so it has no value. Read"
                " form.value where form.is_valid is true."
            )
        return cast("T", value)

    @property
    def errors(self) -> list[FieldError]:
        """All errors, at most 100."""
        return list(self._form.errors)

    @property
    def form_errors(self) -> FieldErrors:
        """The errors that belong to no field, as a list that a template shows as ``<ul>``."""
        return FieldErrors(
            (error for error in self._form.errors if not _has_field(self._described, error.path)),
            "form-errors",
        )

    @property
    def status(self) -> int:
        """The status of a response that shows the form: 200, or 422 if it has errors."""
        return 422 if self._form.errors else 200

    def add_error(self, field: str | None, text: str) -> None:
        """Add an error that the program has found.

        :param field: the name of the field, such as ``"email"`` or ``"address.street"``; ``None``
            for the whole form.
        :param text: for people.
        :raises KeyError: if there is no such field.
        """
        path = () if field is None else path_of(self._described, field)
        self._form.errors.append(FieldError("form", path, "invalid", text=text))

    def __getitem__(self, name: str) -> Any:
        return field_of_record(self._record, self._form, (), self._initial, name)

    def __iter__(self) -> Iterator[Any]:
        return (self[member.name] for member in self._record.members)


class _Form:
    """The form of one request: read when it is first used, and checked when errors are."""

    def __init__(self, described: Described, request: Request | None) -> None:
        self.described = described
        self.request = request
        self._given: dict[str, list[Value]] | None = None
        self._errors: list[FieldError] | None = None
        self._value: Any = MISSING

    @property
    def given(self) -> dict[str, list[Value]] | None:
        if self.request is None:
            return None
        if self._given is None:
            check_form_type(self.request)
            self._given = values_of(self.request.form, files_of(self.request))
        return self._given

    @property
    def errors(self) -> list[FieldError]:
        if self._errors is None:
            self._errors = list(self._check())
        return self._errors

    @property
    def value(self) -> Any:
        return MISSING if self._errors is None and self.errors else self._value

    @cached_property
    def _below(self) -> dict[str, dict[str, None]]:
        """The parts that follow the beginning of a name, for each beginning."""
        found: dict[str, dict[str, None]] = {}
        for name in self.given or ():
            parts = name.split(".", MAX_DEPTH)
            for length in range(1, min(len(parts), MAX_DEPTH)):
                found.setdefault(".".join(parts[:length]), {})[parts[length]] = None
        return found

    def names_below(self, name: str) -> Sequence[str]:
        return tuple(self._below.get(name, ()))

    def _check(self) -> Sequence[FieldError]:
        if self.given is None:
            return ()
        reading = FormReading(self.described, self.given)
        try:
            value = convert(self.described, reading.tree, "form")
        except InvalidInput as invalid:
            errors = [*reading.errors, *reading.placed(invalid.errors)]
            return list(dict.fromkeys(errors))[:MAX_ERRORS]
        if not reading.errors:
            self._value = value
        return reading.errors


def make_draft(described: Described, request: Request) -> Draft[Any]:
    """The draft of a request; nothing of it is read yet."""
    sent = request if request.method in _BODY_METHODS else None
    return Draft(described, sent, MISSING)


def _has_field(described: Described, path: tuple[str | int, ...]) -> bool:
    """Whether a template shows the errors of a place beside one field."""
    for step in path:
        record = described.record
        if record is not None and step in record.by_key:
            described = record.by_key[str(step)].type
        elif record is None and described.item is not None and not described.options:
            described = described.item
        else:
            return False
    return described.record is None
