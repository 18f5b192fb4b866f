"""Compare the forms of pages with the types that their views declare.

A field that ``{{ form.email.attrs }}`` writes agrees with the type by construction.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from ..findings import Finding
from ..inputs import taken_fields
from ..pages import adds_elements, is_cut, scripts_add_elements, scripts_send_requests
from .controls import check_control, lacks_required
from .fields import read_by_hooks, reads_of
from .forms import takers_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..inputs import Taken, TakenFields
    from ..markup import Field
    from ..program import Program, View
    from ..reads import Reads
    from .forms import Sent

# Names of tokens and buttons, which a type that forbids unknown fields accepts too.
_NEVER_UNKNOWN = frozenset({"csrf_token", "submit", "button", "action", "commit"})
_MULTIPART = "multipart/form-data"


def check_form_inputs(program: Program, forms: Iterable[Sent]) -> Iterator[Finding]:
    """Report what differs between forms and the declared types of their views."""
    hooks = read_by_hooks(program)
    scripts_change_forms = scripts_send_requests(program) or scripts_add_elements(program)
    for sent in forms:
        takers = takers_of(program, sent) or []
        if len(takers) != 1 or sent.form.is_override:
            continue
        (view,) = takers
        taken = taken_fields(view, sent.form.sends)
        if taken is None:
            yield from _sent_by_get(view, sent, reads_of(view, hooks))
            continue
        yield from _controls(sent, taken)
        yield from _written_files(sent, taken)
        is_whole = not (sent.page.markup.has_script or is_cut(sent.page) or scripts_change_forms)
        if is_whole and not adds_elements(sent.page.text):
            yield from _missing(sent, taken)
            yield from _unknown(sent, taken, reads_of(view, hooks))


def _controls(sent: Sent, taken: TakenFields) -> Iterator[Finding]:
    empty: list[Field] = []
    for field in sent.form.fields:
        found = None if field.is_button else taken.find(field.name)
        if found is None:
            continue
        if lacks_required(field, found):
            empty.append(field)
        for problem, fix in check_control(field, found, taken.types):
            yield _of_control(sent, field, f"The field {field.name!r} {problem}.", fix)
    if empty and not sent.form.is_unchecked:
        yield _may_be_empty(sent, empty, taken)


def _may_be_empty(sent: Sent, fields: list[Field], taken: TakenFields) -> Finding:
    names = " and ".join(repr(field.name) for field in fields)
    what, them = ("field", "it") if len(fields) == 1 else ("fields", "them")
    return _of_control(
        sent,
        fields[0],
        f"A browser sends the form with the {what} {names} left empty, and {taken.types} requires"
        f" {them}.",
        f"Add the attribute required to {them}, or declare a default.",
    )


def _of_control(sent: Sent, field: Field, message: str, fix: str) -> Finding:
    return Finding(sent.page.file, sent.page.line(field.line), "input-control", message, fix)


def _missing(sent: Sent, taken: TakenFields) -> Iterator[Finding]:
    form = sent.form
    written = [taken.find_written(one.expression) for one in form.written]
    if form.has_unknown or None in written:
        return
    names = {field.name for field in form.fields} | {one.name for one in written if one}
    for each in taken.required():
        if each.name not in names:
            yield _not_sent(sent, taken, each)


def _not_sent(sent: Sent, taken: TakenFields, each: Taken) -> Finding:
    control = f'<input name="{each.name}">'
    if taken.drafts:
        (variable, *_) = sorted(taken.drafts)
        control = f"<input {{{{ {variable}.{each.name}.attrs }}}}>"
    default = f", or give the field a default in {taken.types}" if taken.has_whole else ""
    return Finding(
        sent.page.file,
        sent.line,
        "input-missing",
        f"The form has no field {each.name!r}, which {taken.types} requires: {taken.name} gets no"
        " valid form from it.",
        f"Add {control} to the form{default}.",
    )


def _unknown(sent: Sent, taken: TakenFields, reads: Reads) -> Iterator[Finding]:
    if taken.is_open or reads.is_open or not taken.has_whole:
        return  # without a whole type, `fields.py` reports it
    for field in sent.form.fields:
        name = field.name
        if not name or field.is_button or name.startswith("_") or name in _NEVER_UNKNOWN:
            continue
        if name in reads.names() or taken.find(name) is not None:
            continue
        effect = "each request gets 422" if taken.forbids_unknown else "it is ignored"
        close = difflib.get_close_matches(name, taken.names(), n=1)
        hint = f"Is it meant to be {close[0]!r}? Otherwise add" if close else "Add"
        yield Finding(
            sent.page.file,
            sent.page.line(field.line),
            "input-unknown",
            f"The form sends a field {name!r} that {taken.types} does not have: {effect}.",
            f"{hint} it to {taken.types}, or remove it from the form.",
        )


def _written_files(sent: Sent, taken: TakenFields) -> Iterator[Finding]:
    """A file input whose attributes an expression writes, in a form that sends no files."""
    if sent.form.sends != "POST" or sent.form.enctype == _MULTIPART:
        return
    for each in sent.form.written:
        found = taken.find_written(each.expression)
        if found is not None and found.described.is_upload:
            yield Finding(
                sent.page.file,
                sent.page.line(each.line),
                "file-enctype",
                f"There is a file input {found.name!r}, but its form has no enctype, so the name of"
                " the file is sent and not its content.",
                f"Write <form method='post' enctype='{_MULTIPART}'>.",
            )
            return


def _sent_by_get(view: View, sent: Sent, reads: Reads) -> Iterator[Finding]:
    """A form for a view that declares a form, sent by GET: its fields are in the address."""
    if sent.form.sends != "GET" or reads.is_open:
        return
    taken = taken_fields(view, "POST")
    names = [field.name for field in sent.form.fields if field.name and not field.is_button]
    written = [one.expression for one in sent.form.written]
    if taken is None or not (names or written) or sent.form.has_unknown:
        return
    if any(name in reads.names() or taken.find(name) is None for name in names):
        return
    if any(taken.find_written(expression) is None for expression in written):
        return
    yield Finding(
        sent.page.file,
        sent.line,
        "form-method",
        f"The form is sent with GET, and {view.name} takes {taken.types} from the form of a POST:"
        " the fields in the address are not read.",
        "Add method='post' to the form.",
    )
