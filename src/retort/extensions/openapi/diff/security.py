"""Compares who may call an operation.

A list of requirements has alternatives; an alternative needs all of its schemes. A scheme is what
the client has to send: its name in the document makes no difference.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .changes import ABSENT, Log, Scope
from .facts import json_of, names_in_order

if TYPE_CHECKING:
    from .document import Place

_SENT = ("type", "in", "name", "scheme", "openIdConnectUrl")
_ADDRESSES = ("authorizationUrl", "tokenUrl", "refreshUrl", "deviceAuthorizationUrl")

Alternative = frozenset[tuple[str, str]]  # scheme and scope


def compare_security(
    log: Log, scope: Scope, old: tuple[Place, Place], new: tuple[Place, Place]
) -> None:
    """Compare the requirements of two operations, each given with its document."""
    before, after = (_alternatives(*one) for one in (old, new))
    place = _requirements(*new)
    pointer = new[0].pointer if place is None else place.pointer
    shown = [_shown(_requirements(*one)) for one in (old, new)]
    if not all(any(other <= one for other in after) for one in before):
        log.add("security-stricter", scope.at("security"), pointer, *shown)
    elif not all(any(other <= one for other in before) for one in after):
        log.add("security-looser", scope.at("security"), pointer, *shown)


def compare_login_addresses(log: Log, old: Place, new: Place) -> None:
    """Compare where clients get their tokens, for schemes of the same name."""
    olds, news = _schemes(old), _schemes(new)
    for name in names_in_order(olds, news):
        if name not in olds or name not in news:
            continue
        before, after = (one[name].members("flows") for one in (olds, news))
        for flow in before.keys() & after.keys():
            for key in _ADDRESSES:
                was, is_now = (one[flow].mapping().get(key, ABSENT) for one in (before, after))
                if was != is_now:
                    scope = Scope().at(f"security scheme {name!r}")
                    log.add("login-address-changed", scope, after[flow].pointer, was, is_now)


def _requirements(operation: Place, root: Place) -> Place | None:
    """The requirements of an operation: its own, else those of the document."""
    return operation.get("security") or root.get("security")


def _alternatives(operation: Place, root: Place) -> list[Alternative]:
    """The ways to be authorized; the empty one is without a scheme."""
    place = _requirements(operation, root)
    if place is None:
        return [frozenset()]
    owner = operation if "security" in operation.mapping() else root
    schemes = _schemes(root)
    found = [_alternative(one, schemes) for one in owner.elements("security")]
    return found or [frozenset()]


def _alternative(requirement: Place, schemes: dict[str, Place]) -> Alternative:
    needed = set()
    for name in requirement.mapping():
        scheme = _identity(schemes[name]) if name in schemes else name
        needed.add((scheme, ""))
        needed |= {(scheme, str(scope.value)) for scope in requirement.elements(name)}
    return frozenset(needed)


def _identity(scheme: Place) -> str:
    """The same for schemes for which clients send the same."""
    value = scheme.mapping()
    parts = {key: value[key] for key in _SENT if key in value}
    if "scheme" in parts:
        parts["scheme"] = str(parts["scheme"]).lower()
    if parts.get("in") == "header":
        parts["name"] = str(parts.get("name")).lower()
    return json_of(parts)


def _schemes(root: Place) -> dict[str, Place]:
    components = root.get("components")
    if components is None:
        return {}
    members = components.members("securitySchemes")
    return {name: place.resolved() for name, place in members.items()}


def _shown(requirements: Place | None) -> object:
    return ABSENT if requirements is None else requirements.value
