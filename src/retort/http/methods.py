"""What HTTP says of a request method: RFC 9110 section 9, RFC 5789 (PATCH), RFC 10008 (QUERY).

Which methods a URL takes is said by its rules.
"""

from __future__ import annotations

#: They only read (RFC 9110 section 9.2.1).
SAFE = frozenset({"GET", "HEAD", "OPTIONS", "QUERY", "TRACE"})

#: Doing it twice is doing it once (RFC 9110 section 9.2.2).
IDEMPOTENT = SAFE | {"PUT", "DELETE"}

#: Their content means nothing in general (RFC 9110 sections 9.3.1, 9.3.2, 9.3.5 to 9.3.8).
WITHOUT_CONTENT = frozenset({"GET", "HEAD", "DELETE", "CONNECT", "OPTIONS", "TRACE"})

#: Answered with 405 where no rule takes them, not with 501 (RFC 9110 section 15.6.2).
STANDARD = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "QUERY"})

#: The header field that tells which content a method takes, where it has one of its own.
ACCEPT_FIELDS = {"PATCH": "Accept-Patch", "QUERY": "Accept-Query", "POST": "Accept-Post"}
