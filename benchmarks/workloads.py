"""The twelve workloads: which requests are sent, and what a right answer is.

Requests differ from one to the next, so that nobody is fast by having seen one before.
The same requests are used to check a server and to load it.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .programs import material

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .exchange import Answer

VARIETY = 256
UPLOAD_BYTES = 1 << 20
BOUNDARY = "----WebKitFormBoundaryc6PpKPlLXSgk7ZeB"
FORM = "application/x-www-form-urlencoded"
STATIC_FILE = (material.HERE / "static" / "page.txt").read_bytes()

_chance = random.Random(1)
NAMES = ["".join(_chance.choices("abcdefghijklmnopqrstuvwxyz", k=8)) for _ in range(VARIETY)]
NUMBERS = [_chance.randrange(1, 1000) for _ in range(VARIETY)]
SECTIONS = [_chance.randrange(material.SECTIONS) for _ in range(VARIETY)]


class WrongAnswer(Exception):
    """The server answers, but not what the workload asks for."""


@dataclass(frozen=True)
class Request:
    target: str
    method: str = "GET"
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    expected: object = None


@dataclass(frozen=True)
class Workload:
    name: str
    says: str
    requests: Sequence[Request]
    check: Callable[[Request, Answer], None]
    has_session: bool = False


def demand(is_right: bool, answer: Answer, wanted: object) -> None:
    if not is_right:
        raise WrongAnswer(f"wanted {wanted!r}, got {answer.status} {answer.body[:200]!r}")


def is_text(request: Request, answer: Answer) -> None:
    text = answer.body.decode()
    demand(answer.status // 100 == 2 and text == request.expected, answer, request.expected)


def is_file(request: Request, answer: Answer) -> None:
    demand(answer.status == 200 and answer.body == STATIC_FILE, answer, "the file")


def is_json(request: Request, answer: Answer) -> None:
    demand(answer.status // 100 == 2, answer, "status 2xx")
    demand("json" in answer.headers.get("content-type", "json"), answer, "a JSON content type")
    demand(json.loads(answer.body) == request.expected, answer, request.expected)


def is_redirect(request: Request, answer: Answer) -> None:
    location = answer.headers.get("location", "")
    path = "/" + location.split("/", 3)[3] if "://" in location else location
    is_right = answer.status in {301, 302, 303, 307, 308} and path == request.expected
    demand(is_right, answer, f"a redirect to {request.expected}, not to {location!r}")


def is_table(request: Request, answer: Answer) -> None:
    page = answer.body.decode()
    demand(answer.status == 200 and page.count("<tr>") == len(material.ROWS), answer, "20 rows")
    demand("City &lt;19&gt;" in page and "Cities &amp; rivers" in page, answer, "escaped text")


def is_count(request: Request, answer: Answer) -> None:
    is_text(request, answer)
    demand("set-cookie" in answer.headers, answer, "the session signed again")


def order(number: int) -> dict[str, object]:
    items = [
        {"sku": f"sku-{number}-{n}-{NAMES[number]}", "price": 100 + n, "count": 1 + n % 3}
        for n in range(17)
    ]
    return {"id": number, "customer": NAMES[number], "items": items}


def json_posts() -> list[Request]:
    orders = [order(n) for n in range(VARIETY)]
    return [
        Request(
            "/json",
            "POST",
            {"Content-Type": "application/json"},
            json.dumps(each).encode(),
            expected=material.with_total(each),
        )
        for each in orders
    ]


def uploads() -> list[Request]:
    head = f'Content-Disposition: form-data; name="file"; filename="{NAMES[0]}.bin"'
    return [
        Request(
            "/upload",
            "POST",
            {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"},
            b"--%b\r\n%b\r\nContent-Type: application/octet-stream\r\n\r\n%b\r\n--%b--\r\n"
            % (BOUNDARY.encode(), head.encode(), noise, BOUNDARY.encode()),
            expected=str(UPLOAD_BYTES),
        )
        for noise in (_chance.randbytes(UPLOAD_BYTES) for _ in range(4))
    ]


def form_post(name: str) -> Request:
    body = f"nm={name}".encode()
    return Request("/login", "POST", {"Content-Type": FORM}, body, f"/success/{name}")


WORKLOADS = (
    Workload("hello", "a constant text", [Request("/hello", expected=material.HELLO)], is_text),
    Workload(
        "param",
        "`/success/<name>`",
        [Request(f"/success/{name}", expected=f"welcome {name}") for name in NAMES],
        is_text,
    ),
    Workload(
        "get_form",
        "`GET /login?nm=` → redirect",
        [Request(f"/login?nm={name}", expected=f"/success/{name}") for name in NAMES],
        is_redirect,
    ),
    Workload(
        "post_form",
        "`POST /login` → redirect",
        [form_post(name) for name in NAMES],
        is_redirect,
    ),
    Workload("json", "JSON out", [Request("/json", expected=material.document())], is_json),
    Workload("json_post", "1 KB of JSON in and out", json_posts(), is_json),
    Workload("template", "a Jinja page of 20 rows", [Request("/table")], is_table),
    Workload(
        "db",
        "one SQLite row as JSON",
        [
            Request(f"/city/{n}", expected={"id": n, "name": f"City {n}", "people": 1000 * n})
            for n in NUMBERS
        ],
        is_json,
    ),
    Workload(
        "session",
        "a counter in a signed cookie",
        [Request("/count", expected="1")],
        is_count,
        has_session=True,
    ),
    Workload(
        "routes1000",
        "one of 1,000 dynamic routes",
        [
            Request(f"/section{n}/item/{name}", expected=f"section {n} item {name}")
            for n, name in zip(SECTIONS, NAMES, strict=True)
        ],
        is_text,
    ),
    Workload("upload", "a multipart file of 1 MiB", uploads(), is_text),
    Workload("static", "a file of 10 KB", [Request("/static/page.txt")], is_file),
)
