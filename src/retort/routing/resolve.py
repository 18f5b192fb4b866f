"""Match a request: find its rule, and the arguments for its view.

The tables of the URL map know the ordinary rules. What they do not know, and hosts and upgrades
that decide about a rule, is left to Werkzeug.
"""

from __future__ import annotations

import typing as t

from werkzeug.sansio.utils import host_is_trusted

from ..bounded import BoundedCache
from .match import look_up

if t.TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

    from ..context import RequestContext

# Hosts for which Werkzeug can make an adapter. Clients choose the names.
_plain_hosts: BoundedCache[str, bool] = BoundedCache(256)


def match_request(self: RequestContext) -> bool:
    """Find the rule for the request; an exception about that is kept, to be raised later.

    Sets :attr:`Request.url_rule` and :attr:`Request.view_args`, or
    :attr:`Request.routing_exception`.

    :returns: whether the plan of the context is set, too.
    """
    plans, environ, request = self.plans, self.environ, self.made_request
    if (
        self.made_url_adapter is not None  # the program has put one there
        or "HTTP_UPGRADE" in environ  # it may be for a WebSocket rule
        or (environ.get("HTTP_HOST") not in _plain_hosts and not _is_plain_host(environ))
    ):
        return self.match_by_werkzeug()
    if request is None:
        method, path = environ["REQUEST_METHOD"], environ.get("PATH_INFO", "")
        if not path.isascii():
            path = path.encode("latin-1").decode("utf-8", "replace")  # PEP 3333
    elif request.trusted_hosts is None:
        method, path = request.method, request.path
    else:
        return self.match_by_werkzeug()
    match = look_up(plans.tables, path, method)
    if match is None:
        return self.match_by_werkzeug()
    self.match = match
    self.plan = plans.by_method[method][match[0].endpoint]
    if self.made_request is not None:  # a converter may have made it
        self.made_request.url_rule, self.made_request.view_args = match
    return True


# It is a method, and profilers and tracing tools show it as one.
match_request.__module__ = "retort.context"
match_request.__qualname__ = "RequestContext.match_request"


def _is_plain_host(environ: WSGIEnvironment) -> bool:
    """Whether Werkzeug can make an adapter for the host, whatever it makes of it."""
    host: str | None = environ.get("HTTP_HOST")
    if host is None or not host_is_trusted(host):
        return False
    try:
        host.encode("idna")
    except UnicodeError:
        return False
    _plain_hosts.keep(host, True)
    return True
