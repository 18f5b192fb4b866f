"""The result of a comparison: for the terminal, as JSON, and as one HTML file."""

from .as_html import as_html
from .as_json import as_json
from .terminal import text

__all__ = ["as_html", "as_json", "text"]
