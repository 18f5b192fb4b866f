"""The page about a document: HTML without scripts and without requests to other sites."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from markupsafe import Markup, escape

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_STYLE = """
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h2 { margin-top: 2.5rem; border-bottom: 1px solid; }
code, .method { font-family: ui-monospace, monospace; }
.method { font-weight: bold; display: inline-block; min-width: 4.5rem; }
details { border: 1px solid color-mix(in srgb, currentColor 25%, transparent); border-radius: .4rem;
  margin: .5rem 0; padding: .4rem .8rem; }
summary { cursor: pointer; }
table { border-collapse: collapse; width: 100%; margin: .5rem 0; }
th, td { text-align: left; vertical-align: top; padding: .25rem .75rem .25rem 0; }
th { font-weight: 600; }
.note { opacity: .75; }
"""

_PAGE = Markup("""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>{style}</style>
<main>
<h1>{title} <small>{version}</small></h1>
{description}
{link}
{operations}
{schemas}
</main>
""")

_PARAGRAPHS = re.compile(r"\n\s*\n")
_LONGEST_TYPE = 3  # levels of a schema that are shown in one line


def page_of(document: dict[str, Any], url: str | None) -> str:
    """The page about a document.

    :param url: the address of the document, if it is served.
    """
    info = document["info"]
    link = Markup('<p><a href="{}">The document (OpenAPI {})</a></p>')
    return _PAGE.format(
        title=info["title"],
        version=info["version"],
        style=Markup(_STYLE),
        description=_paragraphs(info.get("description")),
        link=link.format(url, document["openapi"]) if url else "",
        operations=Markup("\n").join(_operations(document)),
        schemas=Markup("\n").join(_schemas(document)),
    )


def _operations(document: dict[str, Any]) -> Iterator[Markup]:
    by_tag: dict[str, list[Markup]] = {}
    for path, item in document.get("paths", {}).items():
        for method, operation in _methods(item):
            tag = (operation.get("tags") or [""])[0]
            by_tag.setdefault(tag, []).append(_operation(path, method, operation))
    for tag in sorted(by_tag):
        yield Markup("<h2>{}</h2>").format(tag or "Operations")
        yield from by_tag[tag]


def _methods(item: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for method, operation in item.items():
        if isinstance(operation, dict) and "responses" in operation:
            yield method, operation
    yield from item.get("additionalOperations", {}).items()


def _operation(path: str, method: str, operation: dict[str, Any]) -> Markup:
    parts = [_paragraphs(operation.get("description"))]
    if operation.get("security"):
        names = (" and ".join(one) or "nothing" for one in operation["security"])
        parts.append(Markup("<p>Needs {}.</p>").format(" or ".join(names)))
    rows = [_parameter(one) for one in operation.get("parameters", ())]
    parts.append(_table(("Parameter", "In", "Type", "Description"), rows))
    for media_type, media in operation.get("requestBody", {}).get("content", {}).items():
        parts.append(Markup("<p>Body: <code>{}</code></p>").format(media_type))
        parts.append(_fields(media.get("schema", {})))
    responses = [
        (Markup("<code>{}</code>").format(status), one.get("description", ""), _content(one))
        for status, one in operation["responses"].items()
    ]
    parts.append(_table(("Status", "Meaning", "Content"), responses))
    return Markup(
        '<details id="{}"><summary><span class="method">{}</span> <code>{}</code> {}</summary>\n'
        "{}</details>"
    ).format(
        operation.get("operationId", f"{method} {path}"),
        method.upper(),
        path,
        operation.get("summary", ""),
        Markup("\n").join(filter(None, parts)),
    )


def _parameter(one: dict[str, Any]) -> tuple[Any, ...]:
    if "$ref" in one:
        return _type(one), "", "", ""
    mark = "" if not one.get("required") else Markup(' <span class="note">required</span>')
    name = Markup("<code>{}</code>{}").format(one["name"], mark)
    return name, one["in"], _type(one.get("schema", {})), one.get("description", "")


def _fields(schema: dict[str, Any]) -> Markup:
    """The properties of an object as a table; another schema in one line."""
    properties = {**schema.get("properties", {}), **schema.get("patternProperties", {})}
    if not properties:
        return Markup("<p>{}</p>").format(_type(schema))
    required = schema.get("required", ())
    rows = []
    for name, inner in properties.items():
        mark = Markup(' <span class="note">required</span>') if name in required else ""
        code = Markup("<code>{}</code>{}").format(name, mark)
        rows.append((code, _type(inner), inner.get("description", "")))
    table = _table(("Field", "Type", "Description"), rows)
    more = Markup('<p class="note">Other fields may be read.</p>')
    return table + (more if schema.get("additionalProperties") is True else Markup())


def _schemas(document: dict[str, Any]) -> Iterator[Markup]:
    known = document.get("components", {}).get("schemas", {})
    if known:
        yield Markup("<h2>Types</h2>")
    for name, schema in known.items():
        yield Markup(
            '<details id="type-{}"><summary><code>{}</code></summary>{}{}</details>'
        ).format(name, name, _paragraphs(schema.get("description")), _fields(schema))


def _content(response: dict[str, Any]) -> Markup:
    if "$ref" in response:
        return escape(response["$ref"].rpartition("/")[2])
    shown = (
        Markup("<code>{}</code> {}").format(media_type, _type(media.get("schema", {})))
        for media_type, media in response.get("content", {}).items()
    )
    return Markup("<br>").join(shown)


def _type(schema: Any, depth: int = _LONGEST_TYPE) -> Markup:
    """A schema in a few words, with links to the types."""
    if not isinstance(schema, dict) or not depth:
        return Markup()
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return Markup('<a href="#type-{}">{}</a>').format(name, name)
    for key in ("anyOf", "oneOf", "allOf"):
        if key in schema:
            return Markup(" | ").join(_type(one, depth - 1) for one in schema[key])
    kind = schema.get("type", "")
    text = escape(" | ".join(kind) if isinstance(kind, list) else kind)
    if kind == "array":
        text += Markup(" of ") + _type(schema.get("items", {}), depth - 1)
    return text + escape("".join(f", {fact}" for fact in _facts(schema)))


def _facts(schema: dict[str, Any]) -> Iterator[str]:
    for key in ("format", "pattern", "minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum"):
        if key in schema:
            yield str(schema[key]) if key == "format" else f"{key} {schema[key]}"
    for key in ("minLength", "maxLength", "minItems", "maxItems", "multipleOf"):
        if key in schema:
            yield f"{key} {schema[key]}"
    if "enum" in schema:
        yield "one of " + " ".join(json.dumps(one) for one in schema["enum"])
    if "default" in schema:
        yield f"default {json.dumps(schema['default'])}"


def _table(heads: Iterable[str], rows: list[tuple[Any, ...]]) -> Markup:
    if not rows:
        return Markup()
    head = Markup().join(Markup("<th>{}</th>").format(one) for one in heads)
    body = Markup("\n").join(
        Markup("<tr>{}</tr>").format(
            Markup().join(Markup("<td>{}</td>").format(cell) for cell in row)
        )
        for row in rows
    )
    return Markup("<table><tr>{}</tr>\n{}</table>").format(head, body)


def _paragraphs(text: str | None) -> Markup:
    parts = _PARAGRAPHS.split((text or "").strip())
    return Markup("\n").join(Markup("<p>{}</p>").format(one) for one in parts if one)
