"""One type in six families: the same fields, limits and defaults."""

from __future__ import annotations

import dataclasses
import datetime as dt  # noqa: TC003  # the types are evaluated
import uuid  # noqa: TC003
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal, NamedTuple, TypedDict

import attrs
import msgspec
import pydantic
from msgspec import Meta

try:
    from typing import NotRequired, Required
except ImportError:  # Python 3.10
    from typing_extensions import NotRequired, Required


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


Name = Annotated[str, Meta(min_length=2, max_length=8, pattern="^[a-z]+$")]
Age = Annotated[int, Meta(ge=18, lt=100)]
Score = Annotated[float, Meta(gt=0, le=1)]
Price = Annotated[Decimal, Meta(ge=0)]
Tags = Annotated[list[Annotated[str, Meta(min_length=2)]], Meta(max_length=3)]
Size = Literal["s", "m", 3]


class StructAddress(msgspec.Struct):
    street: Name
    number: int | None = None


class StructFamily(msgspec.Struct):
    name: Name
    age: Age
    address: StructAddress
    score: Score = 0.5
    price: Price = Decimal(1)
    born: dt.date | None = None
    at: dt.datetime | None = None
    key: uuid.UUID | None = None
    colour: Colour = Colour.RED
    size: Size = "s"
    tags: Tags = []
    counts: dict[str, int] = {}
    is_new: bool = False


@dataclasses.dataclass
class DataAddress:
    street: Name
    number: int | None = None


@dataclasses.dataclass
class DataFamily:
    name: Name
    age: Age
    address: DataAddress
    score: Score = 0.5
    price: Price = Decimal(1)
    born: dt.date | None = None
    at: dt.datetime | None = None
    key: uuid.UUID | None = None
    colour: Colour = Colour.RED
    size: Size = "s"
    tags: Tags = dataclasses.field(default_factory=list)
    counts: dict[str, int] = dataclasses.field(default_factory=dict)
    is_new: bool = False


@attrs.define
class AttrsAddress:
    street: Name
    number: int | None = None


@attrs.define
class AttrsFamily:
    name: Name
    age: Age
    address: AttrsAddress
    score: Score = 0.5
    price: Price = Decimal(1)
    born: dt.date | None = None
    at: dt.datetime | None = None
    key: uuid.UUID | None = None
    colour: Colour = Colour.RED
    size: Size = "s"
    tags: Tags = attrs.field(factory=list)
    counts: dict[str, int] = attrs.field(factory=dict)
    is_new: bool = False


class TupleAddress(NamedTuple):
    street: Name
    number: int | None = None


class TupleFamily(NamedTuple):
    name: Name
    age: Age
    address: TupleAddress
    score: Score = 0.5
    price: Price = Decimal(1)
    born: dt.date | None = None
    at: dt.datetime | None = None
    key: uuid.UUID | None = None
    colour: Colour = Colour.RED
    size: Size = "s"
    tags: Tags = []
    counts: dict[str, int] = {}
    is_new: bool = False


class DictAddress(TypedDict):
    street: Name
    number: NotRequired[int | None]


class DictFamily(TypedDict, total=False):
    name: Required[Name]
    age: Required[Age]
    address: Required[DictAddress]
    score: Score
    price: Price
    born: dt.date | None
    at: dt.datetime | None
    key: uuid.UUID | None
    colour: Colour
    size: Size
    tags: Tags
    counts: dict[str, int]
    is_new: bool


class ModelAddress(pydantic.BaseModel):
    street: str = pydantic.Field(min_length=2, max_length=8, pattern="^[a-z]+$")
    number: int | None = None


class ModelFamily(pydantic.BaseModel):
    name: str = pydantic.Field(min_length=2, max_length=8, pattern="^[a-z]+$")
    age: int = pydantic.Field(ge=18, lt=100)
    address: ModelAddress
    score: float = pydantic.Field(0.5, gt=0, le=1)
    price: Decimal = pydantic.Field(Decimal(1), ge=0)
    born: dt.date | None = None
    at: dt.datetime | None = None
    key: uuid.UUID | None = None
    colour: Colour = Colour.RED
    size: Literal["s", "m", 3] = "s"
    tags: list[Annotated[str, pydantic.Field(min_length=2)]] = pydantic.Field([], max_length=3)
    counts: dict[str, int] = {}
    is_new: bool = False


FAMILIES: tuple[Any, ...] = (
    StructFamily,
    DataFamily,
    AttrsFamily,
    TupleFamily,
    DictFamily,
    ModelFamily,
)

DEFAULTS = {
    "score": 0.5,
    "price": Decimal(1),
    "born": None,
    "at": None,
    "key": None,
    "colour": Colour.RED,
    "size": "s",
    "tags": [],
    "counts": {},
    "is_new": False,
}


def fields_of(value: Any) -> dict[str, Any]:
    """The fields of an object of any family, with defaults, as plain values."""
    if isinstance(value, dict):
        fields = {**DEFAULTS, **value}
    elif hasattr(value, "_asdict"):
        fields = value._asdict()
    else:
        fields = {name: getattr(value, name) for name in ("name", "age", "address", *DEFAULTS)}
    address = fields["address"]
    if isinstance(address, dict):
        fields["address"] = (address["street"], address.get("number"))
    else:
        fields["address"] = (address.street, address.number)
    return fields
