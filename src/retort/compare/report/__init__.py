"""The result of a comparison: for the terminal, as JSON, and as one HTML file."""

from .html_page import as_html
from .json_data import as_json
from .terminal import text

__all__ = ["as_html", "as_json", "text"]
