"""The OpenAPI document of an application; see `document`.

Imported only by the command ``retort openapi``, and by programs with ``OPENAPI_URL`` or
``OPENAPI_DOCS_URL``.
"""

from __future__ import annotations

from .files import DocumentError as DocumentError
from .serving import add_routes as add_routes
from .serving import check_addresses as check_addresses
from .writer import VERSIONS as VERSIONS
from .writer import document as document
