"""Methods, conditional requests, ranges and forms, as HTTP and HTML define them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..site import Visit
    from . import Finding

BOUNDARY = "b0undary"
MULTIPART = {"Content_Type": f"multipart/form-data; boundary={BOUNDARY}"}


def listed(value: str) -> set[str]:
    return {item.strip() for item in value.split(",") if item.strip()}


def head(visit: Visit) -> Finding:
    reply = visit.send("/hello", "HEAD")
    return reply.status == 200 and reply.body == b"", str(reply)


def options(visit: Visit) -> Finding:
    reply = visit.send("/hello", "OPTIONS")
    return reply.status in {200, 204} and "GET" in listed(reply.header("Allow")), (
        f"{reply.status} Allow: {reply.header('Allow')}"
    )


def allow(visit: Visit) -> Finding:
    """The address has a view for GET and another one for POST."""
    reply = visit.send("/pair", "DELETE")
    is_whole = {"GET", "POST"} <= listed(reply.header("Allow"))
    return reply.status == 405 and is_whole, f"{reply.status} Allow: {reply.header('Allow')}"


def unknown_method(visit: Visit) -> Finding:
    reply = visit.send("/pair", "BREW")
    return reply.status == 501, str(reply)


def form_by_put(visit: Visit) -> Finding:
    reply = visit.post("/form", "nm=ada", "PUT")
    return reply.text.strip('"') == "ada", str(reply)


def override(visit: Visit) -> Finding:
    reply = visit.post("/overridden", "_method=DELETE")
    return reply.text.strip('"') == "deleted", str(reply)


def part(name: str, end: str) -> bytes:
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'
    return f"{head}text\r\n--{BOUNDARY}{end}".encode()


def broken_form(visit: Visit) -> Finding:
    """The body is announced and sent whole, but the form in it ends in the middle of a part."""
    whole = visit.send("/upload", "POST", part("a", "--\r\n"), **MULTIPART)
    broken = visit.send("/upload", "POST", part("a", "--\r\n")[:-12], **MULTIPART)
    works = whole.text.strip('"') == "a"
    return works and broken.status == 400, f"whole: {whole}; broken: {broken}"


def not_modified_view(visit: Visit) -> Finding:
    reply = visit.send("/note", If_None_Match='"v2"')
    return reply.status == 304, str(reply)


def lost_update(visit: Visit) -> Finding:
    """A PUT on an old version is refused; one on the current version is not."""
    old = visit.send("/note", "PUT", b"new", If_Match='"v1"')
    current = visit.send("/note", "PUT", b"new", If_Match='"v2"')
    return old.status == 412 and current.status < 300, f"old: {old}; current: {current}"


def file_range(visit: Visit) -> Finding:
    reply = visit.send("/static/page.txt", Range="bytes=10-19")
    return reply.status == 206 and reply.body == b"line 0001\n", str(reply)


def compressed(visit: Visit) -> Finding:
    reply = visit.send("/static/page.txt", Accept_Encoding="gzip")
    coding = reply.header("Content-Encoding")
    return coding == "gzip" and reply.body[:2] == b"\x1f\x8b", coding or "not encoded"
