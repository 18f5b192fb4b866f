"""What a program is protected from without code of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..site import Visit
    from . import Finding

ORIGIN = "http://127.0.0.1:{port}"
LARGE_BYTES = 20 * 1024 * 1024


def from_elsewhere(visit: Visit) -> int:
    fields = {"Origin": "https://evil.example", "Sec_Fetch_Site": "cross-site"}
    return visit.post("/order", "nm=ada", **fields).status


def cross_origin(visit: Visit) -> Finding:
    status = from_elsewhere(visit)
    return status == 403, str(status)


def without_tokens(visit: Visit) -> Finding:
    """A form of another site is refused, and one of the program itself needs no token."""
    origin = ORIGIN.format(port=visit.port)
    own = visit.post("/order", "nm=ada", Origin=origin, Sec_Fetch_Site="same-origin").status
    other = from_elsewhere(visit)
    return own < 300 and other == 403, f"own: {own}; other: {other}"


def body_limit(visit: Visit) -> Finding:
    """20 MiB of JSON to a view that reads its body."""
    try:
        body = b'"' + b"a" * LARGE_BYTES + b'"'
        reply = visit.send("/large", "POST", body, Content_Type="application/json")
    except ConnectionError as error:  # refused before the body was read
        return True, type(error).__name__
    return reply.status in {400, 413}, f"{reply.status}"


def security_headers(visit: Visit) -> Finding:
    reply = visit.send("/hello")
    names = [n for n in ("X-Content-Type-Options", "X-Frame-Options") if reply.header(n)]
    policy = "frame-ancestors" in reply.header("Content-Security-Policy")
    protects = "X-Content-Type-Options" in names and (len(names) == 2 or policy)
    return protects, ", ".join(names) or "none"


def host_check(visit: Visit) -> Finding:
    reply = visit.send("/hello", Host="evil.example")
    return reply.status in {400, 421}, str(reply.status)


def signed_session(visit: Visit) -> Finding:
    first = visit.send("/count")
    second = visit.send("/count", Cookie=first.cookies)
    cookie = first.cookies[:-4] + ("AAAA" if first.cookies[-4:] != "AAAA" else "BBBB")
    forged = visit.send("/count", Cookie=cookie)
    seen = [each.text.strip('"') for each in (first, second, forged)]
    return seen == ["1", "2", "1"], ", ".join(seen)[:80]


def escaped(visit: Visit) -> Finding:
    reply = visit.send("/page")
    return "&lt;script&gt;" in reply.text, str(reply)


def cors(visit: Visit) -> Finding:
    """A page of a site that the program names may read the response."""
    reply = visit.send("/hello", Origin="https://friend.example")
    allowed = reply.header("Access-Control-Allow-Origin")
    return allowed == "https://friend.example", allowed or "no field"


def rate_limit(visit: Visit) -> Finding:
    """Three requests in a minute are allowed, a fourth is not."""
    statuses = [visit.send("/limited").status for _ in range(4)]
    return statuses == [200, 200, 200, 429], str(statuses)
