"""Match a request: look its path and method up in the tables compiled from the URL map.

A miss does not mean that the page does not exist: Werkzeug then matches, and decides 404, 405 and
redirects. It also matches if the rule depends on a host or an upgrade. `compile.py` builds the
tables.
"""

from __future__ import annotations

import typing as t

from werkzeug.sansio.utils import host_is_trusted

from ..bounded import BoundedCache

if t.TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment
    from werkzeug.routing import Rule

    from ..context import RequestContext
    from ..lifecycle.plan import Plan, Plans
    from .compile import Leaf, Node, Tables

# A rule and the arguments for its view, as returned by Werkzeug's matcher.
Match = tuple["Rule", dict[str, t.Any]]


# Hosts for which Werkzeug can make an adapter. Bounded, since clients choose the names.
_plain_hosts: BoundedCache[str, bool] = BoundedCache(256)


def match_request(self: RequestContext) -> bool:
    """Find the rule for the request; a routing exception is stored, and raised later.

    Sets :attr:`Request.url_rule` and :attr:`Request.view_args`, or
    :attr:`Request.routing_exception`.

    :returns: whether the plan of the context is set.
    """
    try:
        plans = self.plans
    except AttributeError:  # not pushed yet
        plans = self.plans = self.app.current_plans()
    environ, request = self.environ, self.made_request
    if (
        self.made_url_adapter is not None  # set by the program
        or "HTTP_UPGRADE" in environ  # may match a WebSocket rule
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
    leaves = plans.tables.pages.get(path)
    match: Match | None
    if leaves is None:
        match = look_up_variable(plans.tables, path, method)
    # PERF: a path without variables nearly always has one rule.
    elif (leaf := leaves[0]).is_plain and method in leaf.rule.methods:  # type: ignore[operator]
        match = leaf.rule, {}
    else:
        match = look_up_page(leaves, method)
    if match is None:
        return self.match_by_werkzeug()
    self.match = match
    self.plan = plans.by_method[method][match[0].endpoint]
    if self.made_request is not None:  # a converter may have created it
        self.made_request.url_rule, self.made_request.view_args = match
    return True


def find_plan(plans: Plans, method: str, path: str) -> Plan | None:
    """The plan for a request that the tables can match, without its context.

    :param path: decoded.
    """
    plan = plans.of_pages.get((method, path))
    if plan is not None:
        return plan
    leaves = plans.tables.pages.get(path)
    if leaves is None:
        match = look_up_variable(plans.tables, path, method)
    else:
        match = look_up_page(leaves, method)
    if match is None:
        return None
    plan = plans.by_method[method][match[0].endpoint]
    if leaves is not None:
        plans.of_pages[method, path] = plan
    return plan


# It is a method, and profilers and tracing tools show it as one.
match_request.__module__ = "retort.context"
match_request.__qualname__ = "RequestContext.match_request"


def _is_plain_host(environ: WSGIEnvironment) -> bool:
    """Whether Werkzeug can make an adapter for the host."""
    host: str | None = environ.get("HTTP_HOST")
    if host is None or not host_is_trusted(host):
        return False
    try:
        host.encode("idna")
    except UnicodeError:
        return False
    _plain_hosts.keep(host, True)
    return True


class _AskWerkzeug(Exception):
    """The search reached a node that the tables cannot match; Werkzeug has to match."""


def look_up_page(leaves: tuple[Leaf, ...], method: str) -> Match | None:
    """The rule without variables for a method; ``None``: Werkzeug has to match it."""
    leaf = _leaf_for(leaves, method)
    return None if leaf is None else (leaf.rule, {})


def look_up_variable(tables: Tables, path: str, method: str) -> Match | None:
    """The rule with variables, and its arguments; ``None``: Werkzeug has to match the path.

    :param path: decoded.
    :param method: in upper case.
    """
    try:
        before, slash, last = path.rpartition("/")
        node = tables.before_last.get(before)
        # PERF: nearly always the last segment alone is variable, in one rule.
        if node is not None and node.sole is not None and slash and last not in node.static:
            accepts, rule, name, to_python = node.sole
            if accepts(last) and method in rule.methods:  # type: ignore[operator]
                return rule, {name: last if to_python is None else to_python(last)}
        return _search(tables, path, method)
    except (_AskWerkzeug, ValueError):  # see `_arguments`
        return None


def _search(tables: Tables, path: str, method: str) -> Match | None:
    segments = path.split("/")
    # A path begins with exactly one slash.
    if tables.root is None or segments.pop(0) or not (segments and segments[0]):
        return None
    values: list[str] = []
    node = _follow(tables.root, segments, values)
    leaf = None if node is None else _leaf_for(node.leaves, method)
    if leaf is not None:
        return leaf.rule, _arguments(leaf, values)
    return _walk(tables.root, segments, 0, [], method)


def _leaf_for(leaves: tuple[Leaf, ...], method: str) -> Leaf | None:
    """The first rule for ``method``, unless Werkzeug has to match an earlier one."""
    for leaf in leaves:
        if not leaf.is_plain:
            return None
        if method in leaf.rule.methods:  # type: ignore[operator]
            return leaf
    return None


def _follow(node: Node, segments: list[str], values: list[str]) -> Node | None:
    """The node at the end of the first path that a search tries, nearly always the only one.

    :param values: the strings that variables capture are appended to it.
    """
    left = iter(segments)
    for segment in left:
        following = node.static.get(segment)
        if following is None:
            for accepts, split, target in node.captures:
                if accepts(segment):
                    values += (segment,) if split is None else split(segment)
                    following = target
                    break
            else:
                return _take_rest(node, [segment, *left], values)
        node = following
    return node


def _take_rest(node: Node, segments: list[str], values: list[str]) -> Node | None:
    """The node after a variable that captures the rest, unless the path needs Werkzeug."""
    if node.rest is None or "" in segments:
        return None
    rest = "/".join(segments)
    if "\n" in rest:
        return None
    values.append(rest)
    return node.rest


def _walk(
    node: Node, segments: list[str], depth: int, values: list[str], method: str
) -> Match | None:
    """Search in Werkzeug's order; ``None`` only if nothing below could match."""
    if depth == len(segments):
        return _arrive(node, values, method)
    segment = segments[depth]
    following = node.static.get(segment)
    if following is not None:
        match = _walk(following, segments, depth + 1, values, method)
        if match is not None:
            return match
    for accepts, split, following in node.captures:
        if accepts(segment):
            captured = [segment] if split is None else split(segment)
            match = _walk(following, segments, depth + 1, values + captured, method)
            if match is not None:
                return match
    # What remains is an optional trailing slash, or a part that was not compiled.
    if node.is_opaque or (segment == "" and node.leaves):
        raise _AskWerkzeug
    return None


def _arrive(node: Node, values: list[str], method: str) -> Match | None:
    for leaf in node.leaves:
        if not leaf.is_plain:
            raise _AskWerkzeug
        if method in leaf.rule.methods:  # type: ignore[operator]
            return leaf.rule, _arguments(leaf, values)
    if node.leaves or "" in node.static:
        raise _AskWerkzeug  # another method, or a slash is missing
    return None


def _arguments(leaf: Leaf, values: list[str]) -> dict[str, t.Any]:
    arguments: dict[str, t.Any] = {}
    for (name, to_python), value in zip(leaf.arguments, values, strict=True):
        if to_python is None:
            arguments[name] = value
            continue
        try:
            arguments[name] = to_python(value)
        except ValueError:  # ValidationError is one, and int("9" * 5000) raises one
            # Werkzeug answers 404 here and tries no other rule; so do we.
            raise _AskWerkzeug from None
    return arguments
