"""An application whose views are read."""

import pytest

import retort
from retort.devtools.openapi import infer_from
from retort.extensions.openapi import document


@pytest.fixture
def app():
    return retort.Flask("shop", static_folder=None)


@pytest.fixture
def operation(app):
    """One operation of the document, with what its source says."""

    def find(path="/", method="get"):
        return document(app, infer=infer_from(app))["paths"][path][method]

    return find
