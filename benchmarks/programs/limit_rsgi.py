"""No framework: these requests and nothing else, by hand. RSGI, Granian's own interface."""

import json

from limit import counted, file_size, page, signed, welcome_url
from material import HELLO, SECTIONS, STATIC, city, document, with_total

TEXT = ("content-type", "text/plain; charset=utf-8")
HTML = ("content-type", "text/html; charset=utf-8")
JSON = ("content-type", "application/json")


async def app(scope, protocol):
    _, first, *rest = scope.path.split("/")
    status, headers, body = await VIEWS[first](scope, protocol, rest)
    protocol.response_bytes(status, headers, body)


async def hello(scope, protocol, rest):
    return 200, [TEXT], HELLO.encode()


async def success(scope, protocol, rest):
    return 200, [TEXT], f"welcome {rest[0]}".encode()


async def login(scope, protocol, rest):
    form = (await protocol()).decode() if scope.method == "POST" else scope.query_string
    return 303, [("location", welcome_url(form))], b""


async def json_out_or_in(scope, protocol, rest):
    is_post = scope.method == "POST"
    answer = with_total(json.loads(await protocol())) if is_post else document()
    return 200, [JSON], json.dumps(answer).encode()


async def table(scope, protocol, rest):
    return 200, [HTML], page()


async def row(scope, protocol, rest):
    return 200, [JSON], json.dumps(city(int(rest[0]))).encode()


async def count(scope, protocol, rest):
    seen = counted(scope.headers.get("cookie") or "") + 1
    return 200, [TEXT, ("set-cookie", signed(seen))], str(seen).encode()


async def upload(scope, protocol, rest):
    size = file_size(scope.headers["content-type"], await protocol())
    return 200, [TEXT], str(size).encode()


async def static(scope, protocol, rest):
    with open(f"{STATIC}/{rest[0]}", "rb") as file:  # noqa: ASYNC230 - 10 KB, in the page cache
        return 200, [TEXT], file.read()


def section(number):
    async def show(scope, protocol, rest):
        return 200, [TEXT], f"section {number} item {rest[1]}".encode()

    return show


VIEWS = {
    "hello": hello,
    "success": success,
    "login": login,
    "json": json_out_or_in,
    "table": table,
    "city": row,
    "count": count,
    "upload": upload,
    "static": static,
    **{f"section{number}": section(number) for number in range(SECTIONS)},
}
