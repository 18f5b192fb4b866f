"""Compile a URL map into tables that answer ordinary requests by look-up.

The tables follow Werkzeug's own matcher state by state, so they share its order of
preference. A part they cannot judge exactly is kept as a mark that says "ask Werkzeug".
`match.py` walks them.
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

# How Werkzeug writes the converters that nearly every rule uses.
_ANY_SEGMENT = r"[^/]{1,}"
_DIGITS = r"\d+"
# A path, with slashes, up to the end.
_REST = r"[^/].*?"


class Leaf:
    """A rule that ends at a node, and how its captured strings become arguments.

    :param arguments: name and converter in the order of capture; no converter means the
        string itself.
    :param is_plain: if not, only Werkzeug knows what this rule answers.
    """

    __slots__ = ("arguments", "is_plain", "rule")

    def __init__(
        self, rule: Rule, arguments: tuple[tuple[str, ToPython | None], ...], *, is_plain: bool
    ) -> None:
        self.rule = rule
        self.arguments = arguments
        self.is_plain = is_plain


class Capture(t.NamedTuple):
    """A part of a rule with variables: which segments it takes, and what then."""

    accepts: Callable[[str], t.Any]  # a true value for a segment it takes
    # The strings in a segment that was taken; no function means the segment itself.
    split: Callable[[str], list[str]] | None
    following: Node


class Node:
    """One state on the way through a path, segment by segment."""

    __slots__ = ("captures", "is_opaque", "leaves", "rest", "sole", "static")

    def __init__(self) -> None:
        self.static: dict[str, Node] = {}
        # In Werkzeug's order.
        self.captures: list[Capture] = []
        self.leaves: tuple[Leaf, ...] = ()
        # What the first of them takes, the rule, its one variable and how that becomes an argument.
        self.sole: tuple[Callable[[str], t.Any], Rule, str, ToPython | None] | None = None
        self.rest: Node | None = None  # where a variable that takes all that is left leads
        self.is_opaque = False  # some way on from here is for Werkzeug to judge


class Tables:
    """What `match.look_up` searches.

    :param root: where the first segment of a path is looked up, if there is anything.
    """

    __slots__ = ("before_last", "pages", "root")

    def __init__(self, root: Node | None) -> None:
        self.root = root
        nodes = {} if root is None else dict(_by_path(root, ""))
        #: By path, the rules without variables.
        self.pages = {
            path: node.leaves
            for path, node in nodes.items()
            if path and node.leaves and not path.startswith("//")
        }
        #: By path, what comes before a segment that is variable.
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
            break  # what comes after it in the order is out of reach for us
        node.captures.append(_capture(part, _compile_state(following, awkward)))
    node.sole = _sole_argument(node)
    return node


def _sole_argument(node: Node) -> t.Any:
    """For :attr:`Node.sole`; ``None`` if there is more to it."""
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
    # So that each rule in the tables has what `App.add_url_rule` gives.
    rule.__dict__.setdefault("route_options", options_of(rule))
    arguments = tuple((name, _to_python(converter)) for name, converter in rule._converters.items())
    return Leaf(rule, arguments, is_plain=is_plain)


def _to_python(converter: BaseConverter) -> ToPython | None:
    """What ``converter.to_python`` does, without the call where that is known."""
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
    """Takes just the segments that Werkzeug's pattern takes."""
    if part.content == _sole(_ANY_SEGMENT):
        return Capture(len, None, following)
    if part.content == _sole(_DIGITS):
        # str.isdecimal and \d mean the same characters.
        return Capture(str.isdecimal, None, following)
    match = re.compile(part.content).match
    return Capture(match, _splitter(match), following)


def _sole(pattern: str) -> str:
    """The pattern of a segment that is one variable and nothing else."""
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
