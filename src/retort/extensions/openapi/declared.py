"""The parameters, the request body and the responses of declared inputs."""

from __future__ import annotations

import mimetypes
import re
import types
from typing import TYPE_CHECKING, Any, Union, get_args, get_origin

from ...lifecycle.returned import return_annotation
from ..inputs.binding import declared_inputs
from ..inputs.types import family_of, strip
from .inferred import FORM, JSON, MULTIPART
from .schemas import filled, with_default
from .texts import phrase_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..inputs.parameters import Parameter
    from ..inputs.types import Described, Member, Record
    from .operations import Operation
    from .schemas import Schema, Schemas

_PLACES = ("query", "header", "cookie")
_FORMS = ("form", "draft")
_BODIES = ("body", "form", "draft")

#: The problem document that describes invalid inputs: RFC 9457.
PROBLEM: Schema = {
    "title": "Problem",
    "type": "object",
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "source": {
                        "type": "string",
                        "enum": ["body", "cookie", "form", "header", "path", "query"],
                    },
                    "pointer": {"type": "string", "format": "json-pointer"},
                    "field": {"type": "string"},
                    "code": {"type": "string"},
                    "detail": {"type": "string"},
                    "limit": {},
                },
                "required": ["source", "code", "detail"],
            },
        },
    },
    "required": ["type", "title", "status"],
}


class Declared:
    """What the declared inputs of an operation say.

    :param parameters: those of the URL, the query, the header and the cookies.
    :param body: the request body.
    :param responses: for invalid inputs, by status.
    """

    def __init__(
        self, found: tuple[Parameter, ...], schemas: Schemas, *, has_body: bool = True
    ) -> None:
        self._schemas = schemas
        self.parameters: list[dict[str, Any]] = []
        self.body: dict[str, Any] | None = None
        self.responses: dict[int, dict[str, Any]] = {}
        for one in found:
            self._add(one)
        if not has_body:  # a Draft is not submitted by GET
            found = tuple(one for one in found if one.source not in _BODIES)
        self._add_forms([one for one in found if one.source in _FORMS])
        self._add_json([one for one in found if one.source == "body"])
        self._add_responses(found)

    def _add(self, one: Parameter) -> None:
        if one.source == "path":
            self._parameter("path", str(one.key), one, is_required=True)
        elif one.source in _PLACES and one.key is not None:
            is_required = one.is_required and not one.described.is_many
            self._parameter(one.source, one.key, one, is_required=is_required)
        elif one.source in _PLACES and one.described.record is not None:
            for member in one.described.record.members:
                self._member(one, member)
        elif one.source in _PLACES:
            self._parameter(one.source, one.name, one, is_required=False)

    def _parameter(self, place: str, name: str, one: Parameter, *, is_required: bool) -> None:
        schema = with_default(self._schemas.of_text(one.described), one.default)
        self._write(place, name, schema, is_required=is_required)

    def _member(self, one: Parameter, member: Member) -> None:
        may_be_absent = member.type.is_nullable or member.type.is_many
        is_required = member.is_required and one.is_required and not may_be_absent
        schema = self._schemas.text_member(member)
        name = member.key.replace("_", "-").title() if one.source == "header" else member.key
        self._write(one.source, name, schema, is_required=is_required)

    def _write(self, place: str, name: str, schema: Schema, *, is_required: bool) -> None:
        parameter: dict[str, Any] = {"name": name, "in": place}
        description = schema.pop("description", None)
        if description:
            parameter["description"] = description
        if is_required:
            parameter["required"] = True
        elif place == "query":
            parameter["allowEmptyValue"] = True  # what a form sends in which nothing is filled in
        if place == "query" or schema.get("type") == "array":
            schema = filled(schema, is_required=is_required)
        self.parameters.append({**parameter, "schema": schema})

    def _add_json(self, found: list[Parameter]) -> None:
        if not found:
            return
        whole = next((one for one in found if one.key is None), None)
        schema = self._schemas.of(whole.described) if whole else self._members_of(found)
        is_required = any(one.is_required for one in found)
        self.body = _body({JSON: {"schema": schema}}, is_required=is_required)

    def _members_of(self, found: list[Parameter]) -> Schema:
        """The object of which each input is one member."""
        properties = {
            str(one.key): with_default(self._schemas.of(one.described), one.default)
            for one in found
        }
        required = [str(one.key) for one in found if one.is_required]
        schema: Schema = {"type": "object", "properties": properties}
        return {**schema, "required": required} if required else schema

    def _add_forms(self, found: list[Parameter]) -> None:
        if not found:
            return
        form = _Form(self._schemas)
        for one in found:
            if one.key is not None:
                schema = with_default(self._schemas.of_text(one.described), one.default)
                form.add((one.key,), one.described, schema, is_required=one.is_required)
            elif one.described.record is not None:
                form.add_record((), one.described.record, is_required=one.is_required)
            else:
                form.is_open = True
        schema = form.schema()
        media: dict[str, Any] = {"schema": schema}
        if form.accepted:
            media["encoding"] = form.accepted
        content = {MULTIPART if form.has_files else FORM: media}
        is_required = any(one.is_required for one in found) and "required" in schema
        self.body = _body(content, is_required=is_required)

    def _add_responses(self, found: tuple[Parameter, ...]) -> None:
        sources = {one.source for one in found}
        drafts_only = sources == {"draft"}
        if sources & {"path"}:
            self.responses[404] = self._invalid(404)
        if sources - {"path"} and not drafts_only:
            self.responses[422] = self._invalid(422)
        if sources & {"body", "form", "draft"}:
            self.responses[400] = self._invalid(400)
            self.responses[415] = self._invalid(415)
            self.responses[413] = {"description": phrase_of(413)}
        if "draft" in sources and 422 not in self.responses:
            page = {"text/html": {"schema": {"type": "string"}}}
            self.responses[422] = {"description": "The form with its errors.", "content": page}

    def _invalid(self, status: int) -> dict[str, Any]:
        reference = self._schemas.component("Problem", PROBLEM)
        content = {
            "application/problem+json": {"schema": reference},
            "text/html": {"schema": {"type": "string"}},
        }
        return {"description": phrase_of(status), "content": content}


class _Form:
    """The fields of a form, by the names that nested fields have: ``address.street``."""

    def __init__(self, schemas: Schemas) -> None:
        self.schemas = schemas
        self.properties: Schema = {}
        self.patterns: Schema = {}
        self.required: list[str] = []
        self.accepted: dict[str, dict[str, str]] = {}
        self.has_files = False
        self.is_open = False

    def add_record(
        self, path: tuple[str, ...], record: Record, *, is_required: bool, depth: int = 8
    ) -> None:
        """Add the fields of an object."""
        for member in record.members if depth else ():
            here = member.is_required and is_required
            schema = None if _is_nested(member.type) else self.schemas.text_member(member)
            self.add((*path, member.key), member.type, schema, is_required=here, depth=depth - 1)

    def add(
        self,
        path: tuple[str, ...],
        described: Described,
        schema: Schema | None,
        *,
        is_required: bool,
        depth: int = 8,
    ) -> None:
        """Add a field, or those of the object that it is."""
        self.has_files = self.has_files or described.is_upload
        item = described.item
        if described.record is not None:
            needed = is_required and not described.is_nullable
            self.add_record(path, described.record, is_required=needed, depth=depth)
        elif item is not None and item.record is not None:
            self.add_record((*path, "0"), item.record, is_required=False, depth=depth)
        elif schema is None:
            return
        elif "0" in path:
            schema = filled(schema, is_required=False)
            self.patterns["^" + r"\.".join(_pattern(one) for one in path) + "$"] = schema
        else:
            name = ".".join(path)
            # An unchecked checkbox and an empty choice of several are not sent.
            may_be_absent = described.is_many or schema.get("type") == "boolean"
            is_needed = is_required and not described.is_nullable and not may_be_absent
            self.properties[name] = filled(schema, is_required=is_needed)
            if described.is_upload and (accepted := _media_types(described)):
                self.accepted[name] = {"contentType": accepted}
            if is_needed:
                self.required.append(name)

    def schema(self) -> Schema:
        """The schema of the whole form."""
        schema: Schema = {"type": "object", "properties": self.properties}
        if self.patterns:
            schema["patternProperties"] = self.patterns
        if self.required:
            schema["required"] = self.required
        if self.is_open:
            schema["additionalProperties"] = True
        return schema


def _media_types(described: Described) -> str:
    """The media types of the files that a field takes, as an Encoding Object has them."""
    controls = (described.control, described.item.control if described.item else None)
    accepted = next((one.accept for one in controls if one is not None and one.accept), "")
    tokens = [token.strip() for token in accepted.lower().split(",")]
    guessed = (mimetypes.guess_type(f"a{one}")[0] if one[:1] == "." else one for one in tokens)
    found = [one for one in guessed if one]
    return ", ".join(dict.fromkeys(found)) if len(found) == len(tokens) else ""


def _is_nested(described: Described) -> bool:
    """Whether a field of a form is an object, or a list of objects."""
    item = described if described.item is None else described.item
    return item.record is not None


def _pattern(name: str) -> str:
    return "[0-9]+" if name == "0" else re.escape(name)


def _body(content: dict[str, Any], *, is_required: bool) -> dict[str, Any]:
    return {"content": content, **({"required": True} if is_required else {})}


def declared_of(operation: Operation, schemas: Schemas) -> Declared | None:
    """What an operation declares; ``None`` if it declares no inputs."""
    for function in _candidates(operation):
        found = declared_inputs(function)
        if found is not None:
            return Declared(found.parameters, schemas, has_body=operation.has_body)
    return None


def _candidates(operation: Operation) -> Iterator[Any]:
    """The function of the program, and those around it that may set the place of inputs."""
    yield operation.function
    yield from operation.chain


def returned_content(function: Any, schemas: Schemas) -> dict[str, Any] | None:
    """The content of the successful response, by the return annotation of a function.

    ``None``: it has none, or one that does not say what the content is, such as a response.
    """
    annotation = return_annotation(function)
    if get_origin(annotation) is tuple and get_args(annotation):
        annotation = get_args(annotation)[0]  # a value with its status
    if annotation is str:
        return {"text/html": {"schema": {"type": "string"}}}
    if annotation is None or not _is_data(annotation):
        return None
    schema = schemas.of_annotation(annotation)
    return None if schema is None else {JSON: {"schema": schema}}


def _is_data(annotation: Any) -> bool:
    """Whether all alternatives of an annotation become JSON."""
    base, _ = strip(annotation)
    origin = get_origin(base)
    if origin in (Union, types.UnionType):
        return all(_is_data(one) for one in get_args(base))
    cls = origin or base
    return cls in (dict, list) or family_of(cls) is not None
