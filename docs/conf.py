"""How Sphinx builds these pages: `make docs`."""

import importlib.metadata

project = "Retort"
author = "The Retort authors"
copyright = "2026, The Retort authors"
release = importlib.metadata.version("retort-web")
version = release

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.extlinks"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = f"Retort {release}"

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_default_options = {"members": True, "show-inheritance": True}

extlinks = {
    "flask-docs": ("https://flask.palletsprojects.com/en/stable/%s", "Flask: %s"),
    "werkzeug-docs": ("https://werkzeug.palletsprojects.com/en/stable/%s", "Werkzeug: %s"),
    "rfc9110": ("https://www.rfc-editor.org/rfc/rfc9110#section-%s", "RFC 9110 §%s"),
}
