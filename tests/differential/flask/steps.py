"""The words that a program's `STEPS` are written in: what to ask of its app, in order.

A step is a request, made by `get`, `post` and so on, or a function that is given the app and
the test client and returns what it saw. `note` puts a word of the program's own between the
signals and log records, so that their order shows.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

events: list[list[Any]] = []  # of the step that is being recorded


def note(*what):
    """Record that the program came by here."""
    events.append(["note", *what])


@dataclass
class Ask:
    """One request: the keywords are those of the test client, and a few of ours.

    :param fresh: send it from a client that has no cookies yet.
    :param cookie: send this Cookie header as it is, from a client that keeps no cookies.
    """

    method: str
    path: str
    fresh: bool = False
    cookie: str | None = None
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def label(self):
        return f"{self.method} {self.path}"

    def send(self, app, client):
        """The answer, to be read and closed."""
        headers = self.options.pop("headers", {})
        if self.cookie is not None:
            client = app.test_client(use_cookies=False)
            headers = {**headers, "Cookie": self.cookie}
        elif self.fresh:
            client = app.test_client()
        return client.open(self.path, method=self.method, headers=headers, **self.options)


def ask(method, path, *, fresh=False, cookie=None, **options):
    return Ask(method, path, fresh, cookie, options)


def get(path, **options):
    return ask("GET", path, **options)


def head(path, **options):
    return ask("HEAD", path, **options)


def post(path, **options):
    return ask("POST", path, **options)


def put(path, **options):
    return ask("PUT", path, **options)


def patch(path, **options):
    return ask("PATCH", path, **options)


def delete(path, **options):
    return ask("DELETE", path, **options)


def options(path, **keywords):
    return ask("OPTIONS", path, **keywords)
