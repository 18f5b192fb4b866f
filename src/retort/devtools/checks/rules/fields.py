"""Compare the fields that forms send with the fields that views read.

A view is checked only if all forms that could be sent to it are known.
"""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING

from ..findings import Finding
from ..inputs import taken_fields
from ..pages import is_cut, scripts_send_requests
from ..reads import all_reads, direct_reads
from ..source import code_of
from .forms import takers_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..markup import Field
    from ..pages import Page
    from ..program import Program, View
    from ..reads import Read, Reads
    from .forms import Sent

_NOT_FOR_VIEWS = frozenset({"csrf_token", "_method", "_charset_"})
_IN_TEMPLATE = re.compile(r"\brequest\s*\.\s*(?:form|args|values)\b[^}%]*")


def check_fields(program: Program, pages: list[Page], forms: list[Sent]) -> Iterator[Finding]:
    """Report fields that are sent but not read, or read but not sent."""
    if not _all_known(program, pages, forms):
        return
    hooks = read_by_hooks(program)
    # Computed once per form: with each view again, it takes minutes for hundreds of templates.
    takers = [(sent, takers_of(program, sent) or ()) for sent in forms]
    for view in program.views:
        sent_here = [sent for sent, views in takers if any(view is one for one in views)]
        yield from _of_view(view, sent_here, pages, hooks)


def _all_known(program: Program, pages: list[Page], forms: list[Sent]) -> bool:
    """Whether all forms are known and no script could send requests."""
    if any(page.markup.has_script or is_cut(page) for page in pages):
        return False
    unknown = [sent for sent in forms if sent.rules is None and not sent.is_elsewhere]
    uncertain = [sent for sent in forms if sent.form.is_uncertain]
    return not unknown and not uncertain and not scripts_send_requests(program)


def read_by_hooks(program: Program) -> Reads | None:
    """The reads of the functions before a request; ``None`` if there are none."""
    found: Reads | None = None
    for functions in program.app.before_request_funcs.values():
        for code in map(code_of, functions):
            if code is not None:
                reads = all_reads(code)
                if found is not None:
                    reads.add(found)
                found = reads
    return found


def _of_view(
    view: View, sent: list[Sent], pages: list[Page], hooks: Reads | None
) -> Iterator[Finding]:
    if not sent:
        return
    reads = reads_of(view, hooks)
    unread = [] if reads.is_open else list(_unread(view, sent, reads, pages))
    for one, field in unread:
        yield _not_read(view, one, field, reads)
    if not any(one.form.is_open for one in sent):
        yield from _unsent(view, sent, bool(unread))


def reads_of(view: View, hooks: Reads | None) -> Reads:
    """The reads of a view, its decorators, and the functions before it."""
    reads = all_reads(view.code)
    for code in view.wrappers:
        reads.add(all_reads(code))
    if hooks is not None:
        reads.add(hooks)
    return reads


def _unread(
    view: View, sent: list[Sent], reads: Reads, pages: list[Page]
) -> Iterator[tuple[Sent, Field]]:
    names = reads.names() | _NOT_FOR_VIEWS
    for one in sent:
        wanted = {
            read.name for read in reads.fields if read.source in _filled(one)
        } | _NOT_FOR_VIEWS
        taken = taken_fields(view, one.form.sends)
        if taken is not None and taken.has_whole:
            continue  # `form_inputs.py` compares the form with the type
        for field in one.form.fields:
            if not field.name or field.is_button or _in_templates(field.name, pages):
                continue
            takers = taken or taken_fields(view, "POST")  # `form_inputs.py` reports the method
            if takers is not None and takers.find(field.name) is not None:
                continue
            if field.name not in names or field.name not in wanted:
                yield one, field


def _filled(sent: Sent) -> set[str]:
    """The request attributes that a form fills."""
    return {"form", "values", "files"} if sent.form.sends == "POST" else {"args", "values"}


def _in_templates(name: str, pages: list[Page]) -> bool:
    """Whether a template displays this field: ``{{ request.form.name }}``."""
    uses = (use for page in pages for use in _IN_TEMPLATE.findall(page.text))
    return any(name in use for use in uses)


def _unsent(view: View, sent: list[Sent], has_unread: bool) -> Iterator[Finding]:
    reported: set[str] = set()
    for read in direct_reads(view.code).fields:
        if not _could_be_sent(read, sent, has_unread) or read.name in reported:
            continue
        names = {
            field.name for one in sent if read.source in _filled(one) for field in one.form.fields
        }
        if _is_among(read.name, names):
            continue
        reported.add(read.name)
        yield _not_sent(view, sent[0], read, names)


def _could_be_sent(read: Read, sent: list[Sent], has_unread: bool) -> bool:
    """Whether only forms can send it; fields in the address also come from links."""
    if read.name in _NOT_FOR_VIEWS:
        return False
    if read.source == "form" or read.source == "files":
        return any(one.form.sends == "POST" for one in sent)
    return has_unread


def _is_among(name: str, names: set[str]) -> bool:
    """Whether a field is sent; an image button sends ``name.x`` and ``name.y``."""
    return name in names or (name.endswith((".x", ".y")) and name[:-2] in names)


def _not_read(view: View, sent: Sent, field: Field, reads: Reads) -> Finding:
    source = "form" if sent.form.sends == "POST" else "args"
    if field.kind == "file" and source == "form":
        source = "files"
    wrong = [read for read in reads.fields if read.name == field.name]
    if wrong:
        fix = f"Read request.{source}: request.{wrong[0].source} is not filled by this form."
    else:
        close = difflib.get_close_matches(field.name, sorted(reads.names()), n=1)
        hint = f" Is it meant to be {close[0]!r}?" if close else ""
        fix = f"Read request.{source}.get({field.name!r}), or remove the field.{hint}"
    return Finding(
        sent.page.file,
        sent.page.line(field.line),
        "field-unread",
        f"The form sends a field {field.name!r} that {view.name} does not read.",
        fix,
    )


def _not_sent(view: View, sent: Sent, read: Read, names: set[str]) -> Finding:
    listed = ", ".join(repr(name) for name in sorted(names) if name) or "none with a name"
    how = f"request.{read.source}"
    effect = " The response is 400." if read.is_required else ""
    return Finding(
        view.code.path,
        read.line,
        "field-missing" if read.is_required else "field-unsent",
        f"{view.name} reads {read.name!r} from {how}, but no form sends it.{effect}",
        f"The fields sent are: {listed}. The input needs name={read.name!r}; an id is not sent.",
    )
