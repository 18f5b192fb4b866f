"""No framework: these requests and nothing else, by hand. WSGI."""

import json

from limit import counted, file_size, page, signed, welcome_url
from material import HELLO, SECTIONS, STATIC, city, document, with_total

TEXT = ("Content-Type", "text/plain; charset=utf-8")
HTML = ("Content-Type", "text/html; charset=utf-8")
JSON = ("Content-Type", "application/json")


def app(environ, start_response):
    _, first, *rest = environ["PATH_INFO"].split("/")
    status, headers, body = VIEWS[first](environ, rest)
    start_response(status, [*headers, ("Content-Length", str(len(body)))])
    return [body]


def read(environ):
    return environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))


def hello(environ, rest):
    return "200 OK", [TEXT], HELLO.encode()


def success(environ, rest):
    return "200 OK", [TEXT], f"welcome {rest[0]}".encode()


def login(environ, rest):
    is_post = environ["REQUEST_METHOD"] == "POST"
    form = read(environ).decode() if is_post else environ["QUERY_STRING"]
    return "303 See Other", [("Location", welcome_url(form))], b""


def json_out_or_in(environ, rest):
    is_post = environ["REQUEST_METHOD"] == "POST"
    answer = with_total(json.loads(read(environ))) if is_post else document()
    return "200 OK", [JSON], json.dumps(answer).encode()


def table(environ, rest):
    return "200 OK", [HTML], page()


def row(environ, rest):
    return "200 OK", [JSON], json.dumps(city(int(rest[0]))).encode()


def count(environ, rest):
    seen = counted(environ.get("HTTP_COOKIE", "")) + 1
    return "200 OK", [TEXT, ("Set-Cookie", signed(seen))], str(seen).encode()


def upload(environ, rest):
    size = file_size(environ["CONTENT_TYPE"], read(environ))
    return "200 OK", [TEXT], str(size).encode()


def static(environ, rest):
    with open(f"{STATIC}/{rest[0]}", "rb") as file:
        return "200 OK", [TEXT], file.read()


def section(number):
    def show(environ, rest):
        return "200 OK", [TEXT], f"section {number} item {rest[1]}".encode()

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
