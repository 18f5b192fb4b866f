"""What a type checker sees in a program with declared inputs. Never run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import attrs
import flask
import msgspec
import pydantic
from msgspec import Meta
from typing_extensions import assert_type
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response

from retort import (
    Body,
    Control,
    Cookie,
    Draft,
    FieldError,
    Form,
    Header,
    InputError,
    Name,
    Path,
    Query,
    Retort,
    Upload,
    inputs,
    redirect,
    render_template,
    url_for,
)
from retort.typing import ResponseReturnValue

app = Retort(__name__)
program = flask.Flask(__name__)


class Signup(msgspec.Struct):
    email: Annotated[str, Meta(pattern=r"^[^@\s]+@[^@\s]+$", max_length=200)]
    age: Annotated[int, Meta(ge=18)]
    password: Annotated[str, Control(type="password")]
    photo: Annotated[Upload | None, Control(accept="image/*", max_bytes=1_000)] = None
    newsletter: bool = False


class Receipt(msgspec.Struct):
    total: int


# A parameter has the type inside its marker.


@app.post("/orders/<int:id>")
def order(
    id: Path[int],
    signup: Body[Signup],
    page: Query[int] = 1,
    tags: Query[list[str]] = [],  # noqa: B006
    size: Query[Annotated[int, Name("page-size")]] = 20,
    x_trace: Header[str | None] = None,
    theme: Cookie[str] = "light",
) -> Receipt:
    assert_type(id, int)
    assert_type(signup, Signup)
    assert_type(page, int)
    assert_type(tags, list[str])
    assert_type(size, int)
    assert_type(x_trace, str | None)
    assert_type(theme, str)
    return Receipt(total=signup.age)


@app.post("/photos")
async def photo(photo: Form[Upload], title: Form[str]) -> str:
    assert_type(photo, FileStorage)
    assert_type(title, str)
    return photo.filename or title


# A form that comes back has the object.


@app.route("/signup", methods=["GET", "POST"])
def signup(form: Draft[Signup]) -> ResponseReturnValue:
    if form.is_valid:
        assert_type(form.value, Signup)
        assert_type(form.value.age, int)
        _ = form.value.agee  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
        return redirect(url_for("welcome"))
    assert_type(form.status, int)
    assert_type(form.errors, list[FieldError])
    return render_template("signup.html", form=form), form.status


def edited(known: Signup) -> None:
    form: Draft[Signup] = Draft.of(known)
    assert_type(form.value, Signup)


# @inputs gives back the function it was given.


@program.post("/counts")
@inputs
def count(count: Body[int]) -> str:
    return str(count)


assert_type(count(3), str)
count("three")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


@app.errorhandler(InputError)
def refuse(error: InputError) -> tuple[list[str], int]:
    assert_type(error.errors, list[FieldError])
    return [each.message for each in error.errors], error.code or 422


# A view returns an object whose class its annotation names.


@dataclass
class Point:
    x: int


@attrs.define
class Line:
    length: int


class Circle(pydantic.BaseModel):
    radius: int


@app.get("/point")
def point() -> Point:
    return Point(1)


@app.get("/line")
async def line() -> Line:
    return Line(1)


@app.get("/circle")
def circle(size: Query[int] = 1) -> Circle | Response:
    return redirect("/") if size < 0 else Circle(radius=size)


@app.post("/receipts")
def receipt() -> tuple[Receipt, int]:
    return Receipt(total=1), 201


@app.get("/number")  # type: ignore[type-var]  # pyright: ignore[reportArgumentType, reportUntypedFunctionDecorator]
def number() -> int:
    return 1


# A draft of an object has the type of the form.


assert_type(Draft.of(Receipt(1)), Draft[Receipt])
assert_type(Draft.of({"total": 1}, Receipt), Draft[Receipt])
