"""Compile a URL map into tables that match ordinary requests by look-up.

The tables are compiled from the states of Werkzeug's matcher, so they have its order of
preference. A part that they cannot match exactly is marked, and left to Werkzeug. `match.py`
searches the tables.
"""

from __future__ import annotations

import re
import typing as t
from collections.abc import Callable, Iterator

from werkzeug.routing import PathConverter, UnicodeConverter

from .converters import IntegerConverter
from .route_options import options_of

if t.TYPE_CHECKING:
    from werkzeug.routing import BaseConverter, Map, Rule
    from werkzeug.routing.matcher import State
    from werkzeug.routing.rules import RulePart

ToPython = Callable[[str], t.Any]

# Werkzeug's patterns of the converters that nearly every rule uses.
_ANY_SEGMENT = r"[^/]{1,}"
_DIGITS = r"\d+"
# A path, with slashes, up to the end.
_REST = r"[^/].*?"


class Leaf:
    """A rule that ends at a node, and how its captured strings are converted to arguments.

    :param arguments: name and converter in the order of capture; no converter means the
        string itself.
    :param is_plain: if false, only Werkzeug can match this rule.
    """

    __slots__ = ("arguments", "is_plain", "rule")

    def __init__(
        self, rule: Rule, arguments: tuple[tuple[str, ToPython | None], ...], *, is_plain: bool
    ) -> None:
        self.rule = rule
        self.arguments = arguments
        self.is_plain = is_plain


class Capture(t.NamedTuple):
    """A part of a rule with variables: the segments it accepts, and the following node."""

    accepts: Callable[[str], t.Any]  # a true value for an accepted segment
    # The strings captured in an accepted segment; no function means the segment itself.
    split: Callable[[str], list[str]] | None
    following: Node


class Node:
    """One state of the matcher, which consumes a path segment by segment."""

    __slots__ = ("captures", "is_opaque", "leaves", "rest", "sole", "static")

    def __init__(self) -> None:
        self.static: dict[str, Node] = {}
        # In Werkzeug's order.
        self.captures: list[Capture] = []
        self.leaves: tuple[Leaf, ...] = ()
        # For the first capture: its check, the rule, the name of its only variable, the converter.
        self.sole: tuple[Callable[[str], t.Any], Rule, str, ToPython | None] | None = None
        self.rest: Node | None = None  # after a variable that captures the rest of the path
        self.is_opaque = False  # Werkzeug has to match some of its rules


class Tables:
    """The compiled rules that `match.py` searches.

    :param root: the node for the first segment of a path; ``None`` if there are no rules.
    """

    __slots__ = ("before_last", "pages", "root")

    def __init__(self, root: Node | None) -> None:
        self.root = root
        nodes = {} if root is None else dict(_by_path(root, ""))
        #: The rules without variables, by path.
        self.pages = {
            path: node.leaves
            for path, node in nodes.items()
            if path and node.leaves and not path.startswith("//")
        }
        #: The nodes before a variable segment, by path.
        self.before_last = {
            path: node
            for path, node in nodes.items()
            if node.captures and not f"{path}/".startswith("//")
        }


def compile_tables(url_map: Map) -> Tables:
    """Tables for the rules of ``url_map`` that belong to its default subdomain."""
    url_map.update()
    domain = url_map.default_subdomain or ""
    state = url_map._matcher._root.static.get(domain)
    # Every path begins with "/", so its first part is empty.
    state = state.static.get("") if state is not None else None
    if url_map.host_matching or state is None:
        return Tables(None)
    return Tables(_compile_state(state, _endpoints_with_defaults(url_map)))


def _endpoints_with_defaults(url_map: Map) -> set[t.Any]:
    """Endpoints whose other rules may be redirected to the one with defaults."""
    return {rule.endpoint for rule in url_map.iter_rules() if rule.defaults}


def _compile_state(state: State, awkward: set[t.Any]) -> Node:
    node = Node()
    node.leaves = tuple(_compile_leaf(rule, awkward) for rule in state.rules)
    for content, following in state.static.items():
        node.static[content] = _compile_state(following, awkward)
    for part, following in state.dynamic:
        if part.final:
            node.is_opaque = True
            if part.content == _sole(_REST) and not part.suffixed:
                node.rest = _compile_state(following, awkward)
            break  # later parts are left to Werkzeug
        node.captures.append(_capture(part, _compile_state(following, awkward)))
    node.sole = _sole_argument(node)
    return node


def _sole_argument(node: Node) -> t.Any:
    """The value of :attr:`Node.sole`; ``None`` if the capture is not that simple."""
    if not node.captures or node.captures[0].split is not None:
        return None
    accepts, _, following = node.captures[0]
    if not following.leaves or not following.leaves[0].is_plain:
        return None
    leaf = following.leaves[0]
    if len(leaf.arguments) != 1:
        return None
    return accepts, leaf.rule, *leaf.arguments[0]


def _compile_leaf(rule: Rule, awkward: set[t.Any]) -> Leaf:
    is_plain = (
        rule.methods is not None
        and rule.redirect_to is None
        and not rule.websocket
        and not rule.alias
        and rule.endpoint not in awkward
    )
    # Each rule in the tables has the attribute that `App.add_url_rule` sets.
    rule.__dict__.setdefault("route_options", options_of(rule))
    arguments = tuple((name, _to_python(converter)) for name, converter in rule._converters.items())
    return Leaf(rule, arguments, is_plain=is_plain)


def _to_python(converter: BaseConverter) -> ToPython | None:
    """``converter.to_python``, or a faster equivalent for standard converters."""
    if type(converter) in (UnicodeConverter, PathConverter):
        return None
    if (
        type(converter) is IntegerConverter
        and not converter.fixed_digits
        and converter.min is None
        and converter.max is None
    ):
        return int
    return converter.to_python


def _capture(part: RulePart, following: Node) -> Capture:
    """A capture that accepts exactly the segments that Werkzeug's pattern matches."""
    if part.content == _sole(_ANY_SEGMENT):
        return Capture(len, None, following)
    if part.content == _sole(_DIGITS):
        # str.isdecimal and \d accept the same characters.
        return Capture(str.isdecimal, None, following)
    match = re.compile(part.content).match
    return Capture(match, _splitter(match), following)


def _sole(pattern: str) -> str:
    """The pattern of a segment that consists of one variable."""
    return rf"(?P<__werkzeug_0>{pattern})\Z"


def _splitter(
    match: Callable[[str], re.Match[str] | None],
) -> Callable[[str], list[str]]:
    def split(segment: str) -> list[str]:
        named = t.cast("re.Match[str]", match(segment)).groupdict()
        # The variables are numbered; a converter's pattern may name groups of its own.
        return [named[name] for name in _variables(named)]

    return split


def _variables(named: dict[str, t.Any]) -> list[str]:
    prefix = "__werkzeug_"
    ours = [name for name in named if name.startswith(prefix)]
    return sorted(ours, key=lambda name: int(name[len(prefix) :]))


def _by_path(node: Node, path: str) -> Iterator[tuple[str, Node]]:
    yield path, node
    for content, following in node.static.items():
        yield from _by_path(following, f"{path}/{content}")
