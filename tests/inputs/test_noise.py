"""5,000 requests of noise at declared inputs: each answer is a success or an error of the client.

The noise is valid requests in which bytes were changed, cut out, doubled, or taken from a list of
pieces that parsers stumble over. The seed is fixed, so that each run sends the same.
"""

import datetime as dt
import random
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
import pydantic
import pytest
from msgspec import Meta

from retort import Body, Control, Cookie, Draft, Form, Header, Path, Query, Retort, Upload

SEED = 18
REQUESTS = 1_000  # to each of five kinds of request
EXPECTED = frozenset({200, 400, 404, 413, 415, 422})

PIECES = [
    *(b"\0", b"\xff", b"\xed\xa0\x80", b"\xc3", b"\xef\xbb\xbf", b"\r\n", b"\r", b"\n\n", b"\x1f"),
    *(b'"', b"'", b"\\", b'\\"', b"\\ud800", b"\\u0000", b"%", b"%00", b"%zz", b"%ED%A0%80"),
    *(b"&", b"=", b";", b",", b"+", b".", b"..", b".0.", b".999999999.", b"[]", b"__proto__"),
    *(b"{", b"}", b"[" * 50, b"{}", b"null", b"NaN", b"-Infinity", b"1e999", b"9" * 400, b"-0"),
    *(b"0x1", b"1_0", b"\xd9\xa3", b"2026-02-30", b"24:00", b"2026-W54", b"on", b"true"),
    *(
        b"--b",
        b"--b--",
        b"--b\r\n",
        b"; name=",
        b'; filename="x"',
        b"filename*=utf-8''%ff",
        b"a" * 300,
    ),
]


class Kind(Enum):
    BOOK = "book"
    GAME = "game"


@dataclass
class Item:
    sku: Annotated[str, Meta(pattern=r"^[^\s]+$", max_length=20)]
    count: Annotated[int, Meta(ge=1, multiple_of=2)] = 2
    inner: list["Item"] = field(default_factory=list)


class Contact(pydantic.BaseModel):
    name: str = pydantic.Field(min_length=2)
    age: int | None = None


class Order(msgspec.Struct, forbid_unknown_fields=True):
    customer: Annotated[str, Meta(min_length=1)]
    items: list[Item]
    contact: Contact
    kind: Kind = Kind.BOOK
    at: dt.datetime | None = None
    price: Decimal = Decimal(0)
    key: UUID | None = None
    either: int | str | None = None
    notes: dict[str, float] = {}


class Signup(msgspec.Struct):
    email: Annotated[str, Meta(pattern="@"), Control(type="email")]
    age: Annotated[int, Meta(ge=18)]
    first: Item
    born: dt.date | None = None
    week: Annotated[dt.date | None, Control(type="week")] = None
    at: dt.time | None = None
    kind: Kind = Kind.BOOK
    newsletter: bool = False
    ratio: float = 0.5
    tags: set[str] = set()
    items: list[Item] = []
    photo: Annotated[Upload | None, Control(accept="image/*", max_bytes=50)] = None


@pytest.fixture(scope="module")
def send():
    """Send a request to the program; its status."""
    app = Retort("noise")
    app.config["MAX_CONTENT_LENGTH"] = 10_000

    @app.post("/orders")
    def order(
        order: Body[Order], x_trace: Header[Annotated[str, Meta(max_length=9)]] = ""
    ) -> Order:
        return order

    @app.post("/signup")
    async def signup(form: Form[Signup]) -> dict[str, Any]:
        return {"age": form.age}

    @app.post("/draft")
    def draft(form: Draft[Signup]) -> tuple[str, int]:
        fields = (form.email, form.age, form.first.sku, form.born, form.tags, form.photo)
        return "".join(f"<input {each.attrs}>{each.errors}" for each in fields), form.status

    @app.get("/search/<number>")
    def search(
        number: Path[int],
        q: Query[Annotated[str, Meta(min_length=2)]],
        numbers: Query[list[int]],
        x_kinds: Header[list[Kind]],
        since: Query[dt.datetime | None] = None,
        theme: Cookie[Literal["dark", "light"]] = "dark",
        visits: Cookie[float] = 0.0,
    ) -> str:
        return ""

    client = app.test_client(use_cookies=False)

    def send(method, path, **sent):
        return client.open(path, method=method, **sent).status_code

    return send


def noisy(random, data):
    """The bytes with one to four changes."""
    for _ in range(random.randint(1, 4)):
        start = random.randint(0, len(data))
        end = min(len(data), start + random.choice((0, 1, 1, 8)))
        new = random.choice((b"", random.choice(PIECES), random.randbytes(2), data[start:end] * 2))
        data = data[:start] + new + data[end:]
    return data


JSON = (
    b'{"customer": "Ada", "items": [{"sku": "a", "count": 4, "inner": [{"sku": "b"}]}],'
    b' "contact": {"name": "Bob", "age": 3}, "kind": "game", "at": "2026-12-24T10:00:00Z",'
    b' "price": "1.50", "key": "e3e70682-c209-4cac-a29f-6fbed82c07cd", "either": 1,'
    b' "notes": {"x": 1.5}}'
)
FORM = (
    b"email=ada%40example.org&age=36&first.sku=a&first.count=2&first.inner.0.sku=b&born=2026-12-24"
    b"&week=2026-W10&at=10%3A00&kind=game&newsletter=on&ratio=.5&tags=a&tags=b&items.0.sku=c"
    b"&items.2.sku=d&items.2.inner.1.sku=e&items.2.inner.1.count=4"
)
PARTS = b"".join(
    b'--b\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % pair
    for pair in [(b"email", b"a@b"), (b"age", b"36"), (b"first.sku", b"a"), (b"tags", b"x")]
)
MULTIPART = (
    PARTS + b'--b\r\nContent-Disposition: form-data; name="photo"; filename="a.png"\r\n'
    b"Content-Type: image/png\r\n\r\n\x89PNG\r\n--b--\r\n"
)
QUERY = b"q=chess&numbers=1&numbers=2&since=2026-12-24T10%3A00"
HEADERS = {"X-Kinds": b'book, "game"', "Cookie": b"theme=light; visits=2", "X-Trace": b"t"}


def of_body(random, path, content_type, body):
    if random.random() < 0.05:
        content_type = noisy(random, content_type.encode()).decode("latin-1")
    allowed = "".join(each for each in content_type if each.isprintable())
    return "POST", path, {"data": noisy(random, body), "content_type": allowed}


def of_head(random):
    """A request with noise in the path, the query, a header or a cookie."""
    path = "/search/7"
    query, headers = QUERY, dict(HEADERS)
    place = random.choice(("path", "query", *headers))
    if place == "path":
        noise = noisy(random, b"7").replace(b"?", b"").replace(b"/", b"").replace(b"#", b"")
        path = "/search/" + "".join(f"%{byte:02X}" for byte in noise)
    elif place == "query":
        query = noisy(random, query)
    else:
        # A server refuses control characters in a header itself.
        noise = noisy(random, headers[place])
        headers[place] = bytes(byte for byte in noise if byte >= 32 and byte != 127)
    sent = {name: value.decode("latin-1") for name, value in headers.items()}
    return "GET", path, {"query_string": query.decode("latin-1"), "headers": sent}


MAKERS = {
    "JSON": lambda random: of_body(random, "/orders", "application/json", JSON),
    "a form": lambda random: of_body(random, "/signup", "application/x-www-form-urlencoded", FORM),
    "multipart": lambda random: of_body(
        random, "/signup", "multipart/form-data; boundary=b", MULTIPART
    ),
    "a draft": lambda random: of_body(random, "/draft", *random.choice(DRAFTS)),
    "the head": of_head,
}
DRAFTS = (
    ("application/x-www-form-urlencoded", FORM),
    ("multipart/form-data; boundary=b", MULTIPART),
)


@pytest.mark.parametrize(
    ("method", "path", "sent"),
    [
        ("POST", "/orders", {"data": JSON, "content_type": "application/json"}),
        ("POST", "/signup", {"data": FORM, "content_type": DRAFTS[0][0]}),
        ("POST", "/signup", {"data": MULTIPART, "content_type": DRAFTS[1][0]}),
        ("POST", "/draft", {"data": FORM, "content_type": DRAFTS[0][0]}),
        ("GET", f"/search/7?{QUERY.decode()}", {"headers": {"Cookie": "theme=light; visits=2"}}),
    ],
)
def test_the_requests_are_valid_without_noise(send, method, path, sent):
    assert send(method, path, **sent) == 200


@pytest.mark.parametrize("kind", MAKERS)
def test_noise_is_never_an_error_of_the_server(send, kind):
    source = random.Random(f"{SEED} {kind}")
    found: Counter[int] = Counter()
    for _ in range(REQUESTS):
        method, path, sent = MAKERS[kind](source)
        status = send(method, path, **sent)
        assert status in EXPECTED, (method, path, sent)
        found[status] += 1

    # Not all noise is an error, and not all errors are found before the type is.
    assert found[200] > REQUESTS / 100
    assert found[422] > REQUESTS / 100
