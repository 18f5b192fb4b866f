"""Read links and forms out of a page.

`page` has what is found, `html` parses HTML, and `read` decides how a response is read. What is
requested of it is decided by `walk`.
"""

from .page import Button, Control, Form, Page
from .read import read_html, read_page

__all__ = ["Button", "Control", "Form", "Page", "read_html", "read_page"]
