"""Compare small documents, and read their changes as short lines."""

import pytest

from retort.extensions.openapi import diff

JSON = "application/json"


def document(paths, version="3.1.0", **members):
    return {"openapi": version, "info": {"title": "Shop", "version": "1"}, "paths": paths} | members


def lines_of(old, new, version="3.1.0", old_version=None):
    """The changes between two documents, as ``breaking path-removed``, the worst first."""
    olds, news = (
        diff.checked(name, content)
        for name, content in (
            ("old.json", {**old, "openapi": old_version or version}),
            ("new.json", {**new, "openapi": version}),
        )
    )
    changes = [one for one in diff.compare(olds, news) if diff.is_shown(one, shows_all=False)]
    return [f"{change.verdict.value} {change.rule}" for change in changes]


@pytest.fixture(name="document")
def document_():
    return document


@pytest.fixture(name="lines_of")
def lines_of_():
    return lines_of


@pytest.fixture
def sent():
    """A document with a request body of this schema."""

    def sent(schema, **members):
        body = {"content": {JSON: {"schema": schema}}}
        operation = {"requestBody": body, "responses": {"204": {"description": "Done"}}}
        return document({"/orders": {"post": operation}}, **members)

    return sent


@pytest.fixture
def received():
    """A document with a response of this schema."""

    def received(schema, **members):
        response = {"description": "Found", "content": {JSON: {"schema": schema}}}
        return document({"/orders": {"get": {"responses": {"200": response}}}}, **members)

    return received
