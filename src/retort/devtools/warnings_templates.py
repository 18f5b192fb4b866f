"""Warn about names that a template prints although they have no value.

Jinja prints nothing for them, which is often intended: ``{{ error }}`` in a form that is shown for
the first time. So a warning is given only if no part of the program passes or sets the name, or,
for an attribute, if the program never names it and the object has one with a near name.

While the checks run, Jinja's class for undefined values is replaced by a subclass that reports
where it is printed. An application with a class of its own for them is left as it is.
"""

from __future__ import annotations

import ast
import difflib
import inspect
import logging
import os
import re
import sys
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import jinja2
from jinja2 import nodes
from jinja2.utils import missing
from werkzeug.datastructures import Headers, MultiDict

from ..sessions import SessionMixin
from ..signals import before_render_template
from .advice import Advice, Place
from .advice.diagnostic import joined
from .advice.templates.owners import attribute_names
from .advice.templates.rendering import RENDERS, call_in, described_rendering
from .checks.pages import pages_of
from .checks.program import Program
from .checks.source import source_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

    from .advice.templates.rendering import Rendering
    from .checks.source import Source

    Give = Callable[[Advice], None]

_log = logging.getLogger("retort.devtools")

_NEAR = 0.65  # the least similarity of a near name
_NEAR_ATTRIBUTE = 0.75
_MAX_NAMED = 6
# What may have any keys: those that a client sends, or that a view stored at some time.
_FREE_KEYS = (jinja2.Undefined, str, MultiDict, Headers, SessionMixin)
# The modules between a template and the text of a value; others use the text for something else.
_PRINTING = ("jinja2.", "markupsafe", "retort.jinja")

_watched: WeakKeyDictionary[Any, Give] = WeakKeyDictionary()
_seen: WeakKeyDictionary[Any, set[tuple[str | None, int, str]]] = WeakKeyDictionary()


class Undefined(jinja2.Undefined):
    """Jinja's default for a name without a value, which reports where it is printed."""

    __slots__ = ()

    def __str__(self) -> str:
        try:
            _check_printed(self)
        except Exception:
            _log.debug("The check of an undefined value failed.", exc_info=True)
        return super().__str__()


def watch_templates(app: Any, give: Give) -> None:
    """Call ``give`` with a warning for each name without a value that a template prints."""
    _watched[app], _seen[app] = give, set()
    before_render_template.connect(_replace_class, app)


def _replace_class(app: Any, **_: object) -> None:
    if app.jinja_env.undefined is jinja2.Undefined:
        app.jinja_env.undefined = Undefined


def _check_printed(value: Undefined) -> None:
    frame = _template_frame(inspect.currentframe())
    if frame is None or value._undefined_hint is not None:
        return
    name = value._undefined_name
    template = frame.f_globals["__jinja_template__"]
    app = getattr(template.environment, "app", None)
    line = template.get_corresponding_lineno(frame.f_lineno)
    if app not in _watched or not isinstance(name, str):
        return
    key = (template.name, line, name)
    if key in _seen[app]:
        return
    _seen[app].add(key)
    found = _rendering(frame)
    if found is None or found.has_more:
        return
    place = _place(template, line)
    if value._undefined_obj is missing:
        advice = _name_advice(app, template, place, found, name)
    else:
        advice = _attribute_advice(template, place, value._undefined_obj, name)
    if advice is not None:
        _watched[app](advice)


def _template_frame(frame: FrameType | None) -> FrameType | None:
    """The frame of the template that prints; ``None`` if other code uses the text."""
    own = frame.f_back if frame is not None else None  # `__str__`
    step = None if own is None else own.f_back
    while step is not None and "__jinja_template__" not in step.f_globals:
        if not str(step.f_globals.get("__name__", "")).startswith(_PRINTING):
            return None
        step = step.f_back
    return step


def _rendering(frame: FrameType) -> Rendering | None:
    """The call of the program that renders."""
    step: FrameType | None = frame
    while step is not None:
        renders = RENDERS.get(step.f_code)
        if renders is not None and step.f_back is not None:
            return call_in(step.f_back, step.f_back.f_lineno, renders)
        step = step.f_back
    return None


def _place(template: jinja2.Template, line: int) -> Place | None:
    if template.filename is None or not os.path.isfile(template.filename):
        return None
    with open(template.filename, encoding="utf-8", errors="replace") as file:
        lines = file.read().splitlines()
    source = lines[line - 1].strip() if line <= len(lines) else ""
    return Place(os.path.realpath(template.filename), line, "", source)


# Names


def _name_advice(
    app: Any, template: jinja2.Template, place: Place | None, found: Rendering, name: str
) -> Advice | None:
    if name in found.names or _is_given(app, name):
        return None
    names, more = found.names[:_MAX_NAMED], len(found.names) - _MAX_NAMED
    passed = joined([*names, *([f"{more} more"] if more > 0 else [])]) or "no variables"
    close = difflib.get_close_matches(name, found.names, n=1, cutoff=_NEAR)
    meant = f"; did you mean {close[0]!r}?" if close else "."
    what = f"{_shown(template)} prints {name!r}, but {described_rendering(found)} passed {passed}"
    return Advice(
        what=what + meant,
        why="Jinja prints nothing for a name without a value.",
        place=place,
        fix=f"Write {close[0]}." if close else f"Pass {name} to the template.",
    )


def _shown(template: jinja2.Template) -> str:
    return template.name or "the template string"


def _is_given(app: Any, name: str) -> bool:
    """Whether any part of the program may give the name to a template."""
    for source in _sources():
        if any(_gives(node, name) for node in ast.walk(source.tree)):
            return True
    return any(name in _set_in(app, page.text) for page in pages_of(Program(app)) if page.template)


def _sources() -> Iterator[Source]:
    for module in list(sys.modules.values()):
        source = source_of(getattr(module, "__file__", None))
        if source is not None:
            yield source


def _gives(node: ast.AST, name: str) -> bool:
    """Whether a node passes a name, or may pass any."""
    if isinstance(node, ast.Call):
        called = getattr(node.func, "id", getattr(node.func, "attr", ""))
        if called == "url_for":
            return False
        has_more = called in RENDERS.values() and any(each.arg is None for each in node.keywords)
        return has_more or any(each.arg == name for each in node.keywords)
    if isinstance(node, ast.Dict):
        return any(isinstance(key, ast.Constant) and key.value == name for key in node.keys)
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store):
        return isinstance(node.slice, ast.Constant) and node.slice.value == name
    return False


def _set_in(app: Any, text: str) -> set[str]:
    """The names that a template sets: by ``set``, ``for``, ``macro`` and ``import``."""
    try:
        tree = app.jinja_env.parse(text)
    except jinja2.TemplateSyntaxError:
        return set()
    names = {each.name for each in tree.find_all(nodes.Name) if each.ctx != "load"}
    names |= {each.name for each in tree.find_all(nodes.Macro)}
    names |= {each.target for each in tree.find_all(nodes.Import)}
    for each in tree.find_all(nodes.FromImport):
        names |= {part if isinstance(part, str) else part[1] for part in each.names}
    return names


# Attributes


def _attribute_advice(
    template: jinja2.Template, place: Place | None, owner: Any, name: str
) -> Advice | None:
    if owner is None or isinstance(owner, _FREE_KEYS):
        return None
    read_keys = getattr(owner, "keys", None)  # those of a row of a database, too
    known = [str(key) for key in read_keys()] if callable(read_keys) else attribute_names(owner)
    close = difflib.get_close_matches(name, known, n=1, cutoff=_NEAR_ATTRIBUTE)
    if not close or _without_digits(close[0]) == _without_digits(name) or _is_mentioned(name):
        return None
    kind = type(owner).__name__
    return Advice(
        what=(
            f"{_shown(template)} prints {name!r} of a {kind}, which has none; did you mean"
            f" {close[0]!r}?"
        ),
        why="Jinja prints nothing for an attribute without a value.",
        place=place,
        fix=f"Write {close[0]}.",
    )


def _without_digits(name: str) -> str:
    return re.sub(r"\d+", "", name)


def _is_mentioned(name: str) -> bool:
    """Whether the name is in the source of the program, in code or in text."""
    word = re.compile(rf"\b{re.escape(name)}\b")
    for source in _sources():
        with open(source.path, encoding="utf-8", errors="replace") as file:
            if word.search(file.read()):
                return True
    return False
