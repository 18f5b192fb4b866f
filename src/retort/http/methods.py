"""Properties of request methods: RFC 9110 section 9, RFC 5789 (PATCH), RFC 10008 (QUERY).

The rules of a URL define which methods it accepts.
"""

from __future__ import annotations

#: Safe methods (RFC 9110 section 9.2.1).
SAFE = frozenset({"GET", "HEAD", "OPTIONS", "QUERY", "TRACE"})

#: Idempotent methods (RFC 9110 section 9.2.2).
IDEMPOTENT = SAFE | {"PUT", "DELETE"}

#: Methods whose content has no defined meaning (RFC 9110 sections 9.3.1, 9.3.2, 9.3.5 to 9.3.8).
WITHOUT_CONTENT = frozenset({"GET", "HEAD", "DELETE", "CONNECT", "OPTIONS", "TRACE"})

#: Known methods: 405, not 501, if no rule accepts them (RFC 9110 section 15.6.2).
STANDARD = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "QUERY"})

#: Methods with their own header field for the accepted content.
ACCEPT_FIELDS = {"PATCH": "Accept-Patch", "QUERY": "Accept-Query", "POST": "Accept-Post"}
