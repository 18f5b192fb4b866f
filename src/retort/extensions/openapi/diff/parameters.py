"""Compares the parameters of two operations."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from .facts import facts_of, shown_types
from .notes import compare_notes
from .parts import schema_at
from .schemas import compare_schemas

if TYPE_CHECKING:
    from .changes import Log, Scope
    from .document import Place
from .parts import Schema

# What these say is in the media types and in the security requirements (OpenAPI: Parameter Object).
_IGNORED_HEADERS = frozenset({"accept", "content-type", "authorization"})
_STYLES = {"query": "form", "cookie": "form", "path": "simple", "header": "simple"}


class Parameter(NamedTuple):
    """One parameter: a variable of the path, a field of the query, a header field or a cookie."""

    name: str
    location: str
    place: Place

    @property
    def is_required(self) -> bool:
        return self.location == "path" or self.place.flag("required")

    @property
    def label(self) -> str:
        """What to call it."""
        location = "path variable" if self.location == "path" else f"{self.location} parameter"
        return f"{location} {self.name!r}"

    def schema(self) -> Schema:
        """Its schema; it may be that of a media type."""
        for media in self.place.members("content").values():
            return schema_at(media.get("schema"), media.pointer)
        return schema_at(self.place.get("schema"), self.place.pointer)

    def style(self) -> tuple[str, ...]:
        """How lists and objects are written: for other values the style makes no difference."""
        media_types = tuple(self.place.members("content"))
        types = facts_of(self.schema()).types
        if media_types or types is None or not types & {"array", "object"}:
            return media_types
        style = self.place.text("style", _STYLES.get(self.location, ""))
        explode = self.place.mapping().get("explode", style == "form")
        return (style, "explode" if explode is True else "no explode")


def parameters_of(
    item: Place, operation: Place, renamed: dict[str, str]
) -> dict[tuple[str, str], Parameter]:
    """The parameters of an operation, together with those of its path.

    :param renamed: old names of path variables with their new names.
    """
    found = {}
    for place in [*item.elements("parameters"), *operation.elements("parameters")]:
        resolved = place.resolved()
        name, location = resolved.text("name"), resolved.text("in")
        if location == "header" and name.lower() in _IGNORED_HEADERS:
            continue
        key = name.lower() if location == "header" else name
        if location == "path":
            name = key = renamed.get(name, name)
        found[location, key] = Parameter(name, location, resolved)
    return found


def compare_parameters(
    log: Log,
    scope: Scope,
    old: dict[tuple[str, str], Parameter],
    new: dict[tuple[str, str], Parameter],
    operation: str,
) -> None:
    """Compare all parameters.

    :param operation: the pointer of the new operation.
    """
    for location, name in dict.fromkeys([*old, *new]):
        before, after = old.get((location, name)), new.get((location, name))
        if before is not None and after is not None:
            _compare(log, scope.at(after.label), before, after)
        elif after is not None:
            rule = "required-parameter-added" if after.is_required else "parameter-added"
            shown = shown_types(facts_of(after.schema()))
            log.add(rule, scope.at(after.label), after.place.pointer, after=shown)
        elif before is not None and location != "path":  # a variable is in the path or not
            shown = shown_types(facts_of(before.schema()))
            pointer = before.place.pointer
            log.add("parameter-removed", scope.at(before.label), pointer, shown, is_in_old=True)


def _compare(log: Log, scope: Scope, before: Parameter, after: Parameter) -> None:
    pointer = after.place.pointer
    if before.is_required != after.is_required:
        rule = "parameter-required" if after.is_required else "parameter-optional"
        log.add(rule, scope, pointer, before.is_required, after.is_required)
    styles = before.style(), after.style()
    if all(styles) and styles[0] != styles[1]:
        was, is_now = (", ".join(style) for style in styles)
        log.add("parameter-style-changed", scope, pointer, was, is_now)
    compare_notes(log, scope, pointer, before.place.mapping(), after.place.mapping())
    compare_schemas(log, scope, before.schema(), after.schema())
