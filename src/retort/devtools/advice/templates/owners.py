"""The object whose attribute a template uses, such as ``user`` in ``{{ user.name }}``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jinja2 import TemplateSyntaxError, nodes
from jinja2.utils import object_type_repr

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from jinja2 import Environment

_UNKNOWN = object()
_Use = nodes.Getattr | nodes.Getitem


@dataclass(frozen=True)
class Owner:
    """An object in a template, with its source: ``user`` or ``post.author``."""

    source: str
    value: Any


def owner_of(
    environment: Environment,
    text: str,
    line: int,
    names: Mapping[str, Any],
    kind: str,
    attribute: str,
) -> Owner | None:
    """The object without an attribute; ``None`` if there is not exactly one in the line.

    :param names: the variables of the template.
    :param kind: the type of the object, as in Jinja's message.
    """
    try:
        tree = environment.parse(text)
    except TemplateSyntaxError:
        return None
    found = {}
    uses: list[_Use] = [*tree.find_all(nodes.Getattr), *tree.find_all(nodes.Getitem)]
    for node in uses:
        if node.lineno != line or _attribute_of(node) != attribute:
            continue
        source, value = _shown(node.node), _value(environment, node.node, names)
        if source and value is not _UNKNOWN and object_type_repr(value) == kind:
            found[source] = value
    owners = [Owner(source, value) for source, value in found.items()]
    return owners[0] if len(owners) == 1 else None


def attribute_names(value: Any) -> list[str]:
    """The keys of a dict, or the public attributes of another object."""
    if isinstance(value, dict):
        return sorted(key for key in value if isinstance(key, str))
    return sorted(_public(value))


def _public(value: Any) -> Iterator[str]:
    for name in dir(value):
        if not name.startswith("_"):
            yield name


def _attribute_of(node: _Use) -> Any:
    if isinstance(node, nodes.Getattr):
        return node.attr
    return node.arg.value if isinstance(node.arg, nodes.Const) else _UNKNOWN


def _shown(node: nodes.Node) -> str:
    if isinstance(node, nodes.Name):
        return node.name
    if isinstance(node, nodes.Getattr):
        owner = _shown(node.node)
        return f"{owner}.{node.attr}" if owner else ""
    return ""


def _value(environment: Environment, node: nodes.Node, names: Mapping[str, Any]) -> Any:
    """The value of a name or of an attribute, evaluated as Jinja does."""
    if isinstance(node, nodes.Name):
        return names.get(node.name, _UNKNOWN)
    if isinstance(node, nodes.Getattr):
        owner = _value(environment, node.node, names)
        return _UNKNOWN if owner is _UNKNOWN else environment.getattr(owner, node.attr)
    return _UNKNOWN
