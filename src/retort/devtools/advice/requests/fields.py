"""Advice on 400: a field that a view reads is missing, or in another part of the request."""

from __future__ import annotations

import difflib
import os
from typing import TYPE_CHECKING

from werkzeug.exceptions import BadRequest, BadRequestKeyError

from ....errors import FileFieldError
from ....http.hints import FORM_TYPES, MULTIPART, URLENCODED
from ...checks.markup import attributes_in
from ...checks.reads import SOURCES, direct_reads
from ..diagnostic import DiagnosticContext, joined
from ..edit import FileEdit, diff_of, quote_like, set_attribute, tag_at, tags_from
from ..record import Advice
from .json_bodies import is_json_in_form
from .readings import (
    Reading,
    getter_diff,
    kind_of,
    names_in,
    place_of_reading,
    reading_of,
    received_facts,
    replace_part,
)
from .verbs import sent_with_verb

if TYPE_CHECKING:
    import re
    from collections.abc import Container, Iterator

    from ....http import Request
    from ...checks.markup import Field
    from ...checks.rules.forms import Sent

_PARTS_OF_FIELDS = (
    "GET sends a form's fields in the query string, POST in the body. request.values has the fields"
    " of both."
)
_PARTS_OF_FILES = "request.files has the files of a form, request.form the other fields."
_UNTICKED = frozenset({"checkbox", "radio"})


def missing_field(diagnostic: DiagnosticContext) -> Advice | None:
    """Explain which field is missing, which were received, and why."""
    error, request = diagnostic.error, diagnostic.request
    if request is None or not isinstance(error, (BadRequestKeyError, FileFieldError)):
        return None
    reading = reading_of(diagnostic, error)
    if reading is None:
        return None
    for explain in (_file_as_text, _elsewhere, _no_form, _misnamed):
        advice = explain(diagnostic, reading, request)
        if advice is not None:
            return advice
    return _absent(diagnostic, reading, request)


# A file that was sent as text


def _file_as_text(
    diagnostic: DiagnosticContext, reading: Reading, request: Request
) -> Advice | None:
    if reading.attribute != "files" or reading.key not in request.form:
        return None
    return Advice(
        what=(
            f"No file {reading.key!r} arrived, only its name: the form was sent as"
            f" {request.mimetype}."
        ),
        why="Only multipart/form-data carries the contents of files.",
        place=place_of_reading(diagnostic, reading),
        fix='Write <form method="post" enctype="multipart/form-data">.',
        diff=_multipart_diff(diagnostic, reading.key),
        facts=received_facts(request),
    )


def _multipart_diff(diagnostic: DiagnosticContext, field: str) -> str:
    """The edit that lets a form with a field send files."""
    for sent in _forms_here(diagnostic):
        if not any(one.name == field for one in sent.form.fields):
            continue
        edit = FileEdit(sent.page.file)
        if _set_multipart(edit, sent):
            return diff_of(diagnostic.folder, edit)
    return ""


def _set_multipart(edit: FileEdit, sent: Sent) -> bool:
    tag = tag_at(edit, sent.line, "form")
    if tag is not None:
        set_attribute(edit, tag, "enctype", MULTIPART)
    return tag is not None


def _forms_here(diagnostic: DiagnosticContext) -> Iterator[Sent]:
    """The forms that may have sent this request."""
    if diagnostic.view is not None:
        yield from diagnostic.forms_to(diagnostic.view)


# A field in another part of the request


def _elsewhere(diagnostic: DiagnosticContext, reading: Reading, request: Request) -> Advice | None:
    parts: dict[str, Container[str]]
    parts = {"form": request.form, "args": request.args, "files": request.files}
    parts.pop(reading.attribute, None)
    if reading.attribute in ("values", "cookies", "headers"):
        return None
    found = next((name for name, fields in parts.items() if reading.key in fields), None)
    if found is None:
        return None
    if found == "args" and request.url_rule is not None:
        by_verb = sent_with_verb(diagnostic, diagnostic.program.rules_like([request.url_rule]))
        if by_verb is not None:
            return by_verb
    new = found
    takes_both = diagnostic.view is not None and {"GET", "POST"} <= diagnostic.view.methods
    if takes_both and found != "files" and reading.attribute != "files":
        new = "values"
    came = {"form": "in a form", "args": "in the query string", "files": "as a file"}[found]
    fix = f"Read request.{new}[{reading.key!r}]."
    if found == "args":
        fix = f'{fix[:-1]}, or write <form method="post"> to send it as {reading.shown}.'
    return Advice(
        what=(
            f"The field {reading.key!r} was sent {came} (request.{found}), but you read"
            f" request.{reading.attribute}."
        ),
        why=_PARTS_OF_FILES if "files" in (found, reading.attribute) else _PARTS_OF_FIELDS,
        place=place_of_reading(diagnostic, reading),
        fix=fix,
        diff=replace_part(diagnostic, reading, new),
        facts=received_facts(request),
    )


# A body that is not a form


def _no_form(diagnostic: DiagnosticContext, reading: Reading, request: Request) -> Advice | None:
    if reading.attribute not in ("form", "values", "files") or not request.content_length:
        return None
    if request.is_json:
        return Advice(
            what=(
                f"No field {reading.key!r}: the body is {request.mimetype}, which"
                f" request.{reading.attribute} does not contain."
            ),
            place=place_of_reading(diagnostic, reading),
            fix=f"Read request.get_json()[{reading.key!r}].",
            diff=replace_part(diagnostic, reading, "get_json()"),
            facts=received_facts(request),
        )
    if is_json_in_form(request):
        return Advice(
            what=f"No field {reading.key!r}: the body is JSON that was sent as {request.mimetype}.",
            place=place_of_reading(diagnostic, reading),
            fix=(
                "Send it with the header Content-Type: application/json, and read"
                f" request.get_json()[{reading.key!r}]."
            ),
            facts=(("Content-Type", request.content_type or "none"),),
        )
    if request.mimetype in FORM_TYPES:
        return None
    return Advice(
        what=f"The body is {request.mimetype or 'of no type'}, which is not a form.",
        why=(
            "request.form is read from application/x-www-form-urlencoded and multipart/form-data."
            " request.get_data() has every body as it was sent."
        ),
        place=place_of_reading(diagnostic, reading),
        fix="Send it as a form: remove the enctype from the <form>, or set the right type.",
        diff=_other_type_diff(diagnostic, reading, request.mimetype),
        facts=received_facts(request),
    )


def _other_type_diff(diagnostic: DiagnosticContext, reading: Reading, mimetype: str) -> str:
    """The edit of the only form that is sent with a type which is not that of a form."""
    found = [sent for sent in _forms_here(diagnostic) if sent.form.enctype == mimetype]
    if len(found) != 1:
        return ""
    edit = FileEdit(found[0].page.file)
    tag = tag_at(edit, found[0].line, "form")
    if tag is None:
        return ""
    has_file = any(field.kind == "file" for field in found[0].form.fields)
    is_file = has_file or reading.attribute == "files"
    set_attribute(edit, tag, "enctype", MULTIPART if is_file else URLENCODED)
    return diff_of(diagnostic.folder, edit)


def no_boundary(diagnostic: DiagnosticContext) -> Advice | None:
    """A multipart body without a boundary in its Content-Type."""
    error, request = diagnostic.error, diagnostic.request
    if type(error) is not BadRequest or request is None or request.mimetype != MULTIPART:
        return None
    if "boundary" in request.mimetype_params:
        return None
    return Advice(
        what="The body is multipart/form-data without a boundary, so it cannot be parsed.",
        why=(
            "A script that sets this Content-Type itself omits the boundary. The client that"
            " encodes the body sets it: the browser, for a FormData."
        ),
        place=diagnostic.last_place,
        fix="Remove the header Content-Type where the request is created.",
        facts=(("Content-Type", request.content_type or ""),),
    )


# A field with another name


def _misnamed(diagnostic: DiagnosticContext, reading: Reading, request: Request) -> Advice | None:
    received = names_in(request, reading.attribute)
    by_id = _input_by_id(diagnostic, reading)
    if by_id is not None:
        return _without_name(diagnostic, reading, request, *by_id)
    meant = _meant(diagnostic, reading, received)
    if meant is None or _unticked(diagnostic, reading) is not None:
        return None
    diff = ""
    if reading.node is not None:
        edit = FileEdit(reading.path)
        new = quote_like(edit.source(reading.node.slice), meant)
        edit.replace_node(reading.node.slice, new)
        diff = diff_of(diagnostic.folder, edit)
    return Advice(
        what=(
            f"No {kind_of(reading)} {reading.key!r}. Received: {joined(received)}. Did you mean"
            f" {meant!r}?"
        ),
        why=_needs_name(reading),
        place=place_of_reading(diagnostic, reading),
        fix=f"Read request.{reading.attribute}[{meant!r}], or rename the input.",
        diff=diff,
        facts=received_facts(request),
    )


def _needs_name(reading: Reading) -> str:
    if reading.attribute in ("cookies", "headers"):
        return ""
    return f'The input needs name="{reading.key}"; an id is not sent.'


def _meant(diagnostic: DiagnosticContext, reading: Reading, received: list[str]) -> str | None:
    """A received name that is similar, or the only one that the view does not read."""
    lowered = {name.lower(): name for name in received}
    close = difflib.get_close_matches(reading.key.lower(), list(lowered), n=1)
    if close:
        return lowered[close[0]]
    if reading.attribute not in SOURCES or reading.node is None or _has_input(diagnostic, reading):
        return None
    view = diagnostic.view
    read = {one.name for one in direct_reads(view.code).fields} if view else set()
    unread = [name for name in received if name not in read and not name.startswith("_")]
    unread = [name for name in unread if name != "csrf_token"]
    return unread[0] if len(unread) == 1 else None


def _input_by_id(
    diagnostic: DiagnosticContext, reading: Reading
) -> tuple[FileEdit, re.Match[str], Sent] | None:
    """An input whose id is the field that the view reads, in a form that is sent here."""
    for sent in _forms_here(diagnostic):
        edit = FileEdit(sent.page.file)
        for tag in tags_from(edit, sent.line, "(?:input|select|textarea|form)"):
            if tag[0].lower().startswith("<form") and edit.line_of(tag) != sent.line:
                break
            attributes = attributes_in(tag[0])
            if attributes.get("id") == reading.key and not attributes.get("name"):
                return edit, tag, sent
    return None


def _without_name(
    diagnostic: DiagnosticContext,
    reading: Reading,
    request: Request,
    edit: FileEdit,
    tag: re.Match[str],
    sent: Sent,
) -> Advice:
    set_attribute(edit, tag, "name", reading.key)
    fix = f'Write name="{reading.key}" in the input.'
    if reading.attribute == "files" and sent.form.enctype != MULTIPART:
        _set_multipart(edit, sent)
        fix = f'Write name="{reading.key}" in the input, and enctype="{MULTIPART}" in the form.'
    received = names_in(request, reading.attribute)
    line = edit.line_of(tag)
    return Advice(
        what=(
            f"No field {reading.key!r}: the input with this id"
            f" ({os.path.basename(edit.path)}:{line}) has no name, and an id is not sent."
        ),
        why=f"Received: {joined(received) if received else 'nothing'}.",
        place=diagnostic.place(edit.path, line),
        fix=fix,
        diff=diff_of(diagnostic.folder, edit),
        facts=received_facts(request),
    )


# A field that was not sent


def _absent(diagnostic: DiagnosticContext, reading: Reading, request: Request) -> Advice:
    received = names_in(request, reading.attribute)
    listed = joined(received) if received else "nothing"
    unticked = _unticked(diagnostic, reading)
    why = _needs_name(reading)
    if unticked is not None:
        why = f"A {unticked.kind} that is not ticked is not sent."
    return Advice(
        what=f"No {kind_of(reading)} {reading.key!r}. Received: {listed}.",
        why=why,
        place=place_of_reading(diagnostic, reading),
        fix=(
            f"Read request.{reading.attribute}.get({reading.key!r}, ''), which is empty if it is"
            " missing."
            if unticked is not None or not _has_input(diagnostic, reading)
            else f"Send the {kind_of(reading)} {reading.key!r}."
        ),
        diff=getter_diff(diagnostic, reading) if _may_be_missing(reading, unticked) else "",
        facts=received_facts(request),
    )


def _unticked(diagnostic: DiagnosticContext, reading: Reading) -> Field | None:
    """A checkbox with the name of the field, in a form that is sent here."""
    fields = (field for sent in _forms_here(diagnostic) for field in sent.form.fields)
    named = (field for field in fields if field.name == reading.key)
    return next((field for field in named if field.kind in _UNTICKED), None)


def _has_input(diagnostic: DiagnosticContext, reading: Reading) -> bool:
    return any(
        field.name == reading.key for sent in _forms_here(diagnostic) for field in sent.form.fields
    )


def _may_be_missing(reading: Reading, unticked: Field | None) -> bool:
    return unticked is not None or reading.attribute in ("args", "cookies", "headers")
