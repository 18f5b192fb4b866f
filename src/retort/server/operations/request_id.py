"""A name for each request, so that its lines in several logs can be found together.

The id that a proxy gave is kept only if the operator said that there is a proxy; a client's
own would let it write what it likes into the logs.
"""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .request_record import RequestRecord

ENVIRON_KEY = "retort.request_id"
HEADER = "X-Request-ID"

# UUIDs, ULIDs, what nginx ($request_id), HAProxy and AWS ("Root=1-67891233-...") make. No comma:
# the server joins two fields of one name with it.
_ACCEPTABLE = re.compile(r"[A-Za-z0-9._:/+=@;-]{1,128}")


class RequestIds:
    """Gives a `RequestRecord` its id, and the application too: ``environ["retort.request_id"]``.

    :param keeps_given: whether a proxy that is trusted sets ``X-Request-ID``.
    :param answers: add the id to the answer.
    """

    def __init__(self, *, keeps_given: bool, answers: bool) -> None:
        self.keeps_given = keeps_given
        self.answers = answers

    def __call__(self, record: RequestRecord) -> None:
        given = record.environ.get("HTTP_X_REQUEST_ID", "") if self.keeps_given else ""
        own = given if _ACCEPTABLE.fullmatch(given) else secrets.token_hex(16)
        record.request_id = record.environ[ENVIRON_KEY] = own
        if self.answers:
            record.headers_to_add.append((HEADER, own))
