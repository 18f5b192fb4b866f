"""How Sphinx builds these pages: `make docs`."""

from __future__ import annotations

import importlib.metadata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from docutils import nodes
    from sphinx.application import Sphinx

project = "Retort"
author = "The Retort authors"
copyright = "2026, The Retort authors"
release = importlib.metadata.version("retort-web")
version = release

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.extlinks"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = f"Retort {release}"
html_static_path = ["_static"]
html_css_files = ["pages.css"]

myst_enable_extensions = ["colon_fence", "deflist", "tasklist"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_default_options = {"show-inheritance": True}
maximum_signature_line_length = 120  # one parameter per line beyond it

extlinks = {
    "flask-docs": ("https://flask.palletsprojects.com/en/stable/%s", "Flask: %s"),
    "werkzeug-docs": ("https://werkzeug.palletsprojects.com/en/stable/%s", "Werkzeug: %s"),
    "rfc9110": ("https://www.rfc-editor.org/rfc/rfc9110#section-%s", "RFC 9110 §%s"),
}


def leave_decisions_out_of_search(app: Sphinx, doctree: nodes.document) -> None:
    """Search finds guides and reference; decisions are reached by their links."""
    page = app.env.docname
    if page.startswith("decisions/"):
        app.env.metadata[page]["nosearch"] = "true"


def setup(app: Sphinx) -> None:
    app.connect("doctree-read", leave_decisions_out_of_search)
