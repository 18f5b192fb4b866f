"""A shop with declared inputs from each part of a request, of all kinds: judged by other tools."""

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from retort import Body, Control, Cookie, Draft, Form, Header, Path, Query, Retort, Upload

app = Retort(__name__)
app.config["OPENAPI_URL"] = "/openapi.json"


class Kind(Enum):
    BOOK = "book"
    GAME = "game"


class Item(msgspec.Struct):
    sku: Annotated[str, Meta(pattern="^[A-Z]{2}[0-9]{4}$")]
    count: Annotated[int, Meta(ge=1, le=100)] = 1
    price: Annotated[float, Meta(gt=0, le=10_000)] = 1.0


class Order(msgspec.Struct, forbid_unknown_fields=True):
    """What is ordered."""

    customer: Annotated[str, Meta(min_length=1, max_length=50)]
    items: Annotated[list[Item], Meta(min_length=1, max_length=20)]
    kind: Kind = Kind.BOOK
    due: dt.date | None = None
    at: dt.datetime | None = None
    size: Literal["s", "m"] = "s"
    notes: dict[str, str] = {}
    labels: set[str] = set()


class Receipt(msgspec.Struct):
    number: int
    customer: str
    total: float


@dataclass
class Folder:
    """A folder with others inside."""

    name: Annotated[str, Meta(min_length=1, max_length=20, pattern=r"^\S+$")]
    owner: UUID | None = None
    inner: "list[Folder]" = field(default_factory=list)


class Address(msgspec.Struct):
    street: Annotated[str, Meta(max_length=40)]
    town: Annotated[str, Meta(max_length=40)] = ""


class Signup(msgspec.Struct):
    email: Annotated[str, Meta(pattern=r"^[^@\s]+@[^@\s]+$", max_length=200), Control(type="email")]
    age: Annotated[int, Meta(ge=18, le=150)]
    password: Annotated[str, Meta(min_length=8, max_length=72), Control(type="password")]
    address: Address
    born: dt.date | None = None
    budget: Annotated[float, Meta(ge=0)] = 0.0
    kind: Kind = Kind.BOOK
    newsletter: bool = False
    tags: Annotated[list[str], Meta(max_length=5)] = []


class Picture(msgspec.Struct):
    title: Annotated[str, Meta(max_length=80)]
    file: Annotated[Upload, Control(accept="image/*", max_bytes=100_000)]
    taken: dt.datetime | None = None


@app.post("/orders")
def add_order(
    order: Body[Order], dry_run: Query[bool] = False, x_trace: Header[str | None] = None
) -> Receipt:
    """Order something."""
    total = sum(item.count * item.price for item in order.items)
    return Receipt(0 if dry_run else 1, order.customer, total)


@app.get("/orders/<int:number>")
def show_order(
    number: Path[Annotated[int, Meta(ge=1, le=1000)]],
    currency: Query[Literal["EUR", "USD"]] = "EUR",
    page: Query[Annotated[int, Meta(ge=1)]] = 1,
) -> Receipt:
    """Show an order."""
    return Receipt(number, currency, float(page))


@app.put("/orders/<int:number>/due")
async def set_due(number: Path[int], due: Body[dt.date]) -> Receipt:
    """Set the date of delivery."""
    return Receipt(number, due.isoformat(), 0.0)


@app.post("/folders")
async def add_folder(folder: Body[Folder]) -> Folder:
    """Store a folder, and give it back."""
    return folder


@app.post("/signup")
def signup(form: Form[Signup]) -> Receipt:
    """Sign up with a form."""
    return Receipt(form.age, form.email, form.budget)


@app.route("/profile", methods=["GET", "POST"])
def profile(form: Draft[Signup]) -> tuple[str, int]:
    """Change a profile with a form that comes back."""
    return f"<form>{form.email.errors}</form>", form.status


@app.post("/pictures")
def add_picture(form: Form[Picture]) -> Receipt:
    """Add a picture."""
    return Receipt(len(form.file.read()), form.title, 0.0)


@app.post("/quantity")
def set_quantity(
    quantity: Form[Annotated[int, Meta(ge=0)]], unit: Form[Literal["g", "kg"]] = "g"
) -> Receipt:
    """Set a quantity, with fields of their own."""
    return Receipt(quantity, unit, 0.0)


@app.get("/search")
def search(
    q: Query[Annotated[str, Meta(min_length=2)]],
    tags: Query[Annotated[list[str], Meta(max_length=4)]],
    since: Query[dt.date | None] = None,
    least: Query[Decimal | None] = None,
    theme: Cookie[Literal["dark", "light"]] = "dark",
    x_limit: Header[Annotated[int, Meta(ge=1, le=50)]] = 10,
) -> list[Receipt]:
    """Search for orders."""
    return [Receipt(0, q + theme, float(x_limit))]


@app.get("/catalogue")
def catalogue(x_kinds: Header[list[Kind]]) -> list[Kind]:
    """Give back a list from a header."""
    return x_kinds
