"""An application whose document the tests look at."""

import pytest
from openapi_spec_validator import validate

import retort
from retort.extensions.openapi import document


@pytest.fixture
def app():
    return retort.Flask("shop", static_folder=None)


@pytest.fixture
def documented(app):
    """The valid document of the application."""

    def make(version="3.1.1", **options):
        found = document(app, version, **options)
        validate(found)
        return found

    return make


@pytest.fixture
def operation(documented):
    """One operation of the document."""

    def find(path, method="get", version="3.1.1"):
        return documented(version)["paths"][path][method]

    return find
