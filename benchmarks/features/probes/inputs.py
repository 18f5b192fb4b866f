"""Typed inputs, forms, OpenAPI and Flask programs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..site import Visit
    from . import Finding


def flask_program(visit: Visit) -> Finding:
    login = visit.post("/login", "nm=ada")
    home = visit.send("/", Cookie=login.cookies)
    return login.status == 302 and home.text == "ada: logged in", f"{login.status}, {home}"


def extension(visit: Visit) -> Finding:
    login = visit.post("/login", "nm=ada")
    outside = visit.send("/")
    home = visit.send("/", Cookie=login.cookies)
    note = f"{login.status}, {outside.status}, {home}"
    return outside.status == 401 and home.text == "welcome ada", note


def typed(visit: Visit) -> Finding:
    good = visit.send("/typed?number=7")
    wrong = visit.send("/typed?number=seven")
    names = "number" in wrong.text and wrong.status in {400, 422}
    return "7" in good.text and good.status == 200 and names, f"{good.status}, {wrong}"


def form_given_back(visit: Visit) -> Finding:
    """One field is wrong: the page has what was typed, and an error."""
    reply = visit.post("/signup", "email=ada%40example.org&age=17")
    has_value = 'value="ada@example.org"' in reply.text
    return has_value and "18" in reply.text and "error" in reply.text, str(reply)


def openapi(visit: Visit) -> Finding:
    for target in ("/openapi.json", "/schema/openapi.json"):
        reply = visit.send(target)
        if reply.status == 200:
            document = json.loads(reply.body)
            version, paths = str(document.get("openapi", "")), document.get("paths", {})
            return version.startswith("3.") and "/typed" in paths, f"{version} at {target}"
    return False, "404"


def injected(visit: Visit) -> Finding:
    reply = visit.send("/injected")
    return reply.text.strip('"') == "a database", str(reply)


def filtered(visit: Visit) -> Finding:
    """The view returns an object with a field that its declared return type leaves out."""
    reply = visit.send("/filtered")
    return "ada" in reply.text and "secret" not in reply.text, str(reply)


def debug_page(visit: Visit) -> Finding:
    """The page of an exception has the failing line of the program."""
    reply = visit.send("/fail", Accept="text/html")
    has_line = "this is no number" in reply.text and "int(" in reply.text
    return reply.status == 500 and has_line, f"{reply.status}, {len(reply.body)} bytes"


def admin(visit: Visit) -> Finding:
    reply = visit.send("/admin/login/")
    return reply.status == 200 and "password" in reply.text, str(reply.status)
