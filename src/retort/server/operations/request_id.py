"""An id for each request, which connects its lines in several logs.

An id from ``X-Request-ID`` is used only if a proxy is configured. Without a proxy, a client could
write arbitrary text to the logs.
"""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .request_record import RequestRecord

ENVIRON_KEY = "retort.request_id"
HEADER = "X-Request-ID"

# UUIDs, ULIDs, and the ids of nginx ($request_id), HAProxy and AWS ("Root=1-67891233-..."). No
# comma, which joins repeated fields.
_ACCEPTABLE = re.compile(r"[A-Za-z0-9._:/+=@;-]{1,128}")


class RequestIds:
    """Sets the id of a `RequestRecord` and ``environ["retort.request_id"]``.

    :param trusts_header: whether a trusted proxy sets ``X-Request-ID``.
    :param adds_header: whether to add the id to the response.
    """

    def __init__(self, *, trusts_header: bool, adds_header: bool) -> None:
        self.trusts_header = trusts_header
        self.adds_header = adds_header

    def __call__(self, record: RequestRecord) -> None:
        given = record.environ.get("HTTP_X_REQUEST_ID", "") if self.trusts_header else ""
        own = given if _ACCEPTABLE.fullmatch(given) else secrets.token_hex(16)
        record.request_id = record.environ[ENVIRON_KEY] = own
        if self.adds_header:
            record.headers_to_add.append((HEADER, own))
